// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam between what is known (inventory) and how it is told (publish). All on the loop's
// thread; snapshots themselves may be handed to any thread.
#pragma once

#include "common/model/diff.hpp"
#include "common/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace mpapi::daemon {

// Figures that are no part of the model.
struct WorkCounters {
    std::uint64_t commands = 0;         // SCSI commands sent
    std::uint64_t commands_stalled = 0; // written off, in all
    std::uint64_t commands_stuck = 0;   // of these: workers that have not come back yet
    std::uint64_t workers = 0;          // threads, the stuck ones included
    std::uint64_t jobs_waiting = 0;
};

class ModelListener {
  public:
    // One step of the model. `cause` is when the earliest of its causes reached the daemon. Called
    // with before->generation < after->generation and at least one event.
    virtual void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                               const std::vector<model::Event>& events,
                               std::chrono::steady_clock::time_point cause) = 0;

  protected:
    ~ModelListener() = default;
};

class ModelSource {
  public:
    virtual ~ModelSource() = default;

    virtual model::SnapshotPtr snapshot() const = 0; // never null
    virtual WorkCounters counters() const = 0;
    // As Hardware::settle, and the model has taken in what was told, answers of devices included.
    virtual void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) = 0;
    // Asks the devices of this logical unit again, now. Unknown ids are ignored.
    virtual void refresh(model::Sequence unit) = 0;
    // Reads the map of this logical unit again, now, and asks no device. For who knows that its
    // table was replaced: that is no event of device-mapper, and udev tells it after its rules.
    virtual void look_again(model::Sequence unit) = 0;
};

} // namespace mpapi::daemon
