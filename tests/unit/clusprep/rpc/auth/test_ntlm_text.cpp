// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/text.hpp"

#include "tests/unit/clusprep/rpc/auth/hex.hpp"

using namespace mpapi::rpc::ntlm;
using mpapi::rpc::test::bytes_of_hex;

namespace {

void every_scalar_value_survives_the_way_there_and_back(void**) {
    for (char32_t code = 1; code < 0x110000; code += code < 0x3000 ? 1 : 97) {
        if (code >= 0xd800 && code < 0xe000) continue;
        std::u16string text;
        if (code < 0x10000) {
            text = {static_cast<char16_t>(code)};
        } else {
            text = {static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10)),
                    static_cast<char16_t>(0xdc00 + ((code - 0x10000) & 0x3ff))};
        }
        const auto utf8 = to_utf8(text);
        assert_ok(utf8);
        const auto back = to_utf16(*utf8);
        assert_ok(back);
        assert_true(*back == text);
    }
}

void malformed_utf8_is_refused(void**) {
    for (const char* text :
         {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3z"})
        if (to_utf16(text).has_value()) fail_msg("took %s", text);
}

void lone_surrogates_are_refused(void**) {
    assert_false(to_utf8(std::u16string{char16_t{0xd800}}).has_value());
    assert_false(to_utf8(std::u16string{char16_t{0xd800}, u'a'}).has_value());
    assert_false(to_utf8(std::u16string{char16_t{0xdc00}, char16_t{0xd800}}).has_value());
    assert_false(text_of(bytes_of_hex("00dc")).has_value());
}

void a_name_is_text_of_bounded_length(void**) {
    assert_true(*text_of(bytes_of_hex("610062 00")) == u"ab");
    assert_false(text_of(bytes_of_hex("6100 62")).has_value());
    assert_false(text_of(bytes_of_hex("6100 0000")).has_value());
    assert_false(text_of(bytes_of_hex("6100 0a00")).has_value());
    assert_true(text_of(std::vector<std::uint8_t>(512, 0x41)).has_value());
    assert_false(text_of(std::vector<std::uint8_t>(514, 0x41)).has_value());
}

void upper_case_knows_more_than_ascii(void**) {
    assert_true(upper_case(u"User7-\u00e9\u0434\u03c9") == u"USER7-\u00c9\u0414\u03a9");
    assert_true(upper_case(u"\u00df") == u"\u00df"); // has no simple mapping
    assert_true(upper_case(u"\U0001f600") == u"\U0001f600");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_value_survives_the_way_there_and_back),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(a_name_is_text_of_bounded_length),
        cmocka_unit_test(upper_case_knows_more_than_ascii),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
