// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/text.hpp"

#include "tests/unit/cmocka.hpp"

#include <cwchar>
#include <string>

using namespace mpapi::plugin;

namespace {

std::string narrow(std::string_view text) {
    MP_CHAR field[8] = {};
    put(field, text);
    assert_int_equal(field[7], 0);
    return field;
}

std::wstring wide(std::string_view text) {
    MP_WCHAR field[8] = {};
    put(field, text);
    assert_int_equal(field[7], 0);
    return field;
}

void a_text_that_fits_is_the_same(void**) {
    assert_text_equal(narrow("sda"), "sda");
    assert_text_equal(narrow("h\xc3\xb6st"), "h\xc3\xb6st");
    assert_true(wide("h\xc3\xb6st \xf0\x9f\x92\xbe") == L"h\u00f6st \U0001f4be");
    assert_text_equal(narrow(""), "");
}

void what_does_not_fit_is_left_out_by_characters(void**) {
    assert_text_equal(narrow("1234567"), "1234567");
    assert_text_equal(narrow("12345678"), "1234567");
    assert_text_equal(narrow("123456\xc3\xb6"), "123456"); // half a character is none
    assert_true(wide("12345678") == L"1234567");
}

void a_text_ends_at_its_first_nul(void**) {
    assert_text_equal(narrow({"ab\0cd", 5}), "ab");
    assert_true(wide({"ab\0cd", 5}) == L"ab");
}

void what_is_no_utf_8_is_replaced(void**) {
    for (const std::string_view bad :
         {"\xff", "\x80", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"}) {
        assert_int_equal(wide(bad)[0], 0xfffd);
        assert_text_equal(narrow(bad).substr(0, 3), "\xef\xbf\xbd");
    }
    assert_true(wide("a\xff"
                     "b") == L"a\ufffdb");
}

void each_byte_is_looked_at_wherever_it_stands(void**) {
    for (std::size_t place = 0; place < 40; ++place) {
        std::string text(41, 'x');
        for (const auto& [byte, expected] : {std::pair{'\xff', wchar_t{0xfffd}}, {'\0', L'\0'}}) {
            text[place] = byte;
            MP_WCHAR field[64] = {};
            put(field, text);
            assert_int_equal(std::wcslen(field), byte == '\0' ? place : text.size());
            assert_int_equal(field[place], expected);
            MP_CHAR bytes[64] = {};
            put(bytes, text);
            assert_int_equal(std::strlen(bytes), byte == '\0' ? place : text.size() + 2);
        }
    }
}

void inquiry_data_is_padded(void**) {
    MP_CHAR vendor[8];
    pad(vendor, "ACME");
    assert_memory_equal(vendor, "ACME    ", 8);
    pad(vendor, "ACMEACMEACME");
    assert_memory_equal(vendor, "ACMEACME", 8);
    pad(vendor, "");
    assert_memory_equal(vendor, "        ", 8);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_text_that_fits_is_the_same),
        cmocka_unit_test(what_does_not_fit_is_left_out_by_characters),
        cmocka_unit_test(a_text_ends_at_its_first_nul),
        cmocka_unit_test(what_is_no_utf_8_is_replaced),
        cmocka_unit_test(each_byte_is_looked_at_wherever_it_stands),
        cmocka_unit_test(inquiry_data_is_padded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
