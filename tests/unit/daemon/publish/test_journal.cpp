// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/journal.hpp"
#include "daemon/publish/message_ids.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/publish/world.hpp"

#include <algorithm>
#include <map>

using namespace mpapi;
using namespace mpapi::publish;

namespace {

using Entry = std::vector<std::string>;

std::vector<Entry> journal_of(const model::Snapshot& before, const model::Snapshot& after) {
    std::vector<Entry> entries;
    Journal journal([&](Entry fields) { entries.push_back(std::move(fields)); });
    journal.record(after, model::diff(before, after), {});
    journal.end_burst();
    return entries;
}

std::string field(const Entry& entry, const std::string& name) {
    for (const auto& each : entry)
        if (each.starts_with(name + "=")) return each.substr(name.size() + 1);
    return "";
}

void a_failed_path_is_one_entry_with_its_fields(void**) {
    const auto before = world(1);
    const auto after = changed(*before, [](model::Unit& unit) {
        unit.paths[0].state = model::PathState::PathError;
        ++unit.paths[0].fail_count;
    });
    const auto entries = journal_of(*before, *after);
    assert_int_equal(entries.size(), 1);
    assert_text_equal(field(entries[0], "MESSAGE"), "mpath1: path sd3: okay -> path-error");
    assert_text_equal(field(entries[0], "MESSAGE_ID"), message_id::kPathFailed);
    assert_text_equal(field(entries[0], "PRIORITY"), "4");
    assert_text_equal(field(entries[0], "MPAPI_LU"), "360014051");
    assert_text_equal(field(entries[0], "MPAPI_MAP"), "mpath1");
    assert_text_equal(field(entries[0], "MPAPI_PATH"), "3");
    assert_text_equal(field(entries[0], "MPAPI_DEVICE"), "sd3");
    assert_text_equal(field(entries[0], "MPAPI_OLD"), "okay");
    assert_text_equal(field(entries[0], "MPAPI_NEW"), "path-error");
    assert_text_equal(field(entries[0], "MPAPI_GENERATION"), "2");
}

void the_loss_of_the_last_path_is_said_once(void**) {
    const auto before = world(1);
    const auto after = changed(*before, [](model::Unit& unit) {
        for (auto& path : unit.paths)
            path.state = model::PathState::PathError;
    });
    const auto lost = journal_of(*before, *after);
    assert_int_equal(std::count_if(lost.begin(), lost.end(),
                                   [](const Entry& entry) {
                                       return field(entry, "MESSAGE_ID") == message_id::kNoPath;
                                   }),
                     1);
    const auto back = journal_of(*after, *before);
    assert_int_equal(std::count_if(back.begin(), back.end(),
                                   [](const Entry& entry) {
                                       return field(entry, "MESSAGE_ID") == message_id::kPathAgain;
                                   }),
                     1);
}

void an_array_that_fails_over_does_not_drown_the_journal(void**) {
    const auto before = world(1000);
    const auto after = changed(*before, [](model::Unit& unit) {
        unit.paths[0].state = model::PathState::PathError;
        unit.groups[0].access_state = model::AccessState::Standby;
    });
    const auto entries = journal_of(*before, *after);
    assert_int_equal(entries.size(), 2 * (Journal::kEntriesOfAKind + 1));
    unsigned more = 0;
    for (const auto& entry : entries)
        if (field(entry, "MESSAGE_ID") == message_id::kSummary)
            more += static_cast<unsigned>(std::stoul(field(entry, "MPAPI_COUNT")));
    assert_int_equal(more, 2 * (1000 - Journal::kEntriesOfAKind));
}

void a_burst_of_many_steps_is_one_entry_for_each_kind(void**) {
    std::vector<Entry> entries;
    Journal journal([&](Entry fields) { entries.push_back(std::move(fields)); });
    Journal::Clock::time_point now{};
    auto before = world(100);
    auto fail = [&](std::size_t path) {
        for (model::Sequence id = 1; id <= 100; ++id) {
            auto after = std::make_shared<model::Snapshot>(*before);
            auto unit = std::make_shared<model::Unit>(*before->units.find(id));
            unit->paths[path].state = model::PathState::PathError;
            after->units.put(unit);
            ++after->generation;
            journal.record(*after, model::diff(*before, *after), now);
            before = after;
        }
    };
    fail(0);
    assert_int_equal(entries.size(), Journal::kEntriesOfAKind);
    assert_true(journal.due().has_value());
    assert_true(*journal.due() == now + Journal::kBurst);
    now += Journal::kBurst / 2;
    fail(1); // of the same maps
    journal.end_burst();
    assert_false(journal.due().has_value());

    std::map<std::string, Entry> summaries;
    for (const auto& entry : entries)
        if (field(entry, "MESSAGE_ID") == message_id::kSummary)
            assert_true(summaries.emplace(field(entry, "MPAPI_KIND"), entry).second);
    assert_int_equal(summaries.size(), 2);
    const Entry& failed = summaries.at(message_id::kPathFailed);
    assert_text_equal(field(failed, "MPAPI_COUNT"), "184");
    assert_text_equal(field(failed, "MPAPI_UNITS"), "100");
    assert_text_equal(field(failed, "PRIORITY"), "4");
    assert_text_equal(field(failed, "MESSAGE"),
                      "184 more paths failed, of 100 maps (mpath17, mpath18, mpath19, ...), "
                      "through 50060160, 50060161");
    const Entry& lost = summaries.at(message_id::kNoPath);
    assert_text_equal(field(lost, "MPAPI_COUNT"), "84");
    assert_text_equal(field(lost, "PRIORITY"), "3");
    assert_int_equal(entries.size(), 2 * (Journal::kEntriesOfAKind + 1));

    // Nothing is held back, and a failure of later is told by itself.
    now += Journal::kBurst;
    before = world(100);
    entries.clear();
    fail(0);
    assert_int_equal(entries.size(), Journal::kEntriesOfAKind);
}

void a_burst_that_nobody_ended_ends_with_the_next_change(void**) {
    std::vector<Entry> entries;
    Journal journal([&](Entry fields) { entries.push_back(std::move(fields)); });
    const auto before = world(100);
    const auto after = changed(
        *before, [](model::Unit& unit) { unit.paths[0].state = model::PathState::PathError; });
    journal.record(*after, model::diff(*before, *after), {});
    journal.record(*before, model::diff(*after, *before),
                   Journal::Clock::time_point(Journal::kBurst));
    assert_int_equal(entries.size(), 2 * Journal::kEntriesOfAKind + 1);
    assert_text_equal(field(entries[Journal::kEntriesOfAKind], "MESSAGE_ID"), message_id::kSummary);
}

void a_path_that_does_not_answer_says_in_which_command(void**) {
    const auto before = world(1);
    const auto after = changed(*before, [](model::Unit& unit) {
        unit.paths[1].state = model::PathState::Unknown;
        unit.paths[1].trouble = model::Trouble{1, "INQUIRY", "no answer after 5 s"};
    });
    const auto entries = journal_of(*before, *after);
    assert_int_equal(entries.size(), 1);
    assert_text_equal(field(entries[0], "MESSAGE"),
                      "mpath1: path sd4: okay -> unknown (INQUIRY: no answer after 5 s)");
    assert_text_equal(field(entries[0], "MESSAGE_ID"), message_id::kPathUnknown);
}

void a_changed_identity_is_an_error(void**) {
    const auto before = world(1);
    const auto after = changed(*before, [](model::Unit& unit) {
        unit.paths[0].identity = model::Identity::Changed;
        unit.paths[0].designator = "600999";
    });
    const auto entries = journal_of(*before, *after);
    assert_int_equal(entries.size(), 1);
    assert_text_equal(field(entries[0], "MESSAGE_ID"), message_id::kIdentityChanged);
    assert_text_equal(field(entries[0], "PRIORITY"), "3");
    assert_text_equal(field(entries[0], "MPAPI_NEW"), "600999");
}

void a_new_map_is_one_entry_and_not_one_for_each_path(void**) {
    const auto entries = journal_of(*world(1), *world(2));
    assert_int_equal(entries.size(), 1);
    assert_text_equal(field(entries[0], "MESSAGE"), "mpath2: new map with 2 paths");
    const auto gone = journal_of(*world(2), *world(1));
    assert_int_equal(gone.size(), 1);
    assert_text_equal(field(gone[0], "MESSAGE_ID"), message_id::kUnitRemoved);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_path_is_one_entry_with_its_fields),
        cmocka_unit_test(the_loss_of_the_last_path_is_said_once),
        cmocka_unit_test(an_array_that_fails_over_does_not_drown_the_journal),
        cmocka_unit_test(a_burst_of_many_steps_is_one_entry_for_each_kind),
        cmocka_unit_test(a_burst_that_nobody_ended_ends_with_the_next_change),
        cmocka_unit_test(a_path_that_does_not_answer_says_in_which_command),
        cmocka_unit_test(a_changed_identity_is_an_error),
        cmocka_unit_test(a_new_map_is_one_entry_and_not_one_for_each_path),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
