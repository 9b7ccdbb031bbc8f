// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/text.hpp"

#include "tests/unit/clusprep/rpc/auth/hex.hpp"

using namespace mpapi::rpc::ntlm;
using mpapi::rpc::test::bytes_of_hex;

namespace {

void well_formed_utf8_is_taken(void**) {
    assert_true(*utf16_of("a\u00e9\uffff\U0010ffff") == u"a\u00e9\uffff\U0010ffff");
    assert_true(*utf16_of("\ufffd") == u"\ufffd"); // which also stands for what is malformed
}

void malformed_utf8_is_refused(void**) {
    for (const char* text :
         {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3z"})
        if (utf16_of(text).has_value()) fail_msg("took %s", text);
}

void lone_surrogates_are_refused(void**) {
    for (const char* hex : {"00d8", "00d8 6100", "00dc", "00dc 00d8"})
        assert_false(text_of(bytes_of_hex(hex)).has_value());
    assert_true(text_of(bytes_of_hex("00d8 00dc")).has_value());
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
        cmocka_unit_test(well_formed_utf8_is_taken),
        cmocka_unit_test(malformed_utf8_is_refused),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(a_name_is_text_of_bounded_length),
        cmocka_unit_test(upper_case_knows_more_than_ascii),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
