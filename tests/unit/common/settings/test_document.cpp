// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/document.hpp"

#include "tests/unit/cmocka.hpp"

using namespace std::chrono_literals;
using namespace mpapi::settings;

namespace {

Document parsed(std::string_view text) {
    auto document = Document::parse(text, "san.toml");
    assert_ok(document);
    return std::move(*document);
}

std::string complaint(const Document& document) {
    const auto status = document.finish();
    return status ? "no complaint" : status.error().message();
}

void what_is_asked_for_is_answered(void**) {
    Document document = parsed("name = 'a'\nfast = true\ncount = 7\nwait = '2s'\nroom = '1KiB'\n"
                               "words = ['x', 'y']\n[inner]\nkind = 'two'\n");
    Section root = document.root();
    assert_text_equal(root.text("name").value(), "a");
    assert_true(root.flag("fast").value());
    assert_int_equal(root.integer("count", 0, 10).value(), 7);
    assert_true(root.duration("wait", 1s, 5s) == 2000ms);
    assert_true(root.size("room", 0, 4096) == 1024u);
    assert_true(root.texts("words") == (std::vector<std::string>{"x", "y"}));
    auto inner = root.section("inner");
    assert_true(inner.has_value());
    assert_int_equal(inner->line(), 7);
    assert_int_equal(inner->choice<int>("kind", {{"one", 1}, {"two", 2}}).value(), 2);
    assert_text_equal(complaint(document), "no complaint");
}

void what_is_absent_is_no_mistake(void**) {
    Document document = parsed("");
    Section root = document.root();
    assert_false(root.text("name").has_value());
    assert_false(root.section("inner").has_value());
    assert_true(root.sections("array").empty());
    assert_false(root.has("name"));
    assert_text_equal(complaint(document), "no complaint");
}

void arrays_of_sections_keep_their_order(void**) {
    Document document = parsed("[[array]]\nname = 'a'\n[[array]]\nname = 'b'\n");
    Section root = document.root();
    auto arrays = root.sections("array");
    assert_int_equal(arrays.size(), 2);
    assert_text_equal(arrays[0].text("name").value(), "a");
    assert_text_equal(arrays[1].text("name").value(), "b");
    assert_int_equal(arrays[1].line(), 3);
    assert_text_equal(complaint(document), "no complaint");
}

void a_mistyped_key_is_refused_with_the_right_one(void**) {
    Document document = parsed("count = 1\n\ncuont = 2\n");
    document.root().integer("count", 0, 9);
    assert_text_equal(complaint(document),
                      "read san.toml:3: unknown key \"cuont\"; did you mean \"count\"?");
}

void a_strange_key_is_refused_with_what_there_is(void**) {
    Document document = parsed("[inner]\nzebra = 2\n");
    Section root = document.root();
    auto inner = root.section("inner");
    inner->text("name");
    inner->flag("fast");
    assert_text_equal(complaint(document), "read san.toml:2: unknown key \"zebra\" in [inner]; "
                                           "expected one of \"fast\", \"name\"");
}

void an_unknown_section_is_called_a_section(void**) {
    Document document = parsed("[iner]\nname = 'x'\n");
    document.root().section("inner");
    assert_text_equal(complaint(document),
                      "read san.toml:1: unknown section \"iner\"; did you mean \"inner\"?");
}

void the_first_mistake_of_the_text_is_told(void**) {
    Document document = parsed("a = 1\nzebra = 1\nb = 'x'\n");
    Section root = document.root();
    root.flag("b"); // line 3, found first
    root.integer("a", 0, 9);
    assert_text_equal(complaint(document), "read san.toml:2: unknown key \"zebra\"; expected one "
                                           "of \"a\", \"b\"");
}

void wrong_types_say_what_was_found(void**) {
    Document document = parsed("[inner]\na = 1.5\n");
    Section root = document.root();
    auto inner = root.section("inner");
    assert_false(inner->integer("a", 0, 9).has_value());
    assert_text_equal(complaint(document),
                      "read san.toml:2: inner.a: expected a whole number from 0 to 9, found a "
                      "number with a fraction");
}

void ranges_are_kept(void**) {
    Document document = parsed("wait = '2h'\n");
    assert_false(document.root().duration("wait", 1s, 1h).has_value());
    assert_text_equal(complaint(document),
                      "read san.toml:1: wait: expected a duration with its unit (ms, s, min, h) "
                      "from \"1s\" to \"1h\", found \"2h\"");

    Document other = parsed("wait = 5\n");
    assert_false(other.root().duration("wait", 1s, 1h).has_value());
    assert_text_equal(complaint(other),
                      "read san.toml:1: wait: expected a duration with its unit (ms, s, min, h) "
                      "from \"1s\" to \"1h\", found 5");
}

void a_wrong_word_shows_the_words(void**) {
    Document document = parsed("kind = 'tow'\n");
    assert_false(document.root().choice<int>("kind", {{"one", 1}, {"two", 2}}).has_value());
    assert_text_equal(complaint(document), "read san.toml:1: kind: expected one of \"one\", "
                                           "\"two\", found \"tow\"; did you mean \"two\"?");
}

void sections_and_values_are_not_mixed_up(void**) {
    Document document = parsed("inner = 1\narray = [1]\n[name]\n");
    Section root = document.root();
    assert_false(root.section("inner").has_value());
    assert_text_equal(complaint(document),
                      "read san.toml:1: inner: expected a section, [inner], found 1");
    Document other = parsed("array = [1]\n");
    assert_true(other.root().sections("array").empty());
    assert_text_equal(complaint(other),
                      "read san.toml:1: array: expected sections, [[array]], found 1");
    Document third = parsed("[name]\n");
    assert_false(third.root().text("name").has_value());
    assert_text_equal(complaint(third), "read san.toml:1: name: expected a string without control "
                                        "characters, found a section");
}

void control_characters_are_refused_and_not_echoed(void**) {
    Document document = parsed("name = \"a\\u0000\\u001b[31mb\"\n");
    assert_false(document.root().text("name").has_value());
    assert_text_equal(complaint(document),
                      "read san.toml:1: name: expected a string without control characters, found "
                      "\"a??[31mb\"");
}

void a_complaint_of_the_caller_has_its_line(void**) {
    Document document = parsed("\na = 1\n");
    Section root = document.root();
    root.integer("a", 0, 9);
    root.complain("a", "too odd");
    assert_text_equal(complaint(document), "read san.toml:2: a: too odd");
}

void a_long_value_is_cut_between_characters(void**) {
    std::string umlauts;
    for (int i = 0; i < 40; ++i)
        umlauts += "ä";
    Document document = parsed("a = 'x" + umlauts + "'\n");
    document.root().flag("a");
    const std::string expected_cut = "x" + umlauts.substr(0, 58) + "...\"";
    assert_text_equal(complaint(document),
                      "read san.toml:1: a: expected true or false, found \"" + expected_cut);
}

void text_that_is_no_toml_has_a_line_too(void**) {
    const auto document = Document::parse("a = 1\nb = = 2\n", "san.toml");
    assert_false(document.has_value());
    assert_text_equal(document.error().object, "san.toml:2");
    assert_false(document.error().reason.empty());
}

void a_key_of_very_many_parts_is_refused_before_it_is_read(void**) {
    std::string deep;
    for (int n = 0; n < 100'000; ++n)
        deep += "a.";
    for (const std::string& text : {"x = 1\n" + deep + "b = 1\n", "x = 1\n[" + deep + "b]\n",
                                    "x = 1\ny = {" + deep + "b = 1}\n"}) {
        const auto document = Document::parse(text, "san.toml");
        assert_false(document.has_value());
        assert_text_equal(document.error().message(),
                          "read san.toml:2: expected at most 100 dots in a row of words");
    }
    assert_ok(Document::parse("a.b.c.d.e = '1.2.3.4'\n", "san.toml"));
}

void a_message_is_one_line_whatever_the_text(void**) {
    const auto document = Document::parse("a=t\nb", "san.toml");
    assert_false(document.has_value());
    const std::string message = document.error().message();
    if (message.find('\n') != std::string::npos) fail_msg("two lines: %s", message.c_str());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_answered),
        cmocka_unit_test(what_is_absent_is_no_mistake),
        cmocka_unit_test(arrays_of_sections_keep_their_order),
        cmocka_unit_test(a_mistyped_key_is_refused_with_the_right_one),
        cmocka_unit_test(a_strange_key_is_refused_with_what_there_is),
        cmocka_unit_test(an_unknown_section_is_called_a_section),
        cmocka_unit_test(the_first_mistake_of_the_text_is_told),
        cmocka_unit_test(wrong_types_say_what_was_found),
        cmocka_unit_test(ranges_are_kept),
        cmocka_unit_test(a_wrong_word_shows_the_words),
        cmocka_unit_test(sections_and_values_are_not_mixed_up),
        cmocka_unit_test(control_characters_are_refused_and_not_echoed),
        cmocka_unit_test(a_complaint_of_the_caller_has_its_line),
        cmocka_unit_test(a_long_value_is_cut_between_characters),
        cmocka_unit_test(text_that_is_no_toml_has_a_line_too),
        cmocka_unit_test(a_key_of_very_many_parts_is_refused_before_it_is_read),
        cmocka_unit_test(a_message_is_one_line_whatever_the_text),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
