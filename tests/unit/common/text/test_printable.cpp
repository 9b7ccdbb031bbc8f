// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/text/printable.hpp"
#include "tests/unit/cmocka.hpp"

using mpapi::printable;

namespace {

void what_people_read_stays_as_it_is(void**) {
    assert_text_equal(printable("Stra\u00dfe \u65e5\u672c \U0001f600 \\"),
                      "Stra\u00dfe \u65e5\u672c \U0001f600 \\");
    assert_text_equal(printable(""), "");
}

void what_commands_a_terminal_is_told_in_bytes(void**) {
    assert_text_equal(printable("a\x1b[2J\n\x7f"), "a\\x1b[2J\\x0a\\x7f");
    assert_text_equal(printable("\u009b31m"), "\\xc2\\x9b31m");
}

void what_turns_the_direction_or_ends_a_line_is_told_in_bytes(void**) {
    assert_text_equal(printable("x\u202etxt"), "x\\xe2\\x80\\xaetxt");
    assert_text_equal(printable("\u2028\u2067\u061c"), "\\xe2\\x80\\xa8\\xe2\\x81\\xa7\\xd8\\x9c");
}

void what_is_no_utf8_is_replaced(void**) {
    assert_text_equal(printable("a\xff\xc3"), "a\ufffd\ufffd");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_people_read_stays_as_it_is),
        cmocka_unit_test(what_commands_a_terminal_is_told_in_bytes),
        cmocka_unit_test(what_turns_the_direction_or_ends_a_line_is_told_in_bytes),
        cmocka_unit_test(what_is_no_utf8_is_replaced),
    };
    return cmocka_run_group_tests_name("printable", tests, nullptr, nullptr);
}
