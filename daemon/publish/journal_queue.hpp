// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Journal entries on their way to journald, which may be slow to take them or not take them at all:
// a thread waits for it, and nobody else does. In order. What finds no room is left out, counted,
// and told in one entry as soon as there is room again.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mpapi::publish {

// Fields "NAME=value" of one entry.
using JournalEntry = std::vector<std::string>;

class JournalQueue {
  public:
    using Write = std::function<void(const JournalEntry&)>; // on the thread; may take for ever

    static constexpr std::size_t kMost = 1024;

    explicit JournalQueue(Write write);
    // Gives the thread a second to write what is there. Entries that journald has not taken by then
    // are lost with the process, which does not wait any longer.
    ~JournalQueue();
    JournalQueue(const JournalQueue&) = delete;
    JournalQueue& operator=(const JournalQueue&) = delete;

    // Never waits.
    void put(JournalEntry entry);

  private:
    // Outlives the queue where the thread never comes back.
    struct Shared {
        Write write;
        std::mutex mutex;
        std::condition_variable changed;
        std::deque<JournalEntry> waiting;
        std::size_t left_out = 0;
        bool stop = false;
        bool ended = false;
    };

    static void run(const std::shared_ptr<Shared>& shared);
    static void start(const std::shared_ptr<Shared>& shared);

    std::shared_ptr<Shared> shared_;
    bool started_ = false; // with the first entry
};

void write_to_journald(const JournalEntry& entry);

} // namespace mpapi::publish
