// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/text.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

using namespace mpapi::cli;

namespace {

void an_array_without_end_is_read_to_its_end(void**) {
    char array[4] = {'a', 'b', 'c', 'd'};
    assert_text_equal(text_of(array), "abcd");
    array[1] = '\0';
    assert_text_equal(text_of(array), "a");
}

void a_padded_field_keeps_its_blanks_and_loses_nuls(void**) {
    const char array[8] = {'A', 'C', '\0', 'M', 'E', ' ', ' ', '\0'};
    assert_text_equal(padded_text_of(array), "ACME  ");
    assert_text_equal(std::string(without_padding(padded_text_of(array))), "ACME");
    assert_text_equal(std::string(without_padding("   ")), "");
}

void wide_text_becomes_utf8(void**) {
    wchar_t array[6] = {L'a', 0xe9, 0x20ac, 0x1f600, 0, L'x'};
    assert_text_equal(text_of(array), "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    array[0] = static_cast<wchar_t>(0xd800);
    array[1] = static_cast<wchar_t>(0x7fffffff);
    array[2] = 0;
    assert_text_equal(text_of(array), "\xef\xbf\xbd\xef\xbf\xbd");
    std::fill(std::begin(array), std::end(array), L'z');
    assert_text_equal(text_of(array), "zzzzzz");
}

void printable_text_stays_as_it_is(void**) {
    assert_text_equal(printable("/dev/mapper/a b\\x20"), "/dev/mapper/a b\\x20");
    assert_text_equal(printable("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
                      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_text_equal(printable(""), "");
}

void control_characters_and_what_is_not_utf8_are_written_out(void**) {
    assert_text_equal(printable("\x1b[2J\n\x7f"), "\\x1b[2J\\x0a\\x7f");
    assert_text_equal(printable("\xc2\x9b"), "\\xc2\\x9b"); // a control character too
    assert_text_equal(printable("\xff\xc3"), "\\xff\\xc3"); // no lead byte; cut short
    assert_text_equal(printable("\xc0\xaf"), "\\xc0\\xaf"); // overlong
    assert_text_equal(printable("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
    assert_text_equal(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // a surrogate
    assert_text_equal(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    assert_text_equal(printable("\xe2\x82z"), "\\xe2\\x82z");
}

void what_turns_the_direction_or_ends_a_line_is_written_out(void**) {
    const std::pair<char32_t, char32_t> ranges[] = {
        {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
    for (const auto& [first, last] : ranges) {
        const auto shown = [](char32_t character) {
            const wchar_t array[] = {static_cast<wchar_t>(character), L'\0'};
            return printable(text_of(array));
        };
        assert_false(shown(first - 1).starts_with("\\x"));
        for (char32_t character = first; character <= last; ++character)
            assert_true(shown(character).starts_with("\\x"));
        assert_false(shown(last + 1).starts_with("\\x"));
    }
    assert_text_equal(printable("A\xe2\x80\xae"
                                "BC"),
                      "A\\xe2\\x80\\xaeBC");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_array_without_end_is_read_to_its_end),
        cmocka_unit_test(a_padded_field_keeps_its_blanks_and_loses_nuls),
        cmocka_unit_test(wide_text_becomes_utf8),
        cmocka_unit_test(printable_text_stays_as_it_is),
        cmocka_unit_test(control_characters_and_what_is_not_utf8_are_written_out),
        cmocka_unit_test(what_turns_the_direction_or_ends_a_line_is_written_out),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
