// SPDX-License-Identifier: LGPL-2.1-or-later
//
// On a bus of its own (dbus-daemon), with a systemd that is played here.
#include "daemon/multipathd/unit_state.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/multipathd/fake_systemd.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include <csignal>
#include <sys/wait.h>

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

struct World {
    World() {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
        if (!bus.running()) {
            print_message("skipped: no dbus-daemon here\n");
            skip();
        }
    }
    std::unique_ptr<FakeSystemd> systemd() {
        return std::make_unique<FakeSystemd>(bus.connect(loop.get()));
    }
    void run(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) fail_msg("nothing happened for 10 s");
            assert_true(sd_event_run(loop.get(), 100'000) >= 0);
        }
    }

    EventLoop loop;
    PrivateBus bus;
};

void without_a_bus_the_state_is_unknown(void**) {
    const UnitState state(nullptr, [](const UnitStatus&) { fail_msg("changed"); });
    assert_true(state.status().state == ActiveState::Unknown);
    assert_text_equal(state.status().reason, "there is no system bus");
    assert_false(state.status().runs());
}

void each_change_is_told_once(void**) {
    World world;
    const auto systemd = world.systemd();
    const Bus bus = world.bus.connect(world.loop.get());
    std::vector<UnitStatus> changes;
    UnitState state(bus.get(), [&](const UnitStatus& status) { changes.push_back(status); });
    assert_true(state.status().state == ActiveState::Unknown);
    world.run([&] { return changes.size() == 1 && systemd->subscribers() == 1; });
    assert_true(changes[0].state == ActiveState::Inactive);
    assert_false(changes[0].runs());

    for (const char* word : {"activating", "active", "reloading", "deactivating", "failed"}) {
        changes.clear();
        systemd->set(word);
        world.run([&] { return !changes.empty(); });
        assert_int_equal(changes.size(), 1);
        assert_text_equal(std::string(to_string(changes[0].state)), word);
        assert_true(state.status() == changes[0]);
    }

    changes.clear();
    const int before = systemd->gets();
    systemd->set("failed"); // the same again
    world.run([&] { return systemd->gets() > before; });
    systemd->set("active");
    world.run([&] { return !changes.empty(); });
    assert_int_equal(changes.size(), 1);
    assert_true(state.status().runs());
}

void a_state_that_is_not_known_here_is_unknown(void**) {
    World world;
    const auto systemd = world.systemd();
    systemd->set("maintenance");
    const Bus bus = world.bus.connect(world.loop.get());
    UnitState state(bus.get(), nullptr);
    world.run([&] { return state.status().reason.find("maintenance") != std::string::npos; });
    assert_true(state.status().state == ActiveState::Unknown);
}

void without_systemd_the_state_is_unknown_until_it_comes(void**) {
    World world;
    const Bus bus = world.bus.connect(world.loop.get());
    UnitState state(bus.get(), nullptr);
    world.run([&] { return state.status().reason == "systemd is not on the bus"; });
    auto systemd = world.systemd();
    world.run([&] { return state.status().state == ActiveState::Inactive; });
    world.run([&] { return systemd->subscribers() > 0; });
    systemd->set("active");
    world.run([&] { return state.status().runs(); });
    systemd.reset();
    world.run([&] { return state.status().state == ActiveState::Unknown; });
    assert_text_equal(state.status().reason, "systemd is not on the bus");
}

void a_forged_signal_changes_nothing(void**) {
    World world;
    const auto systemd = world.systemd();
    const Bus bus = world.bus.connect(world.loop.get());
    const Bus forger = world.bus.connect(world.loop.get());
    std::vector<UnitStatus> changes;
    UnitState state(bus.get(), [&](const UnitStatus& status) { changes.push_back(status); });
    world.run([&] { return changes.size() == 1; });
    const int before = systemd->gets();

    sd_bus_message* made = nullptr;
    assert_true(sd_bus_message_new_signal(forger.get(), &made, unit_path,
                                          "org.freedesktop.DBus.Properties",
                                          "PropertiesChanged") >= 0);
    const BusMessage signal(made);
    assert_true(sd_bus_message_append(made, "sa{sv}as", "org.freedesktop.systemd1.Unit", 1,
                                      "ActiveState", "s", "active", 0) >= 0);
    assert_true(sd_bus_send(forger.get(), made, nullptr) >= 0);
    world.run([&] { return systemd->gets() > before; });
    systemd->set("failed");
    world.run([&] { return changes.size() > 1; });
    assert_true(changes[1].state == ActiveState::Failed);
}

void a_bus_that_is_lost_makes_the_state_unknown(void**) {
    World world;
    const auto systemd = world.systemd();
    const Bus bus = world.bus.connect(world.loop.get());
    UnitState state(bus.get(), nullptr);
    world.run([&] { return state.status().state == ActiveState::Inactive; });
    world.bus.stop();
    world.run([&] { return state.status().state == ActiveState::Unknown; });
    assert_false(state.status().reason.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_a_bus_the_state_is_unknown),
        cmocka_unit_test(each_change_is_told_once),
        cmocka_unit_test(a_state_that_is_not_known_here_is_unknown),
        cmocka_unit_test(without_systemd_the_state_is_unknown_until_it_comes),
        cmocka_unit_test(a_forged_signal_changes_nothing),
        cmocka_unit_test(a_bus_that_is_lost_makes_the_state_unknown),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
