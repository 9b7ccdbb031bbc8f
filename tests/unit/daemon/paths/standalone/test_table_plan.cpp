// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tables are written as letters here: "ab|c" is a group with the paths a and b and one with c.
#include "daemon/paths/standalone/table_plan.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <random>

using namespace mpapi;
using namespace mpapi::standalone;
using paths::PathName;

namespace {

constexpr std::uint32_t kStep = 16; // minors of a disk

PathName name_of(char letter) {
    return {"6001405", "initiator", std::string("port-") + letter, 0};
}

model::DeviceNumber number_of(char letter) {
    return {8, static_cast<std::uint32_t>(letter - 'a' + 1) * kStep};
}

std::string device_of(char letter) {
    return "8:" + std::to_string(number_of(letter).minor);
}

PlannedPath path_of(char letter, std::uint16_t port_group = 0, Rank rank = kUnknownRank) {
    PlannedPath path{name_of(letter), number_of(letter)};
    path.usable = true;
    if (port_group != 0) path.port_group = port_group;
    path.rank = rank;
    return path;
}

dm::MultipathTable table_of(const std::string& text, const std::string& selector = "service-time",
                            const std::string& words = "1 1") {
    dm::MultipathTable table;
    table.features = dm::Words("queue_if_no_path");
    table.hardware_handler = "alua";
    table.initial_group = 1;
    table.groups.push_back({selector, {}, {}});
    for (const char c : text)
        if (c == '|')
            table.groups.push_back({selector, {}, {}});
        else
            table.groups.back().paths.push_back({device_of(c), dm::Words(words)});
    return table;
}

std::string letters(const dm::MultipathTable& table) {
    std::string text;
    for (const auto& group : table.groups) {
        if (!text.empty()) text += '|';
        for (const auto& path : group.paths)
            text += static_cast<char>('a' + path.number()->minor / kStep - 1);
    }
    return text;
}

Grouping groups_of(const std::string& text) {
    Grouping groups(1);
    for (const char c : text)
        if (c == '|')
            groups.emplace_back();
        else
            groups.back().push_back(name_of(c));
    return groups;
}

// Of a plan that must have something to do.
dm::MultipathTable planned(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths,
                           const Wanted& wanted) {
    auto plan = plan_table(table, paths, wanted);
    if (const auto* refused = std::get_if<paths::Refused>(&plan))
        fail_msg("refused: %s", refused->text.c_str());
    if (std::holds_alternative<Unchanged>(plan)) fail_msg("nothing to do");
    auto result = std::get<dm::MultipathTable>(plan);
    assert_ok(dm::build_table(result));
    if (!std::holds_alternative<Unchanged>(plan_table(result, paths, wanted)))
        fail_msg("planned again, there is something to do: %s", letters(result).c_str());
    return result;
}

bool unchanged(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths,
               const Wanted& wanted) {
    return std::holds_alternative<Unchanged>(plan_table(table, paths, wanted));
}

std::vector<PlannedPath> paths_of(const std::string& text) {
    std::vector<PlannedPath> paths;
    for (const char c : text)
        if (c != '|') paths.push_back(path_of(c));
    return paths;
}

// Two groups of two ports, the second not optimized.
std::vector<PlannedPath> two_port_groups() {
    return {path_of('a', 1, 1), path_of('b', 1, 1), path_of('c', 2, 2), path_of('d', 2, 2)};
}

void nothing_asked_is_nothing_to_do(void**) {
    assert_true(unchanged(table_of("ab|cd"), two_port_groups(), {}));
    assert_true(unchanged(table_of("cb|ad"), {}, {}));
    assert_true(unchanged(dm::MultipathTable(), {}, {}));
}

void the_group_to_begin_with_alone_is_no_reason_to_load_a_table(void**) {
    auto table = table_of("ab|cd");
    table.initial_group = 2;
    assert_true(unchanged(table, two_port_groups(), {}));
}

void a_disabled_path_is_left_out_and_its_empty_group_with_it(void**) {
    std::set<PathName> disabled{name_of('b')};
    Wanted wanted;
    wanted.disabled = &disabled;
    const auto table = table_of("ab|cd");
    assert_text_equal(letters(planned(table, two_port_groups(), wanted)), "a|cd");
    disabled.insert(name_of('a'));
    const auto without = planned(table, two_port_groups(), wanted);
    assert_text_equal(letters(without), "cd");
    assert_int_equal(without.initial_group, 1);
}

void the_last_path_is_never_taken(void**) {
    std::set<PathName> disabled{name_of('a'), name_of('b')};
    Wanted wanted;
    wanted.disabled = &disabled;
    const auto plan = plan_table(table_of("a|b"), paths_of("ab"), wanted);
    const auto* refused = std::get_if<paths::Refused>(&plan);
    assert_non_null(refused);
    assert_int_equal(static_cast<int>(refused->why),
                     static_cast<int>(paths::Refusal::NotPermitted));
}

void features_and_handler_stay(void**) {
    auto table = table_of("ab|cd");
    table.features = dm::Words("queue_if_no_path pg_init_retries 50");
    table.hardware_handler_args = dm::Words("1");
    std::set<PathName> disabled{name_of('b')};
    Wanted wanted;
    wanted.disabled = &disabled;
    const auto result = planned(table, two_port_groups(), wanted);
    assert_true(result.features == table.features);
    assert_text_equal(result.hardware_handler, "alua");
    assert_true(result.hardware_handler_args == table.hardware_handler_args);
}

void the_selector_is_the_wanted_one_with_words_it_takes(void**) {
    const auto table = table_of("ab|cd");
    for (const auto& [selector, words] :
         {std::pair("round-robin", "1"), std::pair("queue-length", "1"),
          std::pair("historical-service-time", "0")}) {
        Wanted wanted;
        wanted.selector = paths::Selector{selector, {}};
        const auto result = planned(table, two_port_groups(), wanted);
        assert_text_equal(letters(result), "ab|cd");
        for (const auto& group : result.groups) {
            assert_text_equal(group.selector, selector);
            for (const auto& path : group.paths)
                assert_text_equal(path.selector_args.text(), words);
        }
    }
}

// The kernel shows "2 973 0" for what was loaded as "0".
void words_that_were_left_out_are_what_the_kernel_took(void**) {
    auto table = table_of("ab", "historical-service-time", "0");
    table.groups[0].selector_args = dm::Words("973 0");
    Wanted wanted;
    wanted.selector = paths::Selector{"historical-service-time", {}};
    assert_true(unchanged(table, paths_of("ab"), wanted));
    wanted.selector->args = dm::Words("500 2");
    assert_text_equal(planned(table, paths_of("ab"), wanted).groups[0].selector_args.text(),
                      "500 2");
}

void a_paths_own_words_stay_under_its_selector(void**) {
    auto table = table_of("ab|cd");
    table.groups[0].paths[1].selector_args = dm::Words("1 7");
    Wanted wanted;
    wanted.override_path = name_of('b');
    const auto result = planned(table, two_port_groups(), wanted);
    assert_text_equal(letters(result), "b|a|cd");
    assert_text_equal(result.groups[0].paths[0].selector_args.text(), "1 7");
}

void heavier_paths_stand_before_lighter_ones_of_their_group(void**) {
    Wanted wanted;
    wanted.weights[name_of('b')] = 5;
    assert_text_equal(letters(planned(table_of("ab|cd"), two_port_groups(), wanted)), "b|a|cd");
    wanted.weights[name_of('d')] = 9;
    assert_text_equal(letters(planned(table_of("ab|cd"), two_port_groups(), wanted)), "b|a|d|c");
    wanted.weights[name_of('b')] = 0;
    assert_text_equal(letters(planned(table_of("ab|cd"), two_port_groups(), wanted)), "a|b|d|c");
}

void a_heavy_path_that_carries_no_io_does_not_come_before_one_that_does(void**) {
    auto paths = two_port_groups();
    for (auto& path : paths)
        if (path.port_group == 2) path.rank = 4; // standby
    Wanted wanted;
    wanted.weights[name_of('c')] = 200;
    assert_text_equal(letters(planned(table_of("cd|ab"), paths, wanted)), "ab|c|d");
}

void equal_weights_change_nothing(void**) {
    Wanted wanted;
    for (const char c : {'a', 'b', 'c', 'd'})
        wanted.weights[name_of(c)] = 7;
    assert_true(unchanged(table_of("cd|ab"), two_port_groups(), wanted));
}

void the_override_path_stands_alone_in_front_whatever_it_weighs(void**) {
    Wanted wanted;
    wanted.override_path = name_of('d');
    wanted.weights[name_of('b')] = 5;
    const auto result = planned(table_of("ab|cd"), two_port_groups(), wanted);
    assert_text_equal(letters(result), "d|b|a|c");
    assert_int_equal(result.initial_group, 1);
}

void an_override_path_that_does_not_work_is_not_begun_with(void**) {
    auto paths = two_port_groups();
    paths[3].usable = false;
    Wanted wanted;
    wanted.override_path = name_of('d');
    const auto result = planned(table_of("ab|cd"), paths, wanted);
    assert_text_equal(letters(result), "d|ab|c");
    assert_int_equal(result.initial_group, 2);
}

void an_override_path_that_is_not_there_changes_nothing(void**) {
    Wanted wanted;
    wanted.override_path = name_of('z');
    assert_true(unchanged(table_of("ab|cd"), two_port_groups(), wanted));
}

void what_is_not_asked_any_more_is_as_it_was(void**) {
    Wanted wanted;
    wanted.groups = groups_of("ab|cd");
    const auto back = planned(table_of("d|b|a|c"), two_port_groups(), wanted);
    assert_text_equal(letters(back), "ab|cd");
    // In use was the override path's group; the best is another.
    assert_int_equal(back.initial_group, 1);
}

void the_group_in_use_stays_in_use(void**) {
    auto table = table_of("ab|cd");
    table.initial_group = 2;
    Wanted wanted;
    wanted.selector = paths::Selector{"queue-length", {}};
    assert_int_equal(planned(table, two_port_groups(), wanted).initial_group, 2);
    // Unless nothing of it works.
    auto paths = two_port_groups();
    paths[2].usable = paths[3].usable = false;
    assert_int_equal(planned(table, paths, wanted).initial_group, 1);
}

void an_enabled_path_goes_where_it_was(void**) {
    Wanted wanted;
    wanted.groups = groups_of("ab|cd");
    assert_text_equal(letters(planned(table_of("b|cd"), two_port_groups(), wanted)), "ab|cd");
}

void a_path_without_a_place_goes_to_its_target_port_group(void**) {
    assert_text_equal(letters(planned(table_of("ab|c"), two_port_groups(), {})), "ab|cd");
    // Also where groups were kept that do not name it.
    Wanted wanted;
    wanted.groups = groups_of("ab|c");
    assert_text_equal(letters(planned(table_of("ab|c"), two_port_groups(), wanted)), "ab|cd");
}

void where_each_path_has_a_group_it_gets_one(void**) {
    assert_text_equal(letters(planned(table_of("a|b|c"), two_port_groups(), {})), "a|b|c|d");
    assert_text_equal(letters(planned(table_of("a|b"), paths_of("abc"), {})), "a|b|c");
}

void where_there_is_one_group_it_joins_that(void**) {
    assert_text_equal(letters(planned(table_of("ab"), paths_of("abc"), {})), "abc");
}

void with_nothing_to_go_by_it_waits_behind_all(void**) {
    assert_text_equal(letters(planned(table_of("ab|cd"), paths_of("abcde"), {})), "ab|cd|e");
}

void a_new_device_takes_the_place_of_the_one_that_is_gone(void**) {
    auto paths = two_port_groups();
    paths[1].gone = true;
    PlannedPath again = path_of('x', 1, 1);
    again.name = name_of('b');
    paths.push_back(again);
    auto table = table_of("ab|cd");
    table.groups[0].paths[1].selector_args = dm::Words("1 7");
    const auto result = planned(table, paths, {});
    assert_text_equal(letters(result), "ax|cd");
    assert_text_equal(result.groups[0].paths[1].selector_args.text(), "1 7");
}

void two_devices_under_one_name_are_not_both_paths(void**) {
    auto paths = two_port_groups();
    PlannedPath other = path_of('x', 1, 1);
    other.name = name_of('b');
    paths.push_back(other);
    assert_true(unchanged(table_of("ab|cd"), paths, {}));
}

void a_disabled_newcomer_stays_out(void**) {
    const std::set<PathName> disabled{name_of('d')};
    Wanted wanted;
    wanted.disabled = &disabled;
    assert_true(unchanged(table_of("ab|c"), two_port_groups(), wanted));
}

void what_is_gone_keeps_its_place_unless_it_must_go(void**) {
    auto paths = two_port_groups();
    paths[1].gone = true;
    assert_true(unchanged(table_of("ab|cd"), paths, {}));
    Wanted wanted;
    wanted.leave_out_gone = true;
    assert_text_equal(letters(planned(table_of("ab|cd"), paths, wanted)), "a|cd");
}

void io_affinity_gets_no_path_whose_cpus_nobody_named(void**) {
    auto table = table_of("ab", "io-affinity", "3");
    const auto plan = plan_table(table, paths_of("abc"), {});
    const auto* refused = std::get_if<paths::Refused>(&plan);
    assert_non_null(refused);
    assert_int_equal(static_cast<int>(refused->why), static_cast<int>(paths::Refusal::Unsupported));
    // One that comes back has the mask it had.
    auto paths = paths_of("ab");
    paths[1].gone = true;
    PlannedPath again = path_of('x');
    again.name = name_of('b');
    paths.push_back(again);
    table.groups[0].paths[1].selector_args = dm::Words("c");
    const auto result = planned(table, paths, {});
    assert_text_equal(letters(result), "ax");
    assert_text_equal(result.groups[0].paths[1].selector_args.text(), "c");
}

// As multipathd writes tables that were not read back yet: fewer words than the kernel shows.
void a_newcomer_has_as_many_words_as_the_others(void**) {
    const auto result = planned(table_of("ab", "service-time", "1"), paths_of("abc"), {});
    for (const auto& path : result.groups[0].paths)
        assert_text_equal(path.selector_args.text(), "1");
}

class Chance {
  public:
    explicit Chance(unsigned seed)
      : engine_(seed) {}
    unsigned below(unsigned limit) { return std::uniform_int_distribution(0U, limit - 1)(engine_); }
    bool one_in(unsigned n) { return below(n) == 0; }

