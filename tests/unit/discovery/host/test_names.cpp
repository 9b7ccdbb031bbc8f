// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/host/names.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;

namespace {

void names_come_from_the_files_of_the_host(void**) {
    const auto names = names_of("", {}, "node1", "10.0.0.1 node1.example.org node1\n", "",
                                "[global]\nworkgroup = Example\n");
    assert_text_equal(names.full, "node1.example.org");
    assert_text_equal(names.mail.own.shown(), "NODE1<00>");
    assert_int_equal(names.mail.groups.size(), 1);
    assert_text_equal(names.mail.groups[0].shown(), "EXAMPLE<00>");
}

void what_is_configured_goes_first(void**) {
    const auto names = names_of("other.example.net", {"one", "two"}, "node1", "", "search a.b",
                                "workgroup = three");
    assert_text_equal(names.full, "other.example.net");
    assert_text_equal(names.mail.own.shown(), "OTHER<00>");
    assert_int_equal(names.mail.groups.size(), 2);
    assert_text_equal(names.mail.groups[1].shown(), "TWO<00>");
}

void without_samba_it_is_workgroup(void**) {
    assert_text_equal(names_of("", {}, "a", "", "", "").mail.groups[0].shown(), "WORKGROUP<00>");
    assert_text_equal(
        names_of("", {}, "a", "", "", "workgroup = SIXTEEN-LETTERS-").mail.groups[0].shown(),
        "WORKGROUP<00>");
}

void a_host_name_that_is_none_is_made_one(void**) {
    assert_text_equal(names_of("", {}, "a b", "", "", "").full, "localhost");
    assert_text_equal(names_of("", {}, "", "", "", "").full, "localhost");
    assert_text_equal(names_of("", {}, "node1..x", "", "", "").full, "node1");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_come_from_the_files_of_the_host),
        cmocka_unit_test(what_is_configured_goes_first),
        cmocka_unit_test(without_samba_it_is_workgroup),
        cmocka_unit_test(a_host_name_that_is_none_is_made_one),
    };
    return cmocka_run_group_tests_name("names of the host", tests, nullptr, nullptr);
}
