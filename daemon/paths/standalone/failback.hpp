// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Back to the best group when it can be used again: after so many seconds from its return, and if
// it could be used all that time. The kernel leaves a group only when no path of it is left and
// never goes back by itself. An override path is gone back to at once, whatever is set: all I/O
// goes through it while it can.
//
// All on the loop's thread; time is what the caller says.
#pragma once

#include "daemon/inventory/source.hpp"
#include "daemon/paths/standalone/group_choice.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace mpapi::standalone {

class Failback {
  public:
    using Clock = std::chrono::steady_clock;

    struct Policy {
        bool on = false;
        std::chrono::seconds rate{0};
        Preferences preferences;
    };
    using PolicyOf = std::function<Policy(const model::Unit&)>;
    using Tell = std::function<void(const model::Unit&, const std::string& message)>;

    Failback(const daemon::ModelSource& source, PolicyOf policy, Tell tell)
      : source_(source)
      , policy_(std::move(policy))
      , tell_(std::move(tell)) {}

    // The unit, or what is asked for it, is another than before. Null: it is gone.
    void look(model::Sequence id, const model::Unit* unit, Clock::time_point now);

    std::optional<Clock::time_point> next() const;
    void turn(Clock::time_point now);

  private:
    // A group that is waited for, or was switched to.
    struct Wait {
        std::uint32_t group = 0;
        Clock::time_point due;
        bool told = false;
    };

    std::optional<std::uint32_t> better_group(const model::Unit& unit, const Policy& policy) const;
    void set(model::Sequence unit, const Wait& wait);
    void forget(model::Sequence unit);

    const daemon::ModelSource& source_;
    const PolicyOf policy_;
    const Tell tell_;
    std::map<model::Sequence, Wait> waits_;
    std::set<std::pair<Clock::time_point, model::Sequence>> queue_;
};

} // namespace mpapi::standalone
