// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks every path of every map whether it works, and tells the map: a failed path that works is
// reinstated where its target port group carries I/O, one in use that is silent is failed.
//
// Each path is asked once in `probing_rate` seconds, and at once when something happened to it. A
// dead path is asked at twice the interval each time, up to twelve times the rate and at most
// every five minutes; so is one that fails again soon after it was reinstated, for TEST UNIT READY
// works on paths that carry no data. A path that waits for its target port group is left as it is.
// One that may not carry I/O yet (daemon/paths/admission.hpp) stays failed and is asked again as a
// dead one is.
//
// Ten thousand units are one schedule that wakes up a few times a period, and whatever is due is
// handed on in slices: so many questions of a host are with the workers at a time, the others wait
// here. All on the loop's thread; time is what the caller says.
#pragma once

#include "daemon/inventory/refresh_schedule.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/paths/standalone/test_unit_ready.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::standalone {

class Prober {
  public:
    using Clock = std::chrono::steady_clock;

    struct Policy {
        bool on = false;
        std::chrono::seconds rate{0}; // 0: only when something happened
    };
    using PolicyOf = std::function<Policy(const model::Unit&)>;
    // Whether this path must be left alone.
    using Disabled = std::function<bool(const model::Unit&, const model::Path&)>;
    // Has the path asked. `answered` is called once, later, from the loop.
    using Ask = std::function<void(const model::Path&, std::function<void(Readiness)> answered)>;
    using Tell = std::function<void(const model::Unit&, const std::string& message)>;
    // Whether a failed path that works may carry I/O now: as paths::Admission.
    using Admit = std::function<void(const model::Unit&, const model::Path&,
                                     std::function<void(Status)> answered)>;
    // The devices of the unit told that there is news.
    using Attention = std::function<void(model::Sequence unit)>;
    struct Surroundings {
        PolicyOf policy;
        Disabled disabled;
        Ask ask;
        Tell tell;
        Attention attention;
        std::function<Clock::time_point()> now;
        Admit admit;
    };

    Prober(const daemon::ModelSource& source, Surroundings surroundings)
      : source_(source)
      , around_(std::move(surroundings)) {}

    // The unit appeared, or other settings hold for it. Null: it is gone.
    void look(model::Sequence id, const model::Unit* unit);
    // A path of it changed, or its target port group did. `before` may be null.
    void path_changed(const model::Unit& unit, const model::Path* before, const model::Path& after);
    void path_gone(model::Sequence path);
    void group_changed(const model::Unit& unit, const model::TargetPortGroup* before,
                       const model::TargetPortGroup& after);

    std::optional<Clock::time_point> next() const;
    // Hands on some of what is due; next() tells when to come again.
    void turn();

  private:
    static constexpr std::size_t kSlice = 64; // units a turn
    static constexpr unsigned kPerHost = 8;   // questions of a host with the workers
    static constexpr std::chrono::seconds kLongest{300};

    struct PathRef {
        model::Sequence unit = 0;
        model::Sequence path = 0;
    };
    // Of a path that is asked just now or does not simply work.
    struct State {
        bool asking = false; // waits for its turn, its answer, or to be let in
        bool again = false;  // something happened since it was asked
        unsigned failures = 0;
        Clock::time_point not_before;
        std::optional<Clock::time_point> reinstated;
        bool plain() const { return !asking && failures == 0 && !reinstated; }
    };
    struct Host {
        std::deque<PathRef> waiting;
        unsigned asked = 0;
    };

    void probe(const model::Unit& unit);
    void urge(const model::Unit& unit, const model::Path& path);
    void line_up(const model::Unit& unit, const model::Path& path);
    void serve(std::uint32_t host);
    void answered(PathRef ref, std::uint32_t host, model::DeviceNumber number, Readiness found);
    void take(const model::Unit& unit, const model::Path& path, State& state, Answer answer);
    void admitted(PathRef ref, model::DeviceNumber number, const Status& admitted);
    static bool may_return(const model::Unit& unit, const model::Path& path);
    void back_off(State& state, const Policy& policy);
    static std::chrono::seconds longest(const Policy& policy);
    bool wanted(const model::Unit& unit, const model::Path& path) const;
    daemon::RefreshSchedule& schedule(std::chrono::seconds rate);
    void drop_if_plain(model::Sequence path);

    const daemon::ModelSource& source_;
    const Surroundings around_;
    std::map<std::chrono::seconds, daemon::RefreshSchedule> schedules_; // by rate
    std::unordered_map<model::Sequence, std::chrono::seconds> rates_;   // of units in a schedule
    std::unordered_map<model::Sequence, State> states_;                 // by path
    std::map<std::uint32_t, Host> hosts_;
};

} // namespace mpapi::standalone
