// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/host/workgroup.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;

namespace {

void the_workgroup_is_that_of_the_global_section(void**) {
    assert_text_equal(workgroup_in("[global]\n\tworkgroup = EXAMPLE\n[share]\npath = /x\n"),
                      "EXAMPLE");
    assert_text_equal(workgroup_in("[share]\nworkgroup = X\n[ Global ]\r\nWork Group=a b \r\n"),
                      "a b");
    assert_text_equal(workgroup_in("workgroup = EARLY"), "EARLY");
    assert_text_equal(workgroup_in("[global]\nworkgroup = A\nworkgroup = B\n"), "B");
}

void comments_and_others_are_passed_over(void**) {
    assert_text_equal(workgroup_in("[global]\n# workgroup = A\n;workgroup = B\n"), "");
    assert_text_equal(workgroup_in("[global]\nworkgroup\n= A\n[\nworkgroup = B\n"), "");
    assert_text_equal(workgroup_in("[homes]\nworkgroup = A\n"), "");
    assert_text_equal(workgroup_in(""), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_workgroup_is_that_of_the_global_section),
        cmocka_unit_test(comments_and_others_are_passed_over),
    };
    return cmocka_run_group_tests_name("workgroup", tests, nullptr, nullptr);
}
