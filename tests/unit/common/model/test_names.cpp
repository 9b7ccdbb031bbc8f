// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/names.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::model;

namespace {

template <typename E>
unsigned check_all() {
    unsigned known = 0;
    for (unsigned number = 0; number < 256; ++number) {
        const E value = static_cast<E>(number);
        const auto word = name_of(value);
        assert_false(word.empty());
        const auto back = from_name<E>(word);
        if (word == "unknown") {
            continue;
        }
        ++known;
        assert_true(back.has_value());
        assert_int_equal(static_cast<unsigned>(*back), number);
    }
    return known;
}

void each_word_leads_back_to_its_value(void**) {
    assert_int_equal(check_all<ObjectType>(), 9);
    assert_int_equal(check_all<Source>(), 8);
    assert_int_equal(check_all<Transport>(), 5);
    assert_int_equal(check_all<PathState>(), 9);
    assert_int_equal(check_all<AccessState>(), 8);
    assert_int_equal(check_all<NameType>(), 4);
    assert_int_equal(check_all<Queueing>(), 4);
    assert_int_equal(check_all<DeviceState>(), 6);
    assert_int_equal(check_all<Identity>(), 3);
}

void words_of_no_value_are_not_guessed(void**) {
    assert_false(from_name<PathState>("").has_value());
    assert_false(from_name<PathState>("Okay").has_value());
    assert_false(from_name<PathState>("okay ").has_value());
    assert_true(from_name<PathState>("unknown") == PathState::Unknown);
    assert_true(from_name<AccessState>("active-non-optimized") == AccessState::ActiveNonOptimized);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_word_leads_back_to_its_value),
        cmocka_unit_test(words_of_no_value_are_not_guessed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
