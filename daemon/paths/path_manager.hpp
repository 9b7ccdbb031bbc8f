// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam to whoever makes multipath tables: multipathd, told through its files and its socket, or
// this daemon itself. One is in force at a time (never two masters); who it is, and why, is a
// property on the bus. All on the loop's thread; nothing here blocks.
#pragma once

#include "common/model/values.hpp"
#include "daemon/paths/intents.hpp"
#include "daemon/paths/outcome.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace mpapi::paths {

class PathManager {
  public:
    virtual ~PathManager() = default;

    // What it can do, for model::Plugin and for the answer to a change that it cannot.
    virtual model::Capabilities capabilities() const = 0;

    // Failback and probing as they are in force for this unit; null: for one that has no setting of
    // its own.
    virtual model::Upkeep upkeep(const model::LogicalUnit* unit) const = 0;
    // Of units that have no setting of their own, with its arguments; "" where it is not known.
    virtual std::string default_selector() const = 0;

    // Why this set cannot be had from this manager; nothing where it can. Looks at no device.
    virtual std::optional<Refused> check(const Intents& before, const Intents& wanted) const = 0;

    // `wanted` with what has to be kept along with it so that it can be undone later. To be asked
    // after check(), before it is written down and pursued.
    virtual Intents completed(const Intents& before, Intents wanted) const {
        (void)before;
        return wanted;
    }

    // Makes `wanted` true where `before` is. Calls `ended` once, from the loop, when it is true as
    // the kernel tells it (Made), or when `before` is true again as far as that can be had. One
    // call at a time.
    virtual void pursue(const Intents& before, const Intents& wanted, Ended ended) = 0;

    // Takes charge with what was kept: makes `kept` true, whatever is there. As pursue() otherwise.
    virtual void resume(const Intents& kept, Ended ended) = 0;

    // Not in charge any more: changes nothing by itself until resume().
    virtual void retire() {}

    // Target port groups are about to change so that this priority group of the map is the one to
    // use: I/O goes there first, so that none meets a group that was just made to refuse it. Calls
    // `then` once, soon, whatever became of it. Not for managers that leave that to the kernel.
    virtual void lead(const model::LogicalUnit& unit, std::uint32_t group,
                      const std::function<void()>& then) {
        (void)unit;
        (void)group;
        then();
    }

    // Takes the map away; refused while anybody has it open. Never forces, leaves nothing
    // suspended.
    virtual void remove(const model::LogicalUnit& unit, Ended ended) = 0;
};

} // namespace mpapi::paths
