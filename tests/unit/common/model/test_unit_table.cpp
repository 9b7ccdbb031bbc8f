// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/unit_table.hpp"

#include "tests/unit/cmocka.hpp"

#include <map>
#include <random>

using namespace mpapi::model;

namespace {

UnitPtr unit(Sequence id, std::string name = "") {
    auto made = std::make_shared<Unit>();
    made->unit.id = id;
    made->unit.name = std::move(name);
    return made;
}

std::vector<Sequence> ids(const UnitTable& table) {
    std::vector<Sequence> found;
    table.for_each([&](const Unit& u) { found.push_back(u.unit.id); });
    return found;
}

void it_agrees_with_an_ordered_map_under_random_changes(void**) {
    std::mt19937 random(20261121);
    UnitTable table;
    std::map<Sequence, UnitPtr> model;
    for (int step = 0; step < 20'000; ++step) {
        const Sequence id = 1 + random() % 1500;
        if (random() % 3 == 0) {
            table.erase(id);
            model.erase(id);
        } else {
            auto made = unit(id);
            table.put(made);
            model[id] = made;
        }
    }
    assert_int_equal(table.size(), model.size());
    std::vector<Sequence> expected;
    for (const auto& [id, made] : model) {
        expected.push_back(id);
        assert_ptr_equal(table.find(id), made.get());
    }
    assert_true(ids(table) == expected);
    assert_null(table.find(99'999));
    for (Sequence id : expected)
        table.erase(id);
    assert_true(table.empty());
    assert_null(table.find(1));
}

void many_at_once_are_put_as_one_by_one(void**) {
    std::mt19937 random(20261125);
    for (int round = 0; round < 60; ++round) {
        UnitTable table, expected;
        for (int batch = 0; batch < 6; ++batch) {
            std::vector<UnitPtr> made;
            for (std::size_t count = random() % 700; count > 0; --count)
                made.push_back(unit(1 + random() % 2000)); // some twice: the later one counts
            for (const UnitPtr& each : made)
                expected.put(each);
            table.put_all(std::move(made));
        }
        assert_int_equal(table.size(), expected.size());
        assert_true(ids(table) == ids(expected));
        expected.for_each(
            [&](const Unit& each) { assert_ptr_equal(table.find(each.unit.id), &each); });
        for (const auto& block : table.blocks())
            assert_in_range(block->size(), 1, 128);
    }
}

void a_copy_does_not_see_later_changes(void**) {
    UnitTable table;
    for (Sequence id = 1; id <= 1000; ++id)
        table.put(unit(id, "old"));
    const UnitTable before = table;
    table.put(unit(500, "new"));
    table.erase(1);
    assert_string_equal(before.find(500)->unit.name.c_str(), "old");
    assert_string_equal(table.find(500)->unit.name.c_str(), "new");
    assert_non_null(before.find(1));
    assert_int_equal(before.size(), 1000);
}

void the_difference_names_each_change_once(void**) {
    UnitTable before;
    for (Sequence id = 2; id <= 2000; id += 2)
        before.put(unit(id));
    UnitTable after = before;
    after.put(unit(7));
    after.erase(100);
    after.put(unit(400, "changed"));
    after.put(unit(5000));
    std::vector<std::string> seen;
    UnitTable::for_each_difference(before, after, [&](const Unit* a, const Unit* b) {
        seen.push_back((a ? std::to_string(a->unit.id) : "-") + ">" +
                       (b ? std::to_string(b->unit.id) : "-"));
    });
    assert_true((seen == std::vector<std::string>{"->7", "100>-", "400>400", "->5000"}));
}

void unchanged_blocks_are_not_looked_at(void**) {
    UnitTable before;
    for (Sequence id = 1; id <= 10'000; ++id)
        before.put(unit(id));
    UnitTable after = before;
    after.put(unit(5000));
    std::size_t shared = 0, total = after.blocks().size();
    for (const auto& block : after.blocks())
        for (const auto& old : before.blocks())
            shared += block == old;
    assert_int_equal(shared, total - 1);
    int differences = 0;
    UnitTable::for_each_difference(before, after, [&](const Unit*, const Unit*) { ++differences; });
    assert_int_equal(differences, 1);
}

void differences_of_random_tables_turn_one_into_the_other(void**) {
    std::mt19937 random(7);
    for (int round = 0; round < 50; ++round) {
        UnitTable before;
        for (int i = 0; i < 600; ++i)
            before.put(unit(1 + random() % 900));
        UnitTable after = before;
        for (int i = 0; i < 200; ++i) {
            const Sequence id = 1 + random() % 1000;
            if (random() % 2)
                after.erase(id);
            else
                after.put(unit(id));
        }
        std::map<Sequence, const Unit*> replay;
        before.for_each([&](const Unit& u) { replay[u.unit.id] = &u; });
        UnitTable::for_each_difference(before, after, [&](const Unit* a, const Unit* b) {
            if (a) assert_int_equal(replay.erase(a->unit.id), 1);
            if (b) replay[b->unit.id] = b;
        });
        std::map<Sequence, const Unit*> expected;
        after.for_each([&](const Unit& u) { expected[u.unit.id] = &u; });
        assert_true(replay == expected);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_agrees_with_an_ordered_map_under_random_changes),
        cmocka_unit_test(many_at_once_are_put_as_one_by_one),
        cmocka_unit_test(a_copy_does_not_see_later_changes),
        cmocka_unit_test(the_difference_names_each_change_once),
        cmocka_unit_test(unchanged_blocks_are_not_looked_at),
        cmocka_unit_test(differences_of_random_tables_turn_one_into_the_other),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
