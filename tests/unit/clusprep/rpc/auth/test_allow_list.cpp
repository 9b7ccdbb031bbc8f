// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/allow_list.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::rpc;

namespace {

const Principal alice{
    "EXAMPLE\\Alice", {"S-1-5-21-1-2-3-1105", "S-1-5-21-1-2-3-513"}, AuthType::Ntlm};

void nobody_is_allowed_by_default(void**) {
    assert_false(is_allowed(alice, {}));
    assert_false(is_allowed({}, {}));
    assert_false(is_allowed({}, {{""}, {""}, {""}}));
}

void a_user_is_named_whole_and_in_any_case(void**) {
    assert_true(is_allowed(alice, {{"example\\ALICE"}, {}, {}}));
    assert_false(is_allowed(alice, {{"alice"}, {}, {}}));
    assert_false(is_allowed(alice, {{"OTHER\\alice"}, {}, {}}));
    assert_true(
        is_allowed({"alice@EXAMPLE.ORG", {}, AuthType::Kerberos}, {{"alice@example.org"}, {}, {}}));
    assert_false(is_allowed({"alice", {}, AuthType::Ntlm}, {{"alice"}, {}, {}}));
}

void a_group_counts_by_name_or_sid(void**) {
    assert_true(is_allowed(alice, {{}, {"S-1-5-21-1-2-3-513"}, {}}));
    assert_true(is_allowed(alice, {{}, {}, {"S-1-5-21-1-2-3-1105"}}));
    assert_false(is_allowed(alice, {{}, {}, {"S-1-5-21-1-2-3-51"}}));
    assert_true(
        is_allowed({"a\\b", {"Cluster Admins"}, AuthType::Ntlm}, {{}, {"cluster admins"}, {}}));
}

void a_users_name_is_no_group_and_the_other_way_round(void**) {
    assert_false(is_allowed(alice, {{}, {"EXAMPLE\\Alice"}, {"EXAMPLE\\Alice"}}));
    assert_false(is_allowed(alice, {{"S-1-5-21-1-2-3-513"}, {}, {}}));
}

void what_is_no_text_equals_nothing(void**) {
    assert_false(is_allowed({"a\\\xff", {}, AuthType::Ntlm}, {{"a\\\xff"}, {}, {}}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_allowed_by_default),
        cmocka_unit_test(a_user_is_named_whole_and_in_any_case),
        cmocka_unit_test(a_group_counts_by_name_or_sid),
        cmocka_unit_test(a_users_name_is_no_group_and_the_other_way_round),
        cmocka_unit_test(what_is_no_text_equals_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
