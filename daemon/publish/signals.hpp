// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From differences to signals. Steps of the model wait in a queue and are told in their order, in
// slices: the loop goes on serving calls in between, and no more is handed to the bus than it takes
// (a message more than the peer can hold is the end of a connection). When the bus takes less than
// is going on, steps that nothing was told of yet are merged: the difference of the first and the
// last state, with each object signalled once and the end state right.
#pragma once

#include "common/model/diff.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/publish/latency.hpp"
#include "daemon/publish/view.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace mpapi::publish {

class Signals {
  public:
    using Clock = std::chrono::steady_clock;

    // Takes snapshots that are done with: dropping a large step's last reference frees every unit
    // that changed, which need not be done on the loop.
    using Retire = std::function<void(model::SnapshotPtr)>;

    static Result<std::unique_ptr<Signals>> create(sd_bus* bus, sd_event* loop, Retire retire);
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    // Tells what it can at once and keeps the rest for the loop.
    void push(model::SnapshotPtr before, model::SnapshotPtr after,
              const std::vector<model::Event>& events, Clock::time_point cause);

    const Latency& latency() const { return latency_; }
    std::uint64_t sent() const { return sent_; }
    std::size_t steps_waiting() const { return steps_.size(); }

  private:
    struct Step {
        model::SnapshotPtr before;
        model::SnapshotPtr after;
        std::vector<model::Event> events;
        std::size_t next = 0;
        Clock::time_point cause;
        model::Sequence unit = 0; // whose own changes were told last
    };

    Signals(sd_bus* bus, Retire retire)
      : bus_(bus)
      , retire_(std::move(retire)) {}

    static int on_loop(sd_event_source*, void* userdata);
    static int on_moved(sd_event_source*, void* userdata);
    void slice();
    void schedule();
    void merge_waiting();
    bool congested() const;
    void tell(Step& step, const model::Event& event);

    template <typename T>
    void tell(const Step& step, const View<T>& before, const View<T>& after);
    template <typename T>
    void added(const View<T>& view);
    template <typename T>
    void removed(const View<T>& view);
    template <typename T>
    void changed(const View<T>& before, const View<T>& after);
    void identity(const View<model::Path>& before, const View<model::Path>& after);
    void send(const BusMessage& message, int status);

    sd_bus* bus_;
    Retire retire_;
    EventSource when_idle_;  // runs whenever nothing else is to be done
    EventSource when_moved_; // runs after anything else has run: the bus took something
    std::deque<Step> steps_;
    Latency latency_;
    Clock::time_point cause_{};
    Clock::time_point last_slice_{};
    std::uint64_t sent_ = 0;
};

} // namespace mpapi::publish
