// SPDX-License-Identifier: LGPL-2.1-or-later
//
// From differences to signals. A step of the model is told in slices: the loop goes on serving
// calls in between, and no more is handed to the bus than it takes (a message more than the peer
// can hold is the end of a connection). What happens while a step is being told waits as one
// further step, the difference of the state then and the newest: however much goes on, each object
// is signalled at most once a step, and the end state is right. A unit whose turn comes while
// something newer of it waits is told as it is by now, so that forty thousand paths that return and
// are then found to be who they were are told once and not twice.
//
// That there is a new generation at all is told by one signal ahead of all that, for who follows
// by GetChanges or GetSnapshot and wants none of the others.
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
#include <unordered_map>
#include <unordered_set>
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

    // Calls `then` when all that was pushed so far has been told: at once if nothing waits.
    void when_told(std::function<void()> then);

    const Latency& latency() const { return latency_; }
    std::uint64_t sent() const { return sent_; }
    bool all_told() const { return steps_.empty(); }

  private:
    struct Step {
        model::SnapshotPtr before;
        model::SnapshotPtr after;
        Clock::time_point cause;
        std::vector<model::Sequence> units; // that differ, in the order in which they began to
        std::unordered_set<model::Sequence> in_units;

        // How far it is told: a part of the difference is made when the one before it is told.
        enum class Part { None, BeforeUnits, Units, AfterUnits } part = Part::None;
        std::size_t next_unit = 0;
        std::vector<model::Event> events; // of the current part, or of one unit
        std::size_t next_event = 0;
        bool unit_told = false;     // of the current unit, what it shows of its parts
        model::SnapshotPtr told_of; // where what is told is from: after, or newer
        model::UnitPtr was;         // its old version, if that is not before's
        std::unordered_map<model::Sequence, model::UnitPtr> ahead; // told by the step before
        std::vector<std::function<void()>> then;                   // when all of it is told

        void add(const std::vector<model::Event>& more);
        // `waiting` is the step after this one, if there is one.
        const model::Event* next(Step* waiting);
        bool advance(Step* waiting);
        void turn_to(model::Sequence unit, Step* waiting);
    };

    Signals(sd_bus* bus, Retire retire)
      : bus_(bus)
      , retire_(std::move(retire)) {}

    static int on_loop(sd_event_source*, void* userdata);
    static int on_moved(sd_event_source*, void* userdata);
    void slice();
    void announce();
    void schedule();
    bool congested() const;
    void tell(Step& step, const model::Event& event);

    template <typename T>
    void tell(const View<T>& before, const View<T>& after);
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
    EventSource when_idle_;        // runs whenever nothing else is to be done
    EventSource when_moved_;       // runs after anything else has run: the bus took something
    std::uint64_t generation_ = 0; // the newest
    std::uint64_t announced_ = 0;
    std::deque<Step> steps_; // two at most: being told, and waiting
    Latency latency_;
    Clock::time_point cause_{};
    Clock::time_point last_slice_{};
    std::uint64_t sent_ = 0;
};

} // namespace mpapi::publish
