// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The model on the bus: objects, signals, bulk forms. Owns nothing of the model but a reference to
// the current snapshot. Everything happens on the loop's thread, to which the bus is attached; the
// owner takes the bus name when publishing stands.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/bus/heavy_answers.hpp"
#include "common/bus/object_label.hpp"
#include "common/bus/senders.hpp"
#include "common/system/background.hpp"
#include "daemon/config.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/publish/bulk.hpp"
#include "daemon/publish/change_calls.hpp"
#include "daemon/publish/changes.hpp"
#include "daemon/publish/generation_page.hpp"
#include "daemon/publish/index.hpp"
#include "daemon/publish/journal.hpp"
#include "daemon/publish/managed_objects.hpp"
#include "daemon/publish/metrics.hpp"
#include "daemon/publish/objects.hpp"
#include "daemon/publish/signals.hpp"
#include "daemon/publish/snapshot_file.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::publish {

using bus::kBusName;

class Publisher final : public daemon::ModelListener, private Methods {
  public:
    // Bus, loop, source and changer must outlive the publisher. What the source has at this moment
    // is there from the beginning; nothing is signalled for it.
    static Result<std::unique_ptr<Publisher>> create(sd_bus* bus, sd_event* loop,
                                                     daemon::ModelSource& source,
                                                     const daemon::Config::BusLimits& limits,
                                                     paths::Changer& changer, Journal::Sink sink,
                                                     const bus::Gatekeeper::Rules& rules);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override;

    // For those who publish other objects: who may change something, and how much one sender may
    // ask.
    bus::Gatekeeper& gatekeeper() { return gatekeeper_; }
    bus::Senders& senders() { return senders_; }

    // Who has objects besides the model appends them here to the answer of GetManagedObjects. What
    // is given lives as long as the publisher.
    void also_manage(ManagedObjects::Others others) { managed_objects_->also(std::move(others)); }

    // OpenMetrics text of this moment. Takes its time where there are many paths; Manager.Metrics
    // makes it off the loop.
    std::string metrics_text() const;

    // Whether every change has become a signal.
    bool signals_told() const { return signals_->all_told(); }

  private:
    Publisher(sd_bus* bus, daemon::ModelSource& source, const daemon::Config::BusLimits& limits,
              paths::Changer& changer, Journal::Sink sink, const bus::Gatekeeper::Rules& rules);

    void get_snapshot(sd_bus_message* call) override;
    void metrics(sd_bus_message* call) override;
    void get_generation_page(sd_bus_message* call) override;
    void get_changes(sd_bus_message* call, std::uint64_t instance, std::uint64_t since) override;
    void describe(sd_bus_message* call) override;
    void settled(sd_bus_message* call, std::uint64_t timeout_usec) override;
    void refresh(sd_bus_message* call, const model::Unit* unit) override;
    void get_managed_objects(sd_bus_message* call) override;
    void change(sd_bus_message* call, const ChangeMethod& method, const AnyView& object) override;

    Figures figures() const;
    static int journal_due(sd_event_source*, std::uint64_t, void* userdata);

    // A call that is answered later; nothing, and answered, where its sender has too many.
    struct Pending;
    std::shared_ptr<Pending> admit(sd_bus_message* call);
    void refuse_too_many(sd_bus_message* call) const;
    // Answers, or refuses with LimitsExceeded where the bus has to hold too much for its clients.
    void give(const std::shared_ptr<Pending>& pending,
              std::function<void(sd_bus_message* to)> answer);
    void give(const std::shared_ptr<Pending>& pending, BusMessage reply);
    void make_metrics();

    daemon::ModelSource& source_;
    daemon::Config::BusLimits limits_;
    model::SnapshotPtr current_;
    Index index_;
    Changes changes_;
    Failures failures_;
    Journal journal_;
    EventSource journal_timer_; // on while the journal holds something back
    bus::Senders senders_;
    bus::HeavyAnswers heavy_answers_;
    bus::Gatekeeper gatekeeper_;
    ChangeCalls change_calls_;
    std::unique_ptr<GenerationPage> page_;
    std::unique_ptr<Background> background_;
    std::shared_ptr<SnapshotFiles> snapshot_files_ =
        std::make_shared<SnapshotFiles>(); // background_'s
    bool snapshot_wanted_ = false;         // since the last change
    std::optional<std::chrono::steady_clock::time_point> snapshot_file_used_;
    std::unique_ptr<Bulk> snapshots_;
    std::unique_ptr<Bulk> documents_;
    std::vector<std::shared_ptr<Pending>> metrics_wanted_; // of the text to be made next
    bool metrics_in_work_ = false;
    std::unique_ptr<Signals> signals_;
    std::unique_ptr<ManagedObjects> managed_objects_;
    std::unique_ptr<Objects> objects_;
    unsigned settling_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::publish
