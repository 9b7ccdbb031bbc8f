// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/text/hex.hpp"
#include "tests/unit/cmocka.hpp"

#include <vector>

using namespace mpapi;

namespace {

void a_number_has_at_least_the_digits_asked_for(void**) {
    assert_text_equal(hex(0, 0), "");
    assert_text_equal(hex(0, 1), "0");
    assert_text_equal(hex(0xab, 1), "ab");
    assert_text_equal(hex(0xab, 8), "000000ab");
    assert_text_equal(hex(0x123456789abcdef0, 4), "123456789abcdef0");
    assert_text_equal(hex(UINT64_MAX, 16), "ffffffffffffffff");
}

void a_byte_has_two_digits_whatever_its_sign(void**) {
    assert_text_equal(hex_of(std::vector<std::uint8_t>{0x00, 0x0a, 0x80, 0xff}), "000a80ff");
    assert_text_equal(hex_of(std::string("\x00\x0a\x80\xff", 4)), "000a80ff");
    assert_text_equal(hex_of(std::string()), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_at_least_the_digits_asked_for),
        cmocka_unit_test(a_byte_has_two_digits_whatever_its_sign),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
