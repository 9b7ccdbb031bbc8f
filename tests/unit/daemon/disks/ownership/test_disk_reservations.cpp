// SPDX-License-Identifier: LGPL-2.1-or-later
// What READ FULL STATUS says, as this node's standing among others.
#include "daemon/disks/ownership/disk_reservations.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

constexpr ReservationKey kOurs = 0xA, kTheirs = 0xB;
const scsi::TransportId kInitiator = scsi::FibreChannelInitiator{0x2100000000000001};

Disk disk_with(const std::vector<bool>& usable) {
    Disk disk;
    for (const bool each : usable) {
        Nexus nexus;
        nexus.device = "sd" + std::string(1, static_cast<char>('a' + disk.nexuses.size()));
        nexus.usable = each;
        disk.nexuses.push_back(nexus);
    }
    return disk;
}

RegisteredNexus registered(ReservationKey key, std::vector<std::size_t> ours, bool holder = false) {
    RegisteredNexus each;
    each.registration.key = key;
    each.registration.holder = holder;
    each.ours = std::move(ours);
    return each;
}

void usable_paths_without_our_key_are_bare(void**) {
    ReservationState state;
    state.held = scsi::Reservation{kOurs, 0, scsi::ReservationType::WriteExclusiveRegistrantsOnly};
    state.registrations = {registered(kOurs, {0}, true), registered(kTheirs, {2}),
                           registered(kTheirs, {})};
    const auto standing = standing_of(disk_with({true, true, true, false}), state, kOurs, {});
    assert_true(standing.bare == std::vector<std::string>({"sdb", "sdc"}));
    assert_true(standing.type == scsi::ReservationType::WriteExclusiveRegistrantsOnly);
    assert_true(standing.registrants ==
                std::vector<Standing::Registrant>(
                    {{kOurs, true, true}, {kTheirs, true, false}, {kTheirs, false, false}}));
}

void a_registration_for_all_ports_covers_all_its_paths(void**) {
    ReservationState state;
    state.registrations = {registered(kOurs, {0, 1})};
    assert_true(standing_of(disk_with({true, true}), state, kOurs, {}).bare.empty());
}

void a_path_that_went_keeps_its_registration(void**) {
    ReservationState state;
    state.registrations = {registered(kOurs, {}, true)};
    state.registrations[0].registration.initiator = kInitiator;
    const Disk disk = disk_with({true});
    assert_false(standing_of(disk, state, kOurs, {}).registrants[0].ours);
    assert_true(standing_of(disk, state, kOurs, {kInitiator}).registrants[0].ours);
}

void keys_alone_tell_who_and_not_where(void**) {
    ReservationState state;
    state.full = false;
    state.held =
        scsi::Reservation{kTheirs, 0, scsi::ReservationType::WriteExclusiveRegistrantsOnly};
    state.registrations = {registered(kOurs, {}), registered(kTheirs, {})};
    const auto standing = standing_of(disk_with({true, true}), state, kOurs, {});
    assert_true(standing.bare.empty());
    assert_true(standing.registrants ==
                std::vector<Standing::Registrant>({{kOurs, true, false}, {kTheirs, false, true}}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(usable_paths_without_our_key_are_bare),
        cmocka_unit_test(a_registration_for_all_ports_covers_all_its_paths),
        cmocka_unit_test(a_path_that_went_keeps_its_registration),
        cmocka_unit_test(keys_alone_tell_who_and_not_where),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
