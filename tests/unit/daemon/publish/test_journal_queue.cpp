// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/journal_queue.hpp"
#include "daemon/publish/message_ids.hpp"

#include "tests/unit/cmocka.hpp"

#include <chrono>

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
    const bool told = journald.changed.wait_for(lock, std::chrono::seconds(10), [&] {
        for (const auto& entry : journald.taken)
            if (entry.size() == 4 && entry[1].ends_with(message_id::kLeftOut))
                lost = std::stoul(entry[3].substr(entry[3].find('=') + 1));
        return lost != 0;
    });
    assert_true(told);
    assert_int_equal(journald.taken.size() - 1 + lost, count);
    assert_true(journald.taken.size() - 1 >= JournalQueue::kMost);
    for (std::size_t n = 0; n + 1 < journald.taken.size(); ++n)
        assert_text_equal(journald.taken[n][0], std::to_string(n));
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
