// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The path manager that makes tables itself, where the configuration says so and nobody else does:
// disabled paths are taken out of tables, weights and override arrange them (table_plan.hpp), what
// was lost and returns as a new device takes its old place, paths are probed (prober.hpp) and the
// best group is gone back to (failback.hpp).
//
// A unit nobody asked anything for keeps its table; the one thing done to it is to put a path that
// was lost back in its place. Nobody asked, paths are probed every five seconds and failback is
// immediate: who makes this daemon the manager of maps that nobody else looks after expects them to
// recover and to use the array as it wants to be used. Both can be switched off, for a unit and
// everywhere.
//
// All on the loop's thread.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/paths/admission.hpp"
#include "daemon/paths/identity_job.hpp"
#include "daemon/paths/path_manager.hpp"
#include "daemon/paths/standalone/failback.hpp"
#include "daemon/paths/standalone/prober.hpp"
#include "daemon/paths/standalone/table_changes.hpp"
#include "daemon/paths/standalone/table_plan.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mpapi::standalone {

class Standalone final : public paths::PathManager, public daemon::ModelListener {
  public:
    using Clock = std::chrono::steady_clock;

    // All references outlive the manager.
    struct Surroundings {
        sd_event* loop;
        daemon::Hardware& hardware;
        daemon::Workers& workers;
        daemon::ModelSource& model;
        // The map with this number as it was told last; null: there is none. The model does not
        // keep tables, and may be a turn behind.
        std::function<const daemon::MapFacts*(model::DeviceNumber)> map;
        std::chrono::milliseconds command_timeout{5000};
        std::chrono::milliseconds patience{10'000}; // for the model to show what the kernel did
        // What nobody waits for and somebody should know.
        std::function<void(const std::string&)> notice = [](const std::string&) {};
        std::function<Clock::time_point()> now = [] { return Clock::now(); };
        // Asked before a path is reinstated, and before a device is put into a table.
        paths::Admission admit = paths::admit_all;
    };

    explicit Standalone(Surroundings surroundings);

    Status start();

    // PathManager
    model::Capabilities capabilities() const override;
    model::Upkeep upkeep(const model::LogicalUnit* unit) const override;
    // "": such units keep the one they have.
    std::string default_selector() const override;
    std::optional<paths::Refused> check(const paths::Intents& before,
                                        const paths::Intents& wanted) const override;
    paths::Intents completed(const paths::Intents& before, paths::Intents wanted) const override;
    void pursue(const paths::Intents& before, const paths::Intents& wanted,
                paths::Ended ended) override;
    // Probing and failback begin here, and end with retire(): then nothing is changed any more,
    // what was under way is not ended, and resume() may take charge again.
    void retire() override;
    void resume(const paths::Intents& kept, paths::Ended ended) override;
    void remove(const model::LogicalUnit& unit, paths::Ended ended) override;

    // ModelListener
    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override;

    // Does what is due; called by the loop when next() has come.
    void turn();
    std::optional<Clock::time_point> next() const;

  private:
    // A device that is to be in a table.
    struct Joiner {
        model::Sequence unit = 0;
        PlannedPath path;
        paths::Claimed newcomer;
        // Null until it said that it leads to the unit, and where it may not carry I/O.
        paths::IdentityJob::Device device;
    };
    static bool before_unit(const Joiner& a, const Joiner& b) { return a.unit < b.unit; }
    // One set of intents made true, on the units that it is about.
    struct Operation {
        paths::Intents before, wanted;
        std::set<model::Sequence> units;
        bool first_clear = false; // tables that never came into force
        bool background = false;
        paths::Ended ended; // null in the background
        TableChanges::OnFailure on_failure = TableChanges::OnFailure::TakeBack;
        std::size_t asked = 0;       // answers that are awaited
        std::vector<Joiner> joiners; // in the order of their units
        std::shared_ptr<std::vector<MapChange>> changes =
            std::make_shared<std::vector<MapChange>>();
        std::vector<std::size_t> unseen; // changes that the model does not show yet
        Clock::time_point deadline = Clock::time_point::max(); // for the model to show them
        std::optional<paths::Refused> refused;
    };
    struct Removal {
        model::Sequence unit;
        Clock::time_point deadline;
        paths::Ended ended;
    };

    static std::optional<paths::Refused> check_disabling(const model::Snapshot& snapshot,
                                                         const model::Unit& unit,
                                                         const paths::Intents& before,
                                                         const paths::Intents& wanted);
    bool in_charge() const { return prober_.has_value(); }
    void watch();

    // Of the operation, in this order.
    void begin();
    void clear_inactive();
    void verify();
    void plan();
    std::optional<paths::Refused> plan_unit(const model::Snapshot& snapshot,
                                            const model::Unit& unit);
    void await_model();
    void look_for_changes();
    void take_back(paths::Refused refused);
    void finish();
    void refuse(paths::Refused refused);

    std::vector<PlannedPath> planned_paths(const model::Snapshot& snapshot, const model::Unit& unit,
                                           const dm::MultipathTable& table) const;
    std::vector<Joiner> find_joiners(const model::Snapshot& snapshot) const;
    void joiner_answered(std::size_t index, Result<paths::IdentityJob::Device> device);
    void joiner_admitted(std::size_t index, const Status& admitted);
    void joiner_stays_out(const Joiner& joiner, const Error& why);
    std::set<paths::PathName> may_join(const model::Unit& unit,
                                       const std::set<paths::PathName>& lost) const;
    std::optional<dm::MultipathTable> table_of(const model::Unit& unit) const;
    std::set<model::Sequence> touched(const paths::Intents& before,
                                      const paths::Intents& wanted) const;
    bool any_disabled(const paths::Intents& intents, const model::LogicalUnit& unit) const;
    bool anything_asked(const paths::Intents& intents, const model::LogicalUnit& unit) const;
    bool rearranges(const paths::Intents& intents, const model::LogicalUnit& unit) const;

    void name_unit(model::Sequence id, const model::LogicalUnit* before,
                   const model::LogicalUnit* after);
    void note_path(const model::Snapshot& after, const model::PartDifference<model::Path>& change);
    void note_unit(const model::PartDifference<model::LogicalUnit>& change);
    void note_disk(const model::Snapshot& after, const model::Disk& disk);
    void attend_to(model::Sequence unit);
    void note_load(model::Sequence unit);
    void settings_changed(const paths::Intents& before);
    Prober::Policy probing(const model::Unit& unit) const;
    Failback::Policy failing_back(const model::Unit& unit) const;
    void tell(const model::Unit& unit, const std::string& message);
    void arm();

    const Surroundings around_;
    EventSource timer_;
    paths::Intents in_force_;
    // While it is in charge.
    std::optional<Prober> prober_;
    std::optional<Failback> failback_;
    std::deque<Operation> operations_; // the first is under way
    bool under_way_ = false;
    std::vector<Removal> removals_;
    // Units to be planned again because of what happened to them, and not before when.
    std::map<model::Sequence, Clock::time_point> due_;
    struct Load {
        Clock::time_point when;
        std::chrono::seconds wait; // until the next one
    };
    std::map<model::Sequence, Load> loads_; // in the background, lately
    // Members whose device went away, and the unit they are a path of.
    std::map<paths::PathName, model::Sequence> lost_;
    std::unordered_multimap<std::string, model::Sequence> by_name_;          // units, by unit name
    std::shared_ptr<const bool> right_ = std::make_shared<const bool>(true); // of this charge
};

} // namespace mpapi::standalone
