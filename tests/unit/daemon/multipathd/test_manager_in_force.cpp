// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/manager_in_force.hpp"
#include "tests/unit/cmocka.hpp"

#include <string_view>

using namespace mpapi;
using namespace mpapi::multipathd;
using daemon::ManagerMode;

namespace {

void expect(ManagerMode mode, const UnitStatus& status, const char* name, std::string_view part) {
    const ManagerInForce manager = manager_in_force(mode, status);
    assert_text_equal(manager.name, name);
    if (manager.reason.find(part) == std::string::npos)
        fail_msg("the reason is \"%s\", expected \"...%s...\"", manager.reason.c_str(),
                 std::string(part).c_str());
}

const UnitStatus active{ActiveState::Active, ""};
const UnitStatus reloading{ActiveState::Reloading, ""};
const UnitStatus inactive{ActiveState::Inactive, ""};
const UnitStatus unknown{ActiveState::Unknown, "there is no system bus"};

void auto_follows_the_unit_and_never_becomes_standalone(void**) {
    expect(ManagerMode::Auto, active, "multipathd", "multipathd.service is active");
    expect(ManagerMode::Auto, reloading, "multipathd", "multipathd.service is reloading");
    expect(ManagerMode::Auto, inactive, "observe", "multipathd.service is inactive");
    expect(ManagerMode::Auto, unknown, "observe", "not known: there is no system bus");
}

void multipathd_is_in_force_only_while_it_runs(void**) {
    expect(ManagerMode::Multipathd, active, "multipathd", "is active");
    expect(ManagerMode::Multipathd, inactive, "observe",
           "manager = \"multipathd\", but multipathd.service is inactive");
}

void what_the_configuration_forces_is_said_so(void**) {
    for (const UnitStatus& status : {active, inactive, unknown})
        expect(ManagerMode::Observe, status, "observe", "manager = \"observe\"");
}

void there_are_never_two_masters(void**) {
    expect(ManagerMode::Standalone, inactive, "standalone", "manager = \"standalone\"");
    for (const UnitStatus& status : {active, reloading, UnitStatus{ActiveState::Activating, ""},
                                     UnitStatus{ActiveState::Deactivating, ""}})
        expect(ManagerMode::Standalone, status, "observe",
               "\"standalone\", but multipathd.service is");
    expect(ManagerMode::Standalone, unknown, "observe", "not known: there is no system bus");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(auto_follows_the_unit_and_never_becomes_standalone),
        cmocka_unit_test(multipathd_is_in_force_only_while_it_runs),
        cmocka_unit_test(what_the_configuration_forces_is_said_so),
        cmocka_unit_test(there_are_never_two_masters),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
