// SPDX-License-Identifier: LGPL-2.1-or-later
//
// When each logical unit is to be asked again. A pure table over an injected clock: `shortest`
// after activity, then doubling to `longest` while nothing changes. Two things move it, both to an
// earlier time, so that the interval is a promise: each unit is moved by its own number, so that
// ten thousand do not come due together, and then onto a grid of a sixteenth of the interval, so
// that those near each other come due at once: idle, it is waking up that costs.
#pragma once

#include "common/model/values.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace mpapi::daemon {

class RefreshSchedule {
  public:
    using Clock = std::chrono::steady_clock;

    RefreshSchedule(std::chrono::milliseconds shortest, std::chrono::milliseconds longest)
      : shortest_(shortest)
      , longest_(longest) {}

    // Something happened to the unit: back to the shortest interval, counted from now.
    void active(model::Sequence unit, Clock::time_point now);
    // It was asked at one time, answered now, and nothing had changed: twice the interval. It
    // counts from the question, for the answer says nothing of what came after it; a slow answer
    // takes up half of the interval at most.
    void quiet(model::Sequence unit, Clock::time_point asked, Clock::time_point now);
    // Due at that time at the latest, whatever its interval; the interval stays.
    void due_by(model::Sequence unit, Clock::time_point when);
    void forget(model::Sequence unit);

    // The earliest due time, nullopt when there is nothing to ask.
    std::optional<Clock::time_point> next() const;
    // Takes out what is due, so many at most; each comes back with active() or quiet().
    std::vector<model::Sequence> take_due(Clock::time_point now, std::size_t most = SIZE_MAX);

  private:
    struct Entry {
        std::chrono::milliseconds interval{0};
        std::optional<Clock::time_point> due;
    };

    void set_due(model::Sequence unit, Entry& entry, std::optional<Clock::time_point> due);
    static std::chrono::milliseconds spread(model::Sequence unit,
                                            std::chrono::milliseconds interval);
    static Clock::time_point on_grid(Clock::time_point due, std::chrono::milliseconds interval);

    std::chrono::milliseconds shortest_;
    std::chrono::milliseconds longest_;
    std::map<model::Sequence, Entry> units_;
    std::set<std::pair<Clock::time_point, model::Sequence>> queue_;
};

} // namespace mpapi::daemon
