// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/daemon/paths/standalone/managed_san.hpp"

#include <random>

using namespace mpapi;
using namespace mpapi::standalone;

namespace {

struct Nexus {
    const char* initiator;
    const char* port;
};
constexpr Nexus kNexuses[] = {{"fc-a", "A0"}, {"fc-b", "A1"}, {"fc-a", "B0"}, {"fc-b", "B1"}};

// "50060e8012345600 50060e8012345601 | ...": the table by target ports, which stay the same.
std::string ports(const World& world) {
    const auto table = dm::parse_multipath_table(world.raw_table());
    assert_ok(table);
    std::string text;
    for (const auto& group : table->groups) {
        text += text.empty() ? "" : "| ";
        for (const auto& in_table : group.paths)
            for (const auto& path : world.unit().paths)
                if (path.number.minor == in_table.number()->minor)
                    text +=
                        model::find(world.model().target_ports, path.target_port)->port_id + " ";
    }
    return text;
}

// Wishes, faults and a daemon that is killed in between, in any order: no disabled path is in the
// table, each other one is, once; nobody is told one thing and gets another; and when nothing is
// asked any more all is as it was.
void any_story_ends_as_it_began(void**) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        World world;
        std::mt19937 engine(seed);
        const auto below = [&](std::size_t limit) {
            return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine);
        };
        const std::string begin = ports(world);
        std::vector<PathName> names;
        for (const char* device : {"sda", "sdj", "sdf", "sdn"})
            names.push_back(world.name(device));
        const auto key = world.unit().unit.key;
        const auto device_of = [&](const PathName& name) -> std::string {
            for (const auto& path : world.unit().paths)
                if (paths::path_name(world.model(), world.unit(), path) == name) return path.device;
            return "";
        };
        std::set<std::size_t> removed;
        const auto come_back = [&](std::size_t i) {
            auto fault = disk_added(kNexuses[i].initiator, kNexuses[i].port);
            world.happens(fault);
            removed.erase(i);
            world.run_until([&] {
                const bool disabled = world.asked.disabled.count(names[i]) != 0;
                for (const auto& path : world.unit().paths)
                    if (paths::path_name(world.model(), world.unit(), path) == names[i] &&
                        path.state == model::PathState::Okay)
                        return disabled || path.priority_group != 0;
                return false;
            });
        };
        for (int step = 0; step < 60; ++step) {
            const std::size_t i = below(names.size());
            const std::string before = ports(world);
            std::string refused;
            switch (below(9)) {
            case 0:
            case 1:
                refused = world.wish(disable(names[i]));
                break;
            case 2:
                refused = world.wish(enable(names[i]));
                break;
            case 3:
                refused = world.wish(override_with(world, names[i]));
                break;
            case 4:
                refused = world.wish(override_with(world, std::nullopt));
                break;
            case 5:
                refused = world.wish([&](Intents& intents) {
                    auto& weights = intents.units[key].weights;
                    weights[names[i]] = static_cast<std::uint32_t>(2 + below(3));
                });
                break;
            case 6:
                refused = world.wish([&](Intents& intents) {
                    intents.units[key].settings.selector =
                        below(2) == 0 ? "queue-length 0" : "service-time 0";
                });
                break;
            case 7:
                if (!removed.empty()) {
                    come_back(*removed.begin());
                } else if (const auto device = device_of(names[i]); !device.empty()) {
                    world.happens(Verb::DiskRemoved, device);
                    removed.insert(i);
                    world.settle();
                }
                continue;
            case 8:
                world.take_charge();
                continue;
            }
            if (!refused.empty()) assert_text_equal(ports(world), before);
            assert_false(world.unit().unit.suspended);
            std::size_t in_table = 0;
            for (const auto& path : world.unit().paths) {
                const auto name = paths::path_name(world.model(), world.unit(), path);
                assert_true(name.has_value());
                const bool disabled = world.asked.disabled.count(*name) != 0;
                if (disabled) assert_int_equal(path.priority_group, 0);
                in_table += path.priority_group != 0;
            }
            assert_true(in_table <= names.size() - world.asked.disabled.size());
            assert_true(in_table + removed.size() >= names.size() - world.asked.disabled.size());
        }
        while (!removed.empty())
            come_back(*removed.begin());
        assert_text_equal(world.wish([&](Intents& intents) {
            intents.disabled.clear();
            intents.units[key].override_path.reset();
            intents.units[key].weights.clear();
        }),
                          "");
        if (ports(world) != begin)
            fail_msg("seed %u: began with %s, ended with %s", seed, begin.c_str(),
                     ports(world).c_str());
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(any_story_ends_as_it_began),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
