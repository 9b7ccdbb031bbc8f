// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/scalars.hpp"

#include "tests/unit/cmocka.hpp"

using namespace std::chrono_literals;
using namespace mpapi::settings;

namespace {

void durations_are_read_in_each_unit(void**) {
    assert_true(parse_duration("250ms") == 250ms);
    assert_true(parse_duration("5s") == 5s);
    assert_true(parse_duration("2min") == 2min);
    assert_true(parse_duration("1h") == 1h);
    assert_true(parse_duration("0ms") == 0ms);
}

void a_duration_without_a_unit_or_with_more_is_none(void**) {
    for (const char* text :
         {"", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5s", "1h30min", "5S", "5m", "0x5s"}) {
        if (parse_duration(text)) fail_msg("\"%s\" was taken for a duration", text);
    }
}

void what_does_not_fit_is_none(void**) {
    assert_true(parse_duration("9223372036854775807ms").has_value());
    assert_false(parse_duration("9223372036854775808ms").has_value());
    assert_false(parse_duration("9223372036854775807s").has_value());
    assert_false(parse_duration("99999999999999999999999s").has_value());
    assert_true(parse_size("18446744073709551615B").has_value());
    assert_false(parse_size("16777216TiB").has_value());
}

void sizes_are_powers_of_1024(void**) {
    assert_true(parse_size("512B") == 512u);
    assert_true(parse_size("64KiB") == 65536u);
    assert_true(parse_size("8MiB") == 8u << 20);
    assert_true(parse_size("10GiB") == 10ull << 30);
    assert_true(parse_size("2TiB") == 2ull << 40);
    assert_false(parse_size("8MB").has_value());
    assert_false(parse_size("8").has_value());
}

void texts_are_short_and_read_back(void**) {
    assert_text_equal(duration_text(60s), "1min");
    assert_text_equal(duration_text(90s), "90s");
    assert_text_equal(duration_text(1500ms), "1500ms");
    assert_text_equal(duration_text(0ms), "0ms");
    assert_text_equal(size_text(8u << 20), "8MiB");
    assert_text_equal(size_text(1000), "1000B");
    assert_text_equal(size_text(0), "0B");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_in_each_unit),
        cmocka_unit_test(a_duration_without_a_unit_or_with_more_is_none),
        cmocka_unit_test(what_does_not_fit_is_none),
        cmocka_unit_test(sizes_are_powers_of_1024),
        cmocka_unit_test(texts_are_short_and_read_back),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
