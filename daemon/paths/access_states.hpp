// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Access states of target port groups, changed on request: MP_SetTPGAccess of ISO/IEC 11002.
//
// Of a device with explicit asymmetric logical unit access all pairs go in one SET TARGET PORT
// GROUPS (SPC-3 6.31), through a path of one of the groups that are to be changed where one works,
// after VPD page 83h has said, over the same open device, that it leads to this logical unit. GOOD
// only says that the device took the request: the states are asked for again until they are what
// was wanted, or no transition is left under way. What the model takes for done already is asked of
// the device, too: nobody may have told of what became of it. Synthetic groups (ISO/IEC 11002 Annex
// B) are priority groups of the map: one of them is made active by switching to it.
//
// Changes of one logical unit are made one after the other, in the order in which they came.
// Loop's thread only; devices are asked on workers.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/config.hpp"
#include "daemon/hardware.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/paths/changer.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace mpapi::paths {

class AccessStates {
  public:
    struct Options {
        std::chrono::milliseconds deadline{60'000}; // for the transition to end
        std::chrono::milliseconds interval{500};    // between two looks at it
        std::chrono::milliseconds grace{2'000};     // for the device to begin with what it took
        std::chrono::milliseconds command{30'000};  // SET TARGET PORT GROUPS may take its time
        std::chrono::milliseconds inquiry{5'000};   // of any other command
        // PathManager::lead of whoever is in force.
        std::function<void(const model::LogicalUnit& unit, std::uint32_t group,
                           const std::function<void()>& then)>
            lead = [](const auto&, auto, const std::function<void()>& then) { then(); };
        std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;
    };
    // All references outlive this.
    AccessStates(sd_event* loop, daemon::Hardware& hardware, daemon::Workers& workers,
                 daemon::ModelSource& model, Options options);
    ~AccessStates(); // outstanding calls are not ended
    AccessStates(const AccessStates&) = delete;
    AccessStates& operator=(const AccessStates&) = delete;

    // Calls `ended` once, later.
    void set(model::Sequence unit, std::vector<GroupState> wanted, Ended ended);

  private:
    struct Change;
    class CommandJob;
    class ReportJob;

    void begin(const std::shared_ptr<Change>& change);
    void switch_synthetic(const std::shared_ptr<Change>& change, const model::Unit& unit);
    void lead(const std::shared_ptr<Change>& change);
    void send(const std::shared_ptr<Change>& change);
    void report(const std::shared_ptr<Change>& change);
    void later(const std::shared_ptr<Change>& change,
               void (AccessStates::*step)(const std::shared_ptr<Change>&));
    void show(const std::shared_ptr<Change>& change);
    void end(const std::shared_ptr<Change>& change, Outcome outcome);

    sd_event* loop_;
    daemon::Hardware& hardware_;
    daemon::Workers& workers_;
    daemon::ModelSource& model_;
    const Options options_;
    std::map<model::Sequence, std::deque<std::shared_ptr<Change>>> changes_; // first: under way
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::paths
