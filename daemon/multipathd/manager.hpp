// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Makes intents true through multipathd: settings by one file of its configuration (drop_in.hpp)
// and one reconfigure for a whole change, actions by its socket, and all of it proven (change.hpp).
//
// multipathd owns the tables and goes on doing so; what administrators wrote elsewhere is never
// touched. It is never started: while its unit does not run, changes are refused with TryAgain.
//
// Loop's thread only.
#pragma once

#include "daemon/inventory/policy.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/multipathd/change.hpp"
#include "daemon/multipathd/overrides.hpp"
#include "daemon/multipathd/running.hpp"
#include "daemon/paths/path_manager.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace mpapi::multipathd {

class MultipathdManager final : public paths::PathManager, public daemon::ModelListener {
  public:
    struct Options {
        Client::Options client;
        std::string unit = "multipathd.service";
        std::string root; // before the names of all files
        Limits limits;
        Overrides::Pauses pauses;
    };

    // What `means` and the references lead to outlives this; the bus may be null.
    MultipathdManager(const Means& means, sd_bus* bus, daemon::MultipathPolicy& policy);
    MultipathdManager(const Means& means, sd_bus* bus, daemon::MultipathPolicy& policy,
                      Options options);
    ~MultipathdManager() override; // what is under way is not told to have ended
    MultipathdManager(const MultipathdManager&) = delete;
    MultipathdManager& operator=(const MultipathdManager&) = delete;

    // PathManager
    model::Capabilities capabilities() const override;
    model::Upkeep upkeep(const model::LogicalUnit* unit) const override;
    std::string default_selector() const override;
    std::optional<paths::Refused> check(const paths::Intents& before,
                                        const paths::Intents& wanted) const override;
    void pursue(const paths::Intents& before, const paths::Intents& wanted,
                paths::Ended ended) override;
    void resume(const paths::Intents& kept, paths::Ended ended) override;
    void lead(const model::LogicalUnit& unit, std::uint32_t group,
              const std::function<void()>& then) override;
    void retire() override;
    void remove(const model::LogicalUnit& unit, paths::Ended ended) override;

    // ModelListener
    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override;

  private:
    class Removal;

    void begin(Task task, paths::Ended ended);
    void told();
    std::optional<std::uint32_t> rate_asked_for(const model::LogicalUnit* unit) const;
    void switch_group(const std::string& map, std::uint32_t group, std::function<void()> then);

    Means means_;
    daemon::MultipathPolicy& policy_;
    Options options_;
    std::unique_ptr<RunningMultipathd> multipathd_;
    std::unique_ptr<Overrides> overrides_;
    std::unique_ptr<Change> change_;
    std::function<void()> next_;
    std::set<paths::PathName> unsettled_;
    paths::Intents obeyed_;
    std::unique_ptr<Removal> removal_;
};

} // namespace mpapi::multipathd
