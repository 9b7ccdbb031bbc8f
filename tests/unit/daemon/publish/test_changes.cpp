// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/changes.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/publish/world.hpp"

using namespace mpapi;
using namespace mpapi::publish;

namespace {

std::vector<model::Event> one_event() {
    static const auto before = world(1);
    static const auto after = changed(
        *before, [](model::Unit& unit) { unit.paths[0].state = model::PathState::PathError; });
    return model::diff(*before, *after);
}

std::vector<model::Event> events(std::size_t count) {
    std::vector<model::Event> list;
    for (std::size_t n = 0; n < count; ++n)
        list.push_back(one_event().front());
    return list;
}

std::vector<std::uint64_t> generations(const Changes& changes, std::uint64_t since) {
    std::vector<std::uint64_t> list;
    changes.for_each_after(since, [&](const Change& c) { list.push_back(c.generation); });
    return list;
}

void what_happened_since_is_told_in_order(void**) {
    Changes changes(10, 5);
    assert_true(changes.reaches(5));
    assert_false(changes.reaches(4));
    assert_false(changes.reaches(6));
    changes.record(6, events(2));
    changes.record(8, events(1));
    assert_true(generations(changes, 5) == (std::vector<std::uint64_t>{6, 6, 8}));
    assert_true(generations(changes, 6) == (std::vector<std::uint64_t>{8}));
    assert_true(generations(changes, 7) == (std::vector<std::uint64_t>{8}));
    assert_true(generations(changes, 8).empty());
    assert_true(changes.reaches(8));
}

void a_generation_is_remembered_whole_or_not_at_all(void**) {
    Changes changes(3, 0);
    changes.record(1, events(2));
    changes.record(2, events(2));
    assert_false(changes.reaches(0));
    assert_true(changes.reaches(1));
    assert_true(generations(changes, 1) == (std::vector<std::uint64_t>{2, 2}));
}

void a_step_larger_than_the_ring_begins_anew(void**) {
    Changes changes(3, 0);
    changes.record(1, events(1));
    changes.record(2, events(4));
    assert_false(changes.reaches(1));
    assert_true(changes.reaches(2));
    changes.record(3, events(3));
    assert_true(generations(changes, 2) == (std::vector<std::uint64_t>{3, 3, 3}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_happened_since_is_told_in_order),
        cmocka_unit_test(a_generation_is_remembered_whole_or_not_at_all),
        cmocka_unit_test(a_step_larger_than_the_ring_begins_anew),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
