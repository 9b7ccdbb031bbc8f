// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the odd texts below mean was looked up by giving them to `multipath -t` of 0.9.4.
#include "common/multipath_conf/parser.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::multipath_conf;

namespace {

ConfFile read(std::string_view text) {
    auto file = parse("test.conf", text);
    assert_ok(file);
    return std::move(*file);
}

std::string value(const Section& section, std::string_view key) {
    const Attribute* found = section.find(key);
    return found == nullptr ? "<none>" : found->value;
}

bool has_problem(const ConfFile& file, std::uint32_t line, std::string_view part) {
    for (const Problem& problem : file.problems)
        if (problem.line == line && problem.text.find(part) != std::string::npos) return true;
    return false;
}

void an_ordinary_file_is_read_with_its_lines(void**) {
    const ConfFile file = read("# comment\n"
                               "defaults {\n"
                               "\tuser_friendly_names yes\n"
                               "\tpath_selector \"round-robin 0\" # why not\n"
                               "}\n"
                               "\n"
                               "devices {\n"
                               "  device {\n"
                               "    vendor \"LIO-ORG\"\n"
                               "    product \".*\"\n"
                               "  }\n"
                               "}\n");
    assert_int_equal(file.problems.size(), 0);
    assert_int_equal(file.sections.size(), 2);
    assert_text_equal(value(file.sections[0], "path_selector"), "round-robin 0");
    assert_int_equal(file.sections[0].find("path_selector")->line, 4);
    const Section& device = file.sections[1].subsections.at(0);
    assert_text_equal(device.name, "device");
    assert_int_equal(device.line, 8);
    assert_text_equal(value(device, "product"), ".*");
}

void quotes_keep_blanks_comments_braces_and_doubled_quotes(void**) {
    const ConfFile file = read("defaults {\n"
                               "a \"x  # ! { } y\"\n"
                               "b \"2.5\"\" SSD\"\n"
                               "c \"\"\"lead\"\n"
                               "d \"\"\n"
                               "e \"tail\"\"\"\n"
                               "f \"caf\xc3\xa9\"\n"
                               "}\n");
    assert_int_equal(file.problems.size(), 0);
    const Section& section = file.sections.at(0);
    assert_text_equal(value(section, "a"), "x  # ! { } y");
    assert_text_equal(value(section, "b"), "2.5\" SSD");
    assert_text_equal(value(section, "c"), "\"lead");
    assert_text_equal(value(section, "d"), "");
    assert_text_equal(value(section, "e"), "tail\"");
    assert_text_equal(value(section, "f"), "caf\xc3\xa9");
}

void an_unquoted_value_ends_at_a_blank_comment_brace_quote_or_foreign_character(void**) {
    const ConfFile file = read("defaults {\n"
                               "a w5#comment\n"
                               "b w5!comment\n"
                               "c b{c\n"
                               "d w\"2\"\n"
                               "e w5\xc3\xa9z\n"
                               "f one two\n"
                               "}\n");
    const Section& section = file.sections.at(0);
    assert_text_equal(value(section, "a"), "w5");
    assert_text_equal(value(section, "b"), "w5");
    assert_text_equal(value(section, "c"), "b");
    assert_text_equal(value(section, "d"), "w");
    assert_text_equal(value(section, "e"), "w5");
    assert_text_equal(value(section, "f"), "one");
    assert_true(has_problem(file, 4, "ignores"));
    assert_true(has_problem(file, 5, "ignores"));
    assert_true(has_problem(file, 6, "ignores"));
    assert_true(has_problem(file, 7, "ignores"));
    assert_int_equal(file.problems.size(), 4);
}

void a_missing_closing_quote_takes_the_rest_of_the_line(void**) {
    const ConfFile file = read("multipaths {\nmultipath {\nwwid \"unclosed # no comment\n}\n}\n");
    assert_text_equal(value(file.sections.at(0).subsections.at(0), "wwid"),
                      "unclosed # no comment");
    assert_true(has_problem(file, 3, "closing quote"));
}

void a_section_opens_without_its_brace(void**) {
    const ConfFile file = read("defaults\n path_selector \"queue-length 0\"\n}\n");
    assert_text_equal(value(file.sections.at(0), "path_selector"), "queue-length 0");
    assert_true(has_problem(file, 1, "'{'"));
}

void the_lines_of_an_unknown_section_belong_to_the_one_around_it(void**) {
    const ConfFile file = read("defaults {\n"
                               "\tfoo {\n"
                               "\t\tfailback 22\n"
                               "\t}\n"
                               "\trr_min_io_rq 9\n"
                               "}\n"
                               "overrides {\n"
                               "\tfailback 33\n"
                               "}\n");
    assert_int_equal(file.sections.size(), 2);
    assert_text_equal(value(file.sections[0], "failback"), "22");
    assert_text_equal(value(file.sections[0], "rr_min_io_rq"), "<none>");
    assert_text_equal(value(file.sections[1], "failback"), "33");
    assert_true(has_problem(file, 5, "no attribute 'rr_min_io_rq' may stand here"));
    assert_true(has_problem(file, 6, "without an open section"));
}

void sections_stand_only_where_they_belong(void**) {
    const ConfFile file = read("device {\n"
                               "multipaths {\n"
                               "no_path_retry 3\n"
                               "device {\n"
                               "rr_weight priorities\n"
                               "}\n"
                               "multipath {\n");
    assert_int_equal(file.sections.size(), 1);
    assert_true(file.sections[0].subsections.empty());
    assert_true(file.sections[0].attributes.empty());
    assert_true(has_problem(file, 1, "no section 'device'"));
    assert_true(has_problem(file, 3, "no attribute 'no_path_retry'"));
    assert_true(has_problem(file, 4, "no section 'device'"));
    assert_true(has_problem(file, 7, "no section 'multipath'"));
}

void protocol_is_a_rule_in_the_blacklist_and_a_section_in_the_overrides(void**) {
    const ConfFile file = read("blacklist {\nprotocol \"scsi:ata\"\n}\n"
                               "overrides {\nprotocol {\ntype \"scsi:fcp\"\n}\n}\n");
    assert_int_equal(file.problems.size(), 0);
    assert_text_equal(value(file.sections.at(0), "protocol"), "scsi:ata");
    assert_text_equal(value(file.sections.at(1).subsections.at(0), "type"), "scsi:fcp");
}

void of_a_repeated_key_the_last_one_counts(void**) {
    const ConfFile file =
        read("defaults {\nverbosity 3\nverbosity 2\n}\nblacklist {\nwwid a\nwwid b\n}\n");
    assert_text_equal(value(file.sections[0], "verbosity"), "2");
    assert_true(has_problem(file, 3, "repeated"));
    assert_int_equal(file.sections[1].attributes.size(), 2);
    assert_int_equal(file.problems.size(), 1);
}

void a_file_that_ends_early_is_read_so_far(void**) {
    const ConfFile file = read("multipaths {\n multipath {\n wwid w7");
    assert_text_equal(value(file.sections.at(0).subsections.at(0), "wwid"), "w7");
    assert_true(has_problem(file, 3, "ends inside"));
    assert_int_equal(read("").sections.size(), 0);
    assert_int_equal(read("\n\n# x").problems.size(), 0);
}

void carriage_returns_and_nuls_end_a_line(void**) {
    const ConfFile file =
        read(std::string_view("defaults {\r\nprio alua\r\nfailback 5\0x\n}\r\n", 39));
    assert_text_equal(value(file.sections.at(0), "prio"), "alua");
    assert_text_equal(value(file.sections.at(0), "failback"), "5");
    assert_int_equal(file.problems.size(), 0);
}

void the_number_and_length_of_problems_is_bounded(void**) {
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += std::string(1000, '\x01') + " x\n";
    const ConfFile file = read(text);
    assert_int_equal(file.problems.size(), 100);
    for (const Problem& problem : file.problems) {
        assert_in_range(problem.text.size(), 1, 200);
        assert_true(problem.text.find('\x01') == std::string::npos);
    }
}

void a_text_beyond_the_limit_is_refused(void**) {
    assert_false(parse("x", std::string(largest_text + 1, '\n')).has_value());
}

void what_is_quoted_is_read_back(void**) {
    for (const char* text : {"", "plain", "\"", "a \"b\" c", "# {", "\"\""}) {
        const ConfFile file = read("defaults {\nkey " + quote(text) + "\n}\n");
        assert_text_equal(value(file.sections.at(0), "key"), text);
        assert_int_equal(file.problems.size(), 0);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_file_is_read_with_its_lines),
        cmocka_unit_test(quotes_keep_blanks_comments_braces_and_doubled_quotes),
        cmocka_unit_test(
            an_unquoted_value_ends_at_a_blank_comment_brace_quote_or_foreign_character),
        cmocka_unit_test(a_missing_closing_quote_takes_the_rest_of_the_line),
        cmocka_unit_test(a_section_opens_without_its_brace),
        cmocka_unit_test(the_lines_of_an_unknown_section_belong_to_the_one_around_it),
        cmocka_unit_test(sections_stand_only_where_they_belong),
        cmocka_unit_test(protocol_is_a_rule_in_the_blacklist_and_a_section_in_the_overrides),
        cmocka_unit_test(of_a_repeated_key_the_last_one_counts),
        cmocka_unit_test(a_file_that_ends_early_is_read_so_far),
        cmocka_unit_test(carriage_returns_and_nuls_end_a_line),
        cmocka_unit_test(the_number_and_length_of_problems_is_bounded),
        cmocka_unit_test(a_text_beyond_the_limit_is_refused),
        cmocka_unit_test(what_is_quoted_is_read_back),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
