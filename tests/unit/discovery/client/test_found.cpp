// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/found.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;

namespace {

Found some() {
    return {"node1.example.org", "10.0.0.1", "eth0", 1234, 5678, {}, ""};
}

void targets_are_read_from_what_iscsiadm_prints(void**) {
    const auto targets = targets_in("10.0.0.1:3260,1 iqn.2003-01.org.linux-iscsi.node1:sn.1\n"
                                    "10.0.1.1:3260,1 iqn.2003-01.org.linux-iscsi.node1:sn.1\n"
                                    "[fe80::1]:3260,2 eui.02004567A425678D\n");
    assert_int_equal(targets.size(), 2);
    assert_text_equal(targets[0].name, "iqn.2003-01.org.linux-iscsi.node1:sn.1");
    assert_int_equal(targets[0].portals.size(), 2);
    assert_text_equal(targets[1].portals[0], "[fe80::1]:3260,2");
}

void other_lines_are_passed_over(void**) {
    assert_true(targets_in("").empty());
    assert_true(
        targets_in("iscsiadm: cannot make connection to 10.0.0.1: refused\n\n x \n").empty());
    assert_true(targets_in("10.0.0.1:3260 iqn.x\n10.0.0.1:3260,1\n").empty());
}

void a_server_is_a_line_and_each_of_its_targets_another(void**) {
    auto found = some();
    found.targets = {{"iqn.a", {"10.0.0.1:3260,1", "10.0.1.1:3260,1"}}};
    assert_text_equal(
        as_text(found),
        "node1.example.org                         10.0.0.1         eth0        1.2 ms\n"
        "    iqn.a  10.0.0.1:3260,1  10.0.1.1:3260,1\n");
    found.trouble = "refused";
    assert_contains(as_text(found), "targets not known: refused");
}

void text_of_others_controls_no_terminal(void**) {
    auto found = some();
    found.name = "a\x1b[2J";
    assert_true(as_text(found).find('\x1b') == std::string::npos);
}

void json_has_every_field(void**) {
    auto found = some();
    assert_text_equal(as_json({found}, false), R"({
  "servers": [
    {
      "name": "node1.example.org",
      "address": "10.0.0.1",
      "interface": "eth0",
      "answered_in_us": 1234,
      "heard_at_us": 5678
    }
  ]
}
)");
    assert_text_equal(as_json({}, false), "{\n  \"servers\": []\n}\n");
    found.trouble = "refused";
    assert_contains(as_json({found}, true), "\"targets\": [],\n      \"error\": \"refused\"");
    assert_text_equal(gone_as_json("a"), "{\"event\":\"gone\",\"name\":\"a\"}\n");
    assert_contains(answered_as_json(some(), false), "{\"event\":\"answered\",\"name\":\"node1");
}

void json_is_well_formed_whatever_a_program_prints(void**) {
    auto found = some();
    found.trouble = "bytes \xff\xfe";
    assert_contains(as_json({found}, true), "bytes \xef\xbf\xbd");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(targets_are_read_from_what_iscsiadm_prints),
        cmocka_unit_test(other_lines_are_passed_over),
        cmocka_unit_test(a_server_is_a_line_and_each_of_its_targets_another),
        cmocka_unit_test(text_of_others_controls_no_terminal),
        cmocka_unit_test(json_has_every_field),
        cmocka_unit_test(json_is_well_formed_whatever_a_program_prints),
    };
    return cmocka_run_group_tests_name("what discover shows", tests, nullptr, nullptr);
}
