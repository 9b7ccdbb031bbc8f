// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/service/frame.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::service;

namespace {

void an_answer_comes_back_whole(void**) {
    for (const std::string& content :
         {std::string(), std::string("x"), std::string("\0\xff\n", 3), std::string(70'000, 'y')}) {
        const auto read = read_answer(answer(content), "it");
        assert_ok(read);
        assert_true(*read == content);
    }
}

void a_piece_of_an_answer_is_none(void**) {
    const std::string frame = answer("content");
    for (std::size_t size = 0; size < frame.size(); ++size)
        assert_false(read_answer(frame.substr(0, size), "it").has_value());
    assert_false(read_answer(frame + "x", "it").has_value());
    assert_false(read_answer("?" + frame.substr(1), "it").has_value());
}

void a_refusal_is_an_error_with_its_reason(void**) {
    assert_text_equal(read_answer(refusal("no key\n\x1b[2J"), "it").error().message(),
                      "ask it: no key  [2J");
    assert_true(read_answer(refusal(std::string(9999, 'x')), "it").error().message().size() < 600);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_back_whole),
        cmocka_unit_test(a_piece_of_an_answer_is_none),
        cmocka_unit_test(a_refusal_is_an_error_with_its_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