  private:
    std::mt19937 engine_;
};

constexpr const char* kLetters = "abcdefgh";

std::string random_groups(Chance& chance, std::string paths) {
    std::string text;
    for (const char c : paths) {
        if (!text.empty() && chance.one_in(3)) text += '|';
        text += c;
    }
    return text;
}

void check_no_path_is_lost_or_doubled(const dm::MultipathTable& result,
                                      const std::set<char>& expected) {
    std::string all = letters(result);
    std::erase(all, '|');
    std::sort(all.begin(), all.end());
    assert_text_equal(all, std::string(expected.begin(), expected.end()));
}

// Whatever is asked for, in any order: exactly the enabled paths are in the table, planning again
// changes nothing, and when nothing is asked any more the table is the one of the beginning.
void any_sequence_of_wishes_can_be_taken_back(void**) {
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        Chance chance(seed);
        const std::string all = std::string(kLetters).substr(0, 1 + chance.below(8));
        const bool grouped = chance.one_in(2);
        std::vector<PlannedPath> paths;
        std::set<char> gone;
        for (const char c : all) {
            PlannedPath path = path_of(c);
            if (grouped) {
                path.port_group = static_cast<std::uint16_t>(1 + chance.below(3));
                path.rank = static_cast<Rank>(*path.port_group);
            }
            path.usable = !chance.one_in(4);
            path.gone = chance.one_in(6);
            if (path.gone) gone.insert(c);
            paths.push_back(path);
        }
        const auto begin = table_of(random_groups(chance, all));
        auto table = begin;
        const Grouping kept = grouping_of(begin, paths);
        std::set<PathName> disabled;
        Wanted wanted;
        wanted.groups = kept;
        wanted.disabled = &disabled;
        std::set<char> enabled(all.begin(), all.end());
        const auto apply = [&] {
            std::shuffle(paths.begin(), paths.end(), std::mt19937(seed));
            const auto plan = plan_table(table, paths, wanted);
            if (const auto* refused = std::get_if<paths::Refused>(&plan))
                fail_msg("seed %u: %s", seed, refused->text.c_str());
            if (const auto* result = std::get_if<dm::MultipathTable>(&plan)) table = *result;
            assert_true(unchanged(table, paths, wanted));
            assert_in_range(table.initial_group, 1, table.groups.size());
            check_no_path_is_lost_or_doubled(table, enabled);
            if (wanted.override_path &&
                enabled.count(wanted.override_path->target_port.back()) != 0)
                assert_text_equal(letters(table).substr(0, letters(table).find('|')),
                                  wanted.override_path->target_port.substr(5));
            // The kernel goes from group to group meanwhile.
            table.initial_group = 1 + chance.below(static_cast<unsigned>(table.groups.size()));
        };
        for (unsigned step = 0; step < 6; ++step) {
            const char c = all[chance.below(static_cast<unsigned>(all.size()))];
            switch (chance.below(5)) {
            case 0:
                // What is gone joins no table again before it comes back.
                if (enabled.size() > 1 && gone.count(c) == 0 && enabled.erase(c) != 0)
                    disabled.insert(name_of(c));
                break;
            case 1:
                enabled.insert(c), disabled.erase(name_of(c));
                break;
            case 2:
                wanted.override_path = name_of(c);
                break;
            case 3:
                wanted.override_path.reset();
                break;
            case 4:
                wanted.weights[name_of(c)] = chance.below(4);
                break;
            }
            apply();
        }
        disabled.clear(), wanted.override_path.reset(), wanted.weights.clear();
        enabled = std::set<char>(all.begin(), all.end());
        apply();
        table.initial_group = begin.initial_group;
        if (!same_but_initial_group(table, begin))
            fail_msg("seed %u: %s became %s", seed, letters(begin).c_str(), letters(table).c_str());
    }
}

