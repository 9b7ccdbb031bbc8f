// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/turnstile.hpp"

#include "tests/unit/cmocka.hpp"

#include <vector>

using namespace mpapi;

namespace {

void so_many_are_inside_and_the_others_wait_in_line(void**) {
    Turnstile turnstile(2);
    std::vector<int> begun;
    std::vector<Turnstile::Leave> inside;
    for (int n = 0; n < 5; ++n)
        turnstile.enter([&, n](Turnstile::Leave leave) {
            begun.push_back(n);
            inside.push_back(std::move(leave));
        });
    assert_true((begun == std::vector<int>{0, 1}));
    inside[1]();
    assert_true((begun == std::vector<int>{0, 1, 2}));
    inside[0]();
    inside[2]();
    assert_true((begun == std::vector<int>{0, 1, 2, 3, 4}));
}

void many_that_end_at_once_do_not_pile_up(void**) {
    Turnstile turnstile(1);
    Turnstile::Leave first;
    turnstile.enter([&](Turnstile::Leave leave) { first = std::move(leave); });
    unsigned begun = 0;
    unsigned depth = 0;
    for (int n = 0; n < 100'000; ++n)
        turnstile.enter([&](const Turnstile::Leave& leave) {
            ++begun;
            assert_int_equal(++depth, 1);
            leave();
            --depth;
        });
    assert_int_equal(begun, 0);
    first();
    assert_int_equal(begun, 100'000);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(so_many_are_inside_and_the_others_wait_in_line),
        cmocka_unit_test(many_that_end_at_once_do_not_pile_up),
    };
    return cmocka_run_group_tests_name("node/turnstile", tests, nullptr, nullptr);
}
