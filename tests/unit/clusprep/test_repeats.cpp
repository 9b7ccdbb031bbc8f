// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/repeats.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi::clusprep;
using namespace std::chrono_literals;

namespace {

const Repeats::Time start{1000h};

unsigned written(Repeats& repeats, const char* kind, const char* whose, unsigned lines,
                 Repeats::Time now = start) {
    unsigned count = 0;
    for (unsigned i = 0; i < lines; ++i)
        count += repeats.write(kind, whose, now);
    return count;
}

void the_first_few_are_written_and_the_others_summed_up(void**) {
    Repeats repeats({.written = 3});
    assert_int_equal(written(repeats, "a", "192.0.2.1", 100), 3);
    // Others have their own.
    assert_int_equal(written(repeats, "b", "192.0.2.1", 3), 3);
    assert_int_equal(written(repeats, "a", "192.0.2.2", 2), 2);
    assert_true(repeats.take(start + 59s).empty());
    const auto sums = repeats.take(start + 60s);
    assert_int_equal(sums.size(), 1);
    assert_text_equal(sums[0].kind, "a");
    assert_text_equal(sums[0].whose, "192.0.2.1");
    assert_int_equal(sums[0].left_out, 97);
}

void each_minute_begins_anew(void**) {
    Repeats repeats({.written = 3});
    written(repeats, "a", "192.0.2.1", 100);
    repeats.take(start + 60s);
    assert_int_equal(written(repeats, "a", "192.0.2.1", 5, start + 61s), 3);
    const auto sums = repeats.take(start + 121s);
    assert_int_equal(sums.size(), 1);
    assert_int_equal(sums[0].left_out, 2);
    assert_true(repeats.take(start + 1h).empty());
}

void those_that_are_too_many_are_counted_together(void**) {
    Repeats repeats({.written = 3, .kept = 2});
    assert_int_equal(written(repeats, "a", "192.0.2.1", 1), 1);
    assert_int_equal(written(repeats, "a", "192.0.2.2", 1), 1);
    for (int i = 3; i < 100; ++i)
        written(repeats, "a", ("192.0.2." + std::to_string(i)).c_str(), 1);
    assert_int_equal(written(repeats, "a", "192.0.2.1", 2), 2);
    const auto sums = repeats.take(start + 60s);
    assert_int_equal(sums.size(), 1);
    assert_text_equal(sums[0].whose, "");
    assert_int_equal(sums[0].left_out, 94);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_first_few_are_written_and_the_others_summed_up),
        cmocka_unit_test(each_minute_begins_anew),
        cmocka_unit_test(those_that_are_too_many_are_counted_together),
    };
    return cmocka_run_group_tests_name("repeats", tests, nullptr, nullptr);
}
