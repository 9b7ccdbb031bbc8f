// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/nexus_results.hpp"

#include "tests/unit/cmocka.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

const Error kLost{"REGISTER", "", "transport error", EIO};
const Error kConflict{"REGISTER", "", "reservation conflict", EBADE};

NexusResult result(const char* device, bool usable, Status status) {
    Nexus nexus;
    nexus.device = device;
    nexus.initiator_port = "host";
    nexus.target_port = std::string("port-of-") + device;
    nexus.usable = usable;
    return {nexus, std::move(status)};
}

void a_path_that_is_down_does_not_count(void**) {
    assert_ok(outcome_of({result("sda", true, Done{}), result("sdb", false, kLost)}));
    assert_text_equal(failures_of({result("sda", true, Done{}), result("sdb", false, kLost)}),
                      "sdb (host to port-of-sdb): REGISTER: transport error");
}

void a_usable_path_that_refused_makes_it_fail_and_is_named(void**) {
    const auto outcome = outcome_of(
        {result("sda", true, Done{}), result("sdb", true, kConflict), result("sdc", false, kLost)});
    assert_false(outcome.has_value());
    assert_int_equal(outcome.error().errnum, EBADE);
    assert_text_equal(outcome.error().reason,
                      "sdb (host to port-of-sdb): REGISTER: reservation conflict");
}

void a_conflict_comes_before_what_else_failed(void**) {
    const auto outcome = outcome_of({result("sda", true, kLost), result("sdb", true, kConflict)});
    assert_int_equal(outcome.error().errnum, EBADE);
    assert_contains(outcome.error().reason, "sda (");
    assert_contains(outcome.error().reason, "sdb (");
}

void where_none_succeeded_it_failed(void**) {
    assert_int_equal(outcome_of({result("sdb", false, kLost)}).error().errnum, EIO);
    assert_int_equal(outcome_of({}).error().errnum, ENODEV);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_is_down_does_not_count),
        cmocka_unit_test(a_usable_path_that_refused_makes_it_fail_and_is_named),
        cmocka_unit_test(a_conflict_comes_before_what_else_failed),
        cmocka_unit_test(where_none_succeeded_it_failed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
