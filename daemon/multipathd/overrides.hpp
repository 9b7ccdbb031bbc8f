// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Keeps the group of an override path in use. multipathd puts the best group into each table that
// it loads, and after a path failed the kernel stays with whatever group it took: so an override
// is lost when a path returns, at each reconfigure, and when its own path fails and comes back. It
// is taken up again as soon as the model shows that.
//
// A map that leaves the group again and again is switched back with growing pauses.
//
// Loop's thread only.
#pragma once

#include "common/model/diff.hpp"
#include "common/system/handle.hpp"
#include "daemon/paths/intents.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace mpapi::multipathd {

// The group that is to be put in use for this path: it holds the path alone, the path works, and
// another group is in use. 0: nothing to do, or nothing that could be done.
std::uint32_t group_to_switch_to(const model::Snapshot& now, const model::Unit& unit,
                                 const paths::PathName& override_path);

class Overrides {
  public:
    using Clock = std::chrono::steady_clock;
    // The map's name and the group; called from within model_changed(), or from the loop.
    using Switch = std::function<void(const std::string& map, std::uint32_t group)>;

    struct Pauses {
        std::chrono::milliseconds first{1000};
        std::chrono::milliseconds last{60000};
    };

    Overrides(sd_event* loop, Switch switch_group, Pauses pauses);

    void set(const paths::Intents& intents, const model::SnapshotPtr& now);
    void model_changed(const model::SnapshotPtr& after, const std::vector<model::Event>& events);

  private:
    struct Kept {
        paths::PathName path;
        model::Sequence unit = 0; // where it was seen last
        Clock::time_point not_before{};
        std::chrono::milliseconds pause{0};
    };

    void look(Kept& kept, const model::Unit& unit);
    void look_again();
    void arm();

    sd_event* loop_;
    Switch switch_;
    Pauses pauses_;
    std::map<std::string, Kept> kept_; // by the unit's key
    std::set<std::string> due_;        // keys of those that wait for the end of a pause
    model::SnapshotPtr now_;
    EventSource timer_;
};

} // namespace mpapi::multipathd
