// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/service/tally.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

const Tally::Time kStart{1h};

void each_kind_has_one_line_a_minute(void**) {
    Tally tally;
    int lines = 0;
    for (int i = 0; i < 100'000; ++i)
        lines += tally.note(Outcome::Limited, "x", kStart + i * 1ms).has_value() ? 1 : 0;
    assert_int_equal(lines, 2); // at 0 s and at 60 s, of 100 s
    assert_int_equal(tally.count(Outcome::Limited), 100'000);
    assert_true(tally.note(Outcome::Version, "x", kStart).has_value());
}

void what_was_left_out_is_told_by_the_next_line(void**) {
    Tally tally;
    const auto first = tally.note(Outcome::Size, "from 10.0.0.1", kStart);
    assert_true(first.has_value());
    assert_contains(*first, "260 bytes: from 10.0.0.1");
    for (int i = 0; i < 41; ++i)
        assert_false(tally.note(Outcome::Size, "x", kStart + 1s).has_value());
    const auto second = tally.note(Outcome::Size, "from 10.0.0.2", kStart + 1min);
    assert_true(second.has_value());
    assert_contains(*second, "from 10.0.0.2 (and 41 before it)");
    const auto third = tally.note(Outcome::Size, "from 10.0.0.3", kStart + 2min);
    assert_true(third.has_value());
    assert_true(third->find("before it") == std::string::npos);
}

void what_is_as_it_should_be_is_counted_without_a_line(void**) {
    Tally tally;
    for (const auto outcome : {Outcome::Answered, Outcome::Heard, Outcome::NotServing,
                               Outcome::OtherMailslot, Outcome::OtherName, Outcome::Unasked}) {
        assert_false(tally.note(outcome, "x", kStart).has_value());
        assert_int_equal(tally.count(outcome), 1);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_one_line_a_minute),
        cmocka_unit_test(what_was_left_out_is_told_by_the_next_line),
        cmocka_unit_test(what_is_as_it_should_be_is_counted_without_a_line),
    };
    return cmocka_run_group_tests_name("tally", tests, nullptr, nullptr);
}
