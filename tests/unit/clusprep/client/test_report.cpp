// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/disk_text.hpp"
#include "clusprep/client/report.hpp"

#include "common/text/printable.hpp"
#include "tests/unit/cmocka.hpp"

#include <string>

using namespace mpapi;
using namespace mpapi::client;

namespace {

Report sample() {
    List list{"things", {{"name", "NAME"}, {"hidden", ""}, {"count", "COUNT"}}, {}, "no things"};
    list.rows.push_back({{std::string("a long name"), {}}, {std::uint64_t{7}, {}}, {{}, {}}});
    list.rows.push_back({{std::string("b"), {}}, {true, {}}, {std::uint64_t{12}, "a dozen"}});
    return Report{{{"number", "Number", std::uint64_t{3}, {}},
                   {"usable", "Usable at all", false, {}, Tone::Bad},
                   {"secret", "", std::string("for programs"), {}},
                   {"", "Words", std::string("for people"), {}},
                   {"flags", "Flags", std::vector<std::string>{"gpt", "mpio"}, {}},
                   {"data", "Data", std::vector<std::uint8_t>{0, 0xff}, {}}},
                  {list}};
}

void people_read_aligned_lines(void**) {
    assert_text_equal(text(sample(), {"x y", "n1", false}), "Number:        3\n"
                                                            "Usable at all: no\n"
                                                            "Words:         for people\n"
                                                            "Flags:         gpt, mpio\n"
                                                            "Data:          00ff\n"
                                                            "\n"
                                                            "NAME         COUNT\n"
                                                            "a long name  -\n"
                                                            "b            a dozen\n");
}

void programs_read_one_line(void**) {
    assert_text_equal(
        json(sample(), {"x y", "n1", true}),
        "{\"schema\":\"clusprep-1\",\"command\":\"x y\",\"node\":\"n1\",\"number\":3,"
        "\"usable\":false,\"secret\":\"for programs\",\"flags\":[\"gpt\",\"mpio\"],"
        "\"data\":\"00ff\",\"things\":[{\"name\":\"a long name\",\"hidden\":7,\"count\":null},"
        "{\"name\":\"b\",\"hidden\":true,\"count\":12}]}\n");
}

void colours_are_around_what_has_a_tone_and_do_not_count_as_width(void**) {
    List list{"l", {{"a", "A"}, {"b", "B"}}, {{{true, {}, Tone::Good}, {true, {}}}}};
    const Report report{{{"x", "X", false, {}, Tone::Bad}}, {list}};
    assert_text_equal(text(report, {"", "", true}), "X: \x1b[31mno\x1b[0m\n"
                                                    "\n"
                                                    "A    B\n"
                                                    "\x1b[32myes\x1b[0m  yes\n");
}

void an_empty_list_is_told_in_words(void**) {
    const Report report{{}, {{"things", {{"a", "A"}}, {}, "no things"}}};
    assert_text_equal(text(report, {}), "no things\n");
    assert_text_equal(json(report, {"c", "n"}), "{\"schema\":\"clusprep-1\",\"command\":\"c\","
                                                "\"node\":\"n\",\"things\":[]}\n");
}

void what_a_node_says_cannot_command_the_terminal(void**) {
    const Report report{{{"t", "T", std::string("\x1b[2J\n\x7f \xff \xe2\x80\xae"), {}}}, {}};
    assert_text_equal(text(report, {}), "T: \\x1b[2J\\x0a\\x7f \xef\xbf\xbd \\xe2\\x80\\xae\n");
    assert_text_equal(json(report, {"c", "n"}),
                      "{\"schema\":\"clusprep-1\",\"command\":\"c\",\"node\":\"n\","
                      "\"t\":\"\\u001b[2J\\n\\u007f \\ufffd \\u202e\"}\n");
    assert_text_equal(printable("\xc3\xa9\xf0\x9f\x98\x80 \xc2\x9b"),
                      "\xc3\xa9\xf0\x9f\x98\x80 \\xc2\\x9b");
}

void many_bytes_are_dumped_line_by_line(void**) {
    std::vector<std::uint8_t> bytes(33, 'A');
    bytes[1] = 0;
    bytes[32] = 0x7e;
    const Report report{{{"data", "Data", bytes, {}}}, {}};
    assert_text_equal(
        text(report, {}),
        "Data:\n"
        "00000000  41 00 41 41 41 41 41 41 41 41 41 41 41 41 41 41  |A.AAAAAAAAAAAAAA|\n"
        "00000010  41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41  |AAAAAAAAAAAAAAAA|\n"
        "00000020  7e                                               |~|\n");
}

void numbers_of_the_specification_have_names_and_others_are_numbers(void**) {
    assert_text_equal(bus_name(9), "iscsi");
    assert_text_equal(bus_name(12), "12");
    const auto flags = flag_names(0x80082001);
    assert_int_equal(flags.size(), 4);
    assert_text_equal(flags[0] + flags[1] + flags[2] + flags[3], "bootgptmpio0x80000000");
    assert_text_equal(identifier_type_name(3), "naa");
    assert_text_equal(identifier_type_name(9), "9");
    assert_text_equal(association_name(3), "3");
    assert_text_equal(code_set_name(2), "ascii");
}

void a_text_with_half_a_surrogate_keeps_the_rest(void**) {
    const std::u16string text = {u'a', 0xd83d, 0xde00, 0xd83d, u'b', 0xde00};
    assert_text_equal(utf8_of(text), "a\xf0\x9f\x98\x80\xef\xbf\xbd"
                                     "b\xef\xbf\xbd");
}

Failure method(const char* name, std::uint32_t code) {
    return {Failure::Kind::Method, "n1", name, code, {}};
}

void a_failure_names_node_method_result_and_next_step(void**) {
    const Failure failure = method("CprepDiskStopDefense", 0x8007139f);
    assert_text_equal(text(failure), "n1: CprepDiskStopDefense: 0x8007139F ERROR_INVALID_STATE");
    assert_true(next_step(failure).find("disk offline") != std::string::npos);
    assert_int_equal(exit_of(failure), exit_failed);
    const std::string told = json(failure, "pr stop-defense");
    assert_true(told.find("\"error\":\"method\"") != std::string::npos);
    assert_true(told.find("\"hresult\":\"0x8007139F\",\"name\":\"ERROR_INVALID_STATE\"") !=
                std::string::npos);
    assert_true(told.find("\"fault\":null") != std::string::npos);
}

void a_result_without_a_name_is_told_as_a_number(void**) {
    const Failure failure = method("CprepDiskOnline", 0x8007abcd);
    assert_text_equal(text(failure), "n1: CprepDiskOnline: 0x8007ABCD");
    assert_text_equal(next_step(failure), "");
    assert_true(json(failure, "c").find("\"hresult\":\"0x8007ABCD\",\"name\":null") !=
                std::string::npos);
}

void the_next_step_depends_on_the_method(void**) {
    const auto step = [](const char* name, std::uint32_t code) {
        return next_step(method(name, code));
    };
    assert_true(step("RetrieveSvcSecret", 0x80070002).find("secret set") != std::string::npos);
    assert_true(step("CprepDiskDeleteFile", 0x80070002).find("no such file") != std::string::npos);
    assert_true(step("CprepDiskAttach", 0x80070002).find("disk list") != std::string::npos);
    assert_true(step("CprepDiskPRArbitrate", 0x800700aa).find("defends") != std::string::npos);
    assert_true(step("CprepDiskPRReserve", 0x800700aa).find("pr present") != std::string::npos);
}

void how_it_failed_decides_the_exit_status(void**) {
    using Kind = Failure::Kind;
    const auto status = [](Kind kind, std::uint32_t code) {
        return static_cast<int>(exit_of({kind, "n1", "", code, {}}));
    };
    assert_int_equal(status(Kind::Local, 0), exit_usage);
    assert_int_equal(status(Kind::Denied, 0), exit_denied);
    assert_int_equal(status(Kind::Unreachable, 0), exit_unreachable);
    assert_int_equal(status(Kind::Garbled, 0), exit_garbled);
    assert_int_equal(status(Kind::Fault, 5), exit_denied);
    assert_int_equal(status(Kind::Fault, 0x1c010002), exit_failed);
    assert_int_equal(status(Kind::Refused, 0x80070005), exit_denied);
    assert_int_equal(status(Kind::Refused, 0x80040154), exit_failed);
    assert_int_equal(status(Kind::Method, 0x80070005), exit_failed);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(people_read_aligned_lines),
        cmocka_unit_test(programs_read_one_line),
        cmocka_unit_test(colours_are_around_what_has_a_tone_and_do_not_count_as_width),
        cmocka_unit_test(an_empty_list_is_told_in_words),
        cmocka_unit_test(what_a_node_says_cannot_command_the_terminal),
        cmocka_unit_test(many_bytes_are_dumped_line_by_line),
        cmocka_unit_test(numbers_of_the_specification_have_names_and_others_are_numbers),
        cmocka_unit_test(a_text_with_half_a_surrogate_keeps_the_rest),
        cmocka_unit_test(a_failure_names_node_method_result_and_next_step),
        cmocka_unit_test(a_result_without_a_name_is_told_as_a_number),
        cmocka_unit_test(the_next_step_depends_on_the_method),
        cmocka_unit_test(how_it_failed_decides_the_exit_status),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
