// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Workers send commands of every kind while the loop applies faults. What is looked at is that
// nothing breaks (ThreadSanitizer, AddressSanitizer), that no worker waits for ever, and that the
// SAN is whole at the end.
#include "common/scsi/inquiry.hpp"
#include "common/scsi/read_capacity.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/vpd.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

#include <atomic>
#include <thread>

using namespace mpapi;
using namespace mpapi::san;
using namespace std::chrono_literals;

namespace {

void commands_and_faults_at_once(void**) {
    auto world = World::from(example("two-arrays"));
    std::vector<std::pair<std::string, model::DeviceNumber>> disks;
    for (const auto& [name, disk] : world.recorder.disks)
        disks.emplace_back(name, disk.number);

    std::atomic<bool> over{false};
    std::atomic<unsigned> answered{0};
    std::vector<std::thread> workers;
    for (unsigned n = 0; n < 4; ++n)
        workers.emplace_back([&, n] {
            std::vector<std::uint8_t> data(1024);
            const auto rtpg =
                scsi::report_target_port_groups_cdb(scsi::GroupsFormat::Extended, 512);
            const std::array<std::uint8_t, 10> read{0x28, 0, 0, 0, 0, 7, 0, 0, 1, 0};
            for (std::size_t i = n; !over; ++i) {
                const auto& [name, number] = disks[i % disks.size()];
                const auto device = world.san->open(name, number);
                if (!device) continue; // removed at the moment
                (void)(*device)->read(scsi::vpd_cdb(0x83, 252), data, 1s);
                (void)(*device)->read(rtpg, data, 1s);
                (void)(*device)->read(scsi::test_unit_ready_cdb(), data, 1s);
                (void)(*device)->read(read, data, 1s);
                ++answered;
            }
        });

    const auto apply = [&](Verb verb, const std::string& disk, const std::string& name) {
        Fault fault;
        fault.verb = verb;
        fault.disk = disk;
        fault.array = fault.initiator = fault.unit = name;
        fault.designator = *parse_designator("naa.60060e80ffff00000000000000000009");
        fault.serial = "OTHER";
        fault.group = 1;
        fault.state = model::AccessState::Standby;
        if (verb == Verb::GroupState) fault.unit.clear();
        (void)world.san->apply(fault); // some are refused, for the one before is still in force
    };
    // Explicit failover, as another node does it.
    const std::array<scsi::SetTargetPortGroup, 1> wanted{{{2, scsi::AccessState::ActiveOptimized}}};
    const auto list = scsi::build_set_target_port_groups(wanted);
    for (int round = 0; round < 50 || answered < 2000; ++round) {
        apply(Verb::PathLost, "sda", "");
        apply(Verb::ArrayFailsOver, "", "north");
        apply(Verb::LunReused, "", "home");
        apply(Verb::CommandHangs, "sdc", "");
        apply(Verb::HostRemoved, "", "fc-b");
        apply(Verb::GroupState, "", "north");
        apply(Verb::UnitRemoved, "", "quorum");
        (void)world.san->execute(
            "other-node", "north", "A0", "database",
            scsi::set_target_port_groups_cdb(static_cast<std::uint32_t>(list.size())), list, {});
        world.settle();
        apply(Verb::UnitAdded, "", "quorum");
        apply(Verb::HostAdded, "", "fc-b");
        apply(Verb::CommandReleased, "sdc", "");
        apply(Verb::PathRestored, "sda", "");
        world.settle();
    }
    over = true;
    for (auto& worker : workers)
        worker.join();
    world.settle();
    assert_int_equal(world.san->counts().hanging, 0);
    assert_int_equal(world.san->counts().disks, 29);
    assert_int_equal(world.recorder.disks.size(), 29);
    assert_int_equal(world.recorder.maps.size(), 7);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {cmocka_unit_test(commands_and_faults_at_once)};
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
