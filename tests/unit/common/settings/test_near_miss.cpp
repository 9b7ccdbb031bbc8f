// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/near_miss.hpp"

#include "tests/unit/cmocka.hpp"

using mpapi::settings::near_miss;

namespace {

const std::vector<std::string_view> known = {"timeout", "threads", "per_host", "x"};

std::string nearest(std::string_view word) {
    return std::string(near_miss(word, known));
}

void a_missing_letter_finds_the_word(void**) {
    assert_text_equal(nearest("treads"), "threads");
}

void exchanged_letters_are_one_change(void**) {
    assert_text_equal(nearest("timeuot"), "timeout");
    assert_text_equal(nearest("tiemuot"), "timeout"); // two exchanges: the most for its length
}

void a_different_word_finds_nothing(void**) {
    assert_text_equal(nearest("verify"), "");
    assert_text_equal(nearest(""), "x"); // one change away from the only one-letter word
}

void a_hostile_length_finds_nothing_at_once(void**) {
    assert_text_equal(nearest(std::string(1 << 20, 't')), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_letter_finds_the_word),
        cmocka_unit_test(exchanged_letters_are_one_change),
        cmocka_unit_test(a_different_word_finds_nothing),
        cmocka_unit_test(a_hostile_length_finds_nothing_at_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
