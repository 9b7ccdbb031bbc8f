// SPDX-License-Identifier: LGPL-2.1-or-later
// Whose registrations are whose, by the ports they name and, where those are not known, by key.
#include "daemon/disks/whose_nexus.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::disks;

namespace {

constexpr std::uint64_t kOurs = 0xA, kTheirs = 0xB;
const scsi::TransportId kOurPort = scsi::FibreChannelInitiator{0x2100000000000001};
const scsi::TransportId kOtherPort = scsi::FibreChannelInitiator{0x2100000000000002};
const std::string kKnown = "2100000000000001", kUnknown = "host0";

Disk disk_with(const std::vector<std::pair<std::string, std::uint16_t>>& ports) {
    Disk disk;
    for (const auto& [initiator, target] : ports) {
        Nexus nexus;
        nexus.initiator_port = initiator;
        nexus.relative_target_port = target;
        disk.nexuses.push_back(nexus);
    }
    return disk;
}

scsi::Registration registration(std::uint64_t key, std::uint16_t target,
                                std::optional<scsi::TransportId> initiator) {
    scsi::Registration made;
    made.key = key;
    made.relative_target_port = target;
    made.initiator = std::move(initiator);
    return made;
}

using Paths = std::vector<std::size_t>;

void a_registration_is_of_the_path_whose_ports_it_names(void**) {
    const auto found = whose({registration(kOurs, 2, kOurPort), registration(kTheirs, 1, kOurPort),
                              registration(kOurs, 1, kOtherPort)},
                             disk_with({{kKnown, 1}, {kKnown, 2}}), kOurs);
    assert_true(found[0].ours == Paths({1}));
    assert_true(found[1].ours == Paths({0})); // whatever its key
    assert_false(found[2].is_ours());         // our key, and another's port
}

void one_for_all_ports_is_of_each_path_of_its_initiator(void**) {
    auto all = registration(kOurs, 0, kOurPort);
    all.all_target_ports = true;
    const auto found = whose({all}, disk_with({{kKnown, 1}, {kKnown, 2}, {kUnknown, 3}}), kOurs);
    assert_true(found[0].ours == Paths({0, 1}));
}

void where_our_port_is_not_known_the_key_tells(void**) {
    const Disk disk = disk_with({{kUnknown, 1}, {kUnknown, 2}});
    const auto found =
        whose({registration(kOurs, 2, kOtherPort), registration(kTheirs, 1, kOtherPort),
               registration(kOurs, 3, kOtherPort)},
              disk, kOurs);
    assert_true(found[0].is_ours());
    assert_true(found[0].ours == Paths({1}));
    assert_false(found[1].is_ours());
    assert_false(found[2].is_ours()); // through a port to which we have no path
}

void a_port_that_cannot_be_read_is_no_stranger_s_with_our_key(void**) {
    const auto found =
        whose({registration(kOurs, 1, std::nullopt), registration(kTheirs, 1, std::nullopt)},
              disk_with({{kUnknown, 1}}), kOurs);
    assert_true(found[0].ours == Paths({0}));
    assert_false(found[1].is_ours());
}

void of_more_paths_than_registrations_nobody_knows_which_has_none(void**) {
    const Disk disk = disk_with({{kUnknown, 1}, {kUnknown, 1}, {kUnknown, 2}});
    auto found =
        whose({registration(kOurs, 1, kOurPort), registration(kOurs, 2, kOurPort)}, disk, kOurs);
    assert_true(found[0].is_ours());
    assert_true(found[0].ours.empty());
    assert_true(found[1].ours == Paths({2}));

    found =
        whose({registration(kOurs, 1, kOurPort), registration(kOurs, 1, kOtherPort)}, disk, kOurs);
    assert_true(found[0].ours == Paths({0, 1}));
    assert_true(found[1].ours == Paths({0, 1}));
}

void target_ports_that_are_not_told_fit_any(void**) {
    const auto found =
        whose({registration(kOurs, 7, kOtherPort)}, disk_with({{kUnknown, 0}}), kOurs);
    assert_true(found[0].ours == Paths({0}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_registration_is_of_the_path_whose_ports_it_names),
        cmocka_unit_test(one_for_all_ports_is_of_each_path_of_its_initiator),
        cmocka_unit_test(where_our_port_is_not_known_the_key_tells),
        cmocka_unit_test(a_port_that_cannot_be_read_is_no_stranger_s_with_our_key),
        cmocka_unit_test(of_more_paths_than_registrations_nobody_knows_which_has_none),
        cmocka_unit_test(target_ports_that_are_not_told_fit_any),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
