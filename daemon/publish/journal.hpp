// SPDX-License-Identifier: LGPL-2.1-or-later
//
// State changes as structured journal entries, from the same events as the signals. Fields besides
// MESSAGE, MESSAGE_ID and PRIORITY, where they apply: MPAPI_LU (key), MPAPI_MAP (name), MPAPI_PATH
// (object id), MPAPI_DEVICE (kernel name), MPAPI_TPG (number), MPAPI_OLD, MPAPI_NEW, MPAPI_COUNT,
// MPAPI_GENERATION, MPAPI_KIND (the MESSAGE_ID of what was counted), MPAPI_UNITS (of how many
// maps).
//
// At first each change is an entry. What comes beyond a few of its kind within two seconds, in one
// step of the model or in many, is counted and becomes one entry with how many it were, of how many
// maps, through which target ports and the first names: so the failure of an array is readable and
// does not drown the journal.
#pragma once

#include "common/model/diff.hpp"
#include "daemon/publish/journal_queue.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace mpapi::publish {

class Journal {
  public:
    using Clock = std::chrono::steady_clock;
    using Fields = std::vector<std::pair<std::string_view, std::string>>;
    using Sink = std::function<void(JournalEntry)>; // must not wait

    static constexpr unsigned kEntriesOfAKind = 16; // of one burst
    static constexpr std::chrono::seconds kBurst{2};

    explicit Journal(Sink sink)
      : sink_(std::move(sink)) {}

    void record(const model::Snapshot& after, const std::vector<model::Event>& events,
                Clock::time_point now);
    // When end_burst() is due, if something is held back.
    std::optional<Clock::time_point> due() const;
    // Tells what was counted, and begins to count anew.
    void end_burst();

    // A thread of its own waits for what writes: journald as a rule.
    static Sink through(JournalQueue::Write write = write_to_journald);

  private:
    class Step;

    // What happened of one kind in the burst.
    struct Kind {
        const char* id = nullptr;
        int priority = 7; // the most urgent of its entries
        unsigned count = 0;
        std::unordered_set<model::Sequence> units; // of what is beyond the entries
        std::vector<std::string> names;            // the first maps of these
        std::vector<std::string> target_ports;     // the first of these
        std::unordered_set<model::Sequence> ports;
    };
    void send(const char* id, int priority, const std::string& message, const Fields& with);
    void summary(const Kind& kind);

    Sink sink_;
    std::vector<Kind> kinds_;
    std::optional<Clock::time_point> began_;
    std::uint64_t generation_ = 0;
};

} // namespace mpapi::publish
