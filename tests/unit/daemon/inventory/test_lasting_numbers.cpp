// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Object numbers over a long life of the daemon.
#include "tests/unit/daemon/inventory/scripted_world.hpp"

#include <cstdlib>
#include <filesystem>

using namespace mpapi;
using namespace mpapi::daemon;

namespace {

void luns_that_come_and_go_for_a_year_leave_few_numbers_behind(void**) {
    char pattern[] = "/tmp/mpapi-races-XXXXXX";
    const std::string directory = mkdtemp(pattern);
    constexpr std::size_t kept = 50;
    constexpr std::uint32_t many = 1000;
    {
        ScriptedDevices devices;
        auto ids = ObjectIds::open(directory, kept);
        assert_ok(ids);
        Scripted daemon(devices, *ids);
        devices.put(sd(many), {});
        daemon.inventory().disk_present(disk_facts("sda", sd(many), 1, 1));
        daemon.inventory().map_present(map_facts("m", 0, {sd(many)}));
        daemon.enumerated();
        const model::Sequence unit = daemon.unit("name-m").unit.id;
        const model::Sequence path = daemon.path("sda").id;
        std::set<model::Sequence> seen;
        for (std::uint32_t i = 0; i < many; ++i) {
            devices.put(sd(i), {1});
            daemon.inventory().disk_present(disk_facts("sdx", sd(i), 1, 1, i + 1));
            daemon.settle();
            assert_int_equal(daemon.model().disks.size(), 1);
            assert_true(seen.insert(daemon.model().disks.begin()->id).second);
            devices.remove(sd(i));
            daemon.inventory().disk_gone("sdx");
        }
        daemon.settle();
        assert_int_equal(daemon.unit("name-m").unit.id, unit);
        assert_int_equal(daemon.path("sda").id, path);
        devices.put(sd(0), {1});
        daemon.inventory().disk_present(disk_facts("sdx", sd(0), 1, 1, many));
        daemon.settle();
        assert_int_equal(daemon.model().disks.begin()->id, *seen.rbegin()); // it has returned
    }
    assert_true(std::filesystem::file_size(directory + "/objects") < 4 * kept * 80);
    std::filesystem::remove_all(directory);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(luns_that_come_and_go_for_a_year_leave_few_numbers_behind),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
