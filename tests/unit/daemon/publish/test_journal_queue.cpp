// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/journal_queue.hpp"
#include "daemon/publish/message_ids.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

using namespace mpapi;
using namespace mpapi::publish;

namespace {

// A journald that takes nothing until it is told to.
struct SlowJournald {
    std::mutex mutex;
    std::condition_variable changed;
    bool takes = false;
    std::vector<JournalEntry> taken;

    void write(const JournalEntry& entry) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return takes; });
        taken.push_back(entry);
        changed.notify_all();
    }
    void take() {
        std::lock_guard lock(mutex);
        takes = true;
        changed.notify_all();
    }
};

void a_slow_journald_is_waited_for_by_nobody_and_what_is_lost_is_counted(void**) {
    SlowJournald journald;
    constexpr std::size_t count = 3 * JournalQueue::kMost;
    JournalQueue queue([&](const JournalEntry& entry) { journald.write(entry); });
    for (std::size_t n = 0; n < count; ++n)
        queue.put({std::to_string(n)}); // would never end if it waited
    journald.take();
    std::unique_lock lock(journald.mutex);
    std::size_t lost = 0;
    std::vector<std::size_t> written;
    // Where what was lost is told depends on when the thread had its first turn.
    const bool all_accounted_for = journald.changed.wait_for(lock, std::chrono::seconds(60), [&] {
        lost = 0;
        written.clear();
        for (const auto& entry : journald.taken)
            if (entry.size() == 4 && entry[1].ends_with(message_id::kLeftOut))
                lost += std::stoul(entry[3].substr(entry[3].find('=') + 1));
            else
                written.push_back(std::stoul(entry[0]));
        return written.size() + lost == count;
    });
    assert_true(all_accounted_for);
    assert_true(lost > 0);
    assert_true(written.size() >= JournalQueue::kMost);
    assert_true(std::adjacent_find(written.begin(), written.end(), std::greater_equal<>()) ==
                written.end());
}

void what_was_put_is_written_before_the_end(void**) {
    SlowJournald journald;
    journald.take();
    {
        JournalQueue queue([&](const JournalEntry& entry) { journald.write(entry); });
        for (int n = 0; n < 100; ++n)
            queue.put({std::to_string(n)});
    }
    std::lock_guard lock(journald.mutex);
    assert_int_equal(journald.taken.size(), 100);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_journald_is_waited_for_by_nobody_and_what_is_lost_is_counted),
        cmocka_unit_test(what_was_put_is_written_before_the_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
