// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bytes_of.hpp"

using namespace mpapi::scsi;

namespace {

void fill_is_removed_from_an_ascii_field(void**) {
    assert_text_equal(ascii_field(bytes_of("4c 49 4f 20 20 20 20 20")).text, "LIO");
    assert_text_equal(ascii_field(bytes_of("4c 49 4f 00 00")).text, "LIO");
    assert_text_equal(ascii_field(bytes_of("4c 49 4f 20 00")).text, "LIO");
    assert_text_equal(ascii_field(bytes_of("20 41 20 42")).text, " A B");
    assert_text_equal(ascii_field(bytes_of("20 20 20")).text, "");
    assert_text_equal(ascii_field({}).text, "");
}

void other_bytes_make_an_ascii_field_invalid_and_are_shown(void**) {
    const Text text = ascii_field(bytes_of("41 9c 42 0a 20"));
    assert_false(text.valid());
    assert_text_equal(text.text, "A\\x9cB\\x0a");
    assert_text_equal(text.reason, "byte 1 is 9Ch, no printable ASCII");
    assert_false(ascii_field(bytes_of("41 00 42")).valid());
}

void utf8_is_taken_when_well_formed(void**) {
    const Text text = utf8_field(bytes_of("c3 a4 e2 82 ac f0 9f 98 80 00 00"));
    assert_true(text.valid());
    assert_text_equal(text.text, "\u00e4\u20ac\U0001f600");
}

void ill_formed_utf8_is_not(void**) {
    for (const char* dump : {
             "80",          // continuation without a beginning
             "c3",          // cut
             "c0 80",       // overlong NUL
             "c1 bf",       // overlong
             "e0 9f bf",    // overlong
             "ed a0 80",    // surrogate
             "f0 8f bf bf", // overlong
             "f4 90 80 80", // beyond U+10FFFF
             "f8 88 80 80", // five bytes
             "c2 85",       // a control character
             "41 1b 42",    // escape
             "41 7f",       // delete
             "e2 82 41",    // continuation missing
         }) {
        const Text text = utf8_field(bytes_of(dump));
        if (text.valid()) fail_msg("%s was taken for text", dump);
        for (const char c : text.text)
            if (static_cast<unsigned char>(c) < 0x20) fail_msg("%s was not sanitized", dump);
    }
}

void hexadecimal_is_lower_case_and_read_back(void**) {
    const auto bytes = bytes_of("00 0f a5 FF");
    assert_text_equal(to_hex(bytes), "000fa5ff");
    assert_text_equal(hex8(0x3f), "3Fh");
    assert_text_equal(hex16(0x02a6), "02A6h");
}

void hexadecimal_with_anything_else_in_it_is_refused(void**) {
    assert_false(from_hex("abc").has_value());
    const auto wrong = from_hex("60x1");
    assert_false(wrong.has_value());
    assert_contains(wrong.error().message(), "position 2");
    assert_true(from_hex("").has_value());
}

void fields_outside_the_bytes_read_as_zero(void**) {
    const auto bytes = bytes_of("01 02 03 04");
    assert_int_equal(load_u32(bytes, 0), 0x01020304);
    assert_int_equal(load_u32(bytes, 1), 0);
    assert_int_equal(load_u16(bytes, 3), 0);
    assert_int_equal(load_u8(bytes, 4), 0);
    assert_int_equal(load_u64(bytes, SIZE_MAX), 0);
    assert_int_equal(slice(bytes, 2, 100).size(), 2);
    assert_int_equal(slice(bytes, 100, 100).size(), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(fill_is_removed_from_an_ascii_field),
        cmocka_unit_test(other_bytes_make_an_ascii_field_invalid_and_are_shown),
        cmocka_unit_test(utf8_is_taken_when_well_formed),
        cmocka_unit_test(ill_formed_utf8_is_not),
        cmocka_unit_test(hexadecimal_is_lower_case_and_read_back),
        cmocka_unit_test(hexadecimal_with_anything_else_in_it_is_refused),
        cmocka_unit_test(fields_outside_the_bytes_read_as_zero),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
