// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes the file of object ids on a thread of its own: the state directory may lie on a unit that
// holds back its I/O, which is when nobody may wait for it. In the order given. After a failure a
// torn line may stand at the file's end: what is given is dropped until the whole file is given.
#pragma once

#include "daemon/inventory/object_ids_file.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::daemon {

class ObjectIdsWriter {
  public:
    // What waits for the disk, at most; more is a failure.
    static constexpr std::size_t kMostWaiting = std::size_t{64} << 20;

    // `so_far` is how writing to the file went before.
    ObjectIdsWriter(ObjectIdsFile file, const Status& so_far);
    // Gives the thread a second to write what is there, and waits no longer.
    ~ObjectIdsWriter();
    ObjectIdsWriter(const ObjectIdsWriter&) = delete;
    ObjectIdsWriter& operator=(const ObjectIdsWriter&) = delete;

    void append(std::string_view lines, bool durable);
    void replace(std::vector<ObjectIdsRecord> records, model::Sequence reserved);

    enum class State { Sound, Replacing, Failed };
    struct Condition {
        State state = State::Sound;
        Error failure; // where it is Failed
    };
    Condition condition() const;

    // Waits until all that was given is written. The failure where that failed, or ETIMEDOUT.
    Status written(std::chrono::milliseconds timeout) const;

  private:
    struct Shared;
    static void run(const std::shared_ptr<Shared>& shared);
    void start();

    std::shared_ptr<Shared> shared_; // outlives the writer where the thread never comes back
    bool started_ = false;           // with the first thing to write
};

} // namespace mpapi::daemon