// Without kept groups there is no way back, but still no loss and no restlessness.
void wishes_without_kept_groups_are_stable(void**) {
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        Chance chance(seed);
        const std::string all = std::string(kLetters).substr(0, 2 + chance.below(7));
        std::vector<PlannedPath> paths;
        for (const char c : all)
            paths.push_back(path_of(c, static_cast<std::uint16_t>(chance.below(3)),
                                    static_cast<Rank>(chance.below(6))));
        const std::size_t present = 1 + chance.below(static_cast<unsigned>(all.size()));
        const auto table = table_of(random_groups(chance, all.substr(0, present)));
        Wanted wanted;
        for (const char c : all)
            if (chance.one_in(2)) wanted.weights[name_of(c)] = chance.below(4);
        if (chance.one_in(2))
            wanted.override_path = name_of(all[chance.below(static_cast<unsigned>(all.size()))]);
        const auto plan = plan_table(table, paths, wanted);
        if (const auto* result = std::get_if<dm::MultipathTable>(&plan)) {
            check_no_path_is_lost_or_doubled(*result, {all.begin(), all.end()});
            if (!unchanged(*result, paths, wanted))
                fail_msg("seed %u: %s is planned again", seed, letters(*result).c_str());
        } else {
            assert_int_equal(present, all.size());
        }
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_is_nothing_to_do),
        cmocka_unit_test(the_group_to_begin_with_alone_is_no_reason_to_load_a_table),
        cmocka_unit_test(a_disabled_path_is_left_out_and_its_empty_group_with_it),
        cmocka_unit_test(the_last_path_is_never_taken),
        cmocka_unit_test(features_and_handler_stay),
        cmocka_unit_test(the_selector_is_the_wanted_one_with_words_it_takes),
        cmocka_unit_test(words_that_were_left_out_are_what_the_kernel_took),
        cmocka_unit_test(a_paths_own_words_stay_under_its_selector),
        cmocka_unit_test(heavier_paths_stand_before_lighter_ones_of_their_group),
        cmocka_unit_test(a_heavy_path_that_carries_no_io_does_not_come_before_one_that_does),
        cmocka_unit_test(equal_weights_change_nothing),
        cmocka_unit_test(the_override_path_stands_alone_in_front_whatever_it_weighs),
        cmocka_unit_test(an_override_path_that_does_not_work_is_not_begun_with),
        cmocka_unit_test(an_override_path_that_is_not_there_changes_nothing),
        cmocka_unit_test(what_is_not_asked_any_more_is_as_it_was),
        cmocka_unit_test(the_group_in_use_stays_in_use),
        cmocka_unit_test(an_enabled_path_goes_where_it_was),
        cmocka_unit_test(a_path_without_a_place_goes_to_its_target_port_group),
        cmocka_unit_test(where_each_path_has_a_group_it_gets_one),
        cmocka_unit_test(where_there_is_one_group_it_joins_that),
        cmocka_unit_test(with_nothing_to_go_by_it_waits_behind_all),
        cmocka_unit_test(a_new_device_takes_the_place_of_the_one_that_is_gone),
        cmocka_unit_test(two_devices_under_one_name_are_not_both_paths),
        cmocka_unit_test(a_disabled_newcomer_stays_out),
        cmocka_unit_test(what_is_gone_keeps_its_place_unless_it_must_go),
        cmocka_unit_test(io_affinity_gets_no_path_whose_cpus_nobody_named),
        cmocka_unit_test(a_newcomer_has_as_many_words_as_the_others),
        cmocka_unit_test(any_sequence_of_wishes_can_be_taken_back),
        cmocka_unit_test(wishes_without_kept_groups_are_stable),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
