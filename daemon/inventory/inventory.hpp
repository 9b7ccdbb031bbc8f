// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Everything that is known, kept up to date: facts come in from the hardware, questions go out to
// devices by way of the workers, and each turn of the loop that learnt something ends in one new
// snapshot and one list of events for the listeners. Data flows one way:
//
//   hardware -> records -> (questions -> answers -> records) -> units -> snapshot -> listeners
//
// Only what changed is looked at: a record that learns something marks its map, and a commit
// assembles the marked maps, a slice of them per turn of the loop.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/config.hpp"
#include "daemon/hardware.hpp"
#include "daemon/inventory/assemble.hpp"
#include "daemon/inventory/designators.hpp"
#include "daemon/inventory/policy.hpp"
#include "daemon/inventory/records.hpp"
#include "daemon/inventory/refresh_schedule.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/inventory/unmapped_disks.hpp"
#include "daemon/paths/management.hpp"
#include "daemon/workers/workers.hpp"

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::daemon {

class Inventory final : public HardwareObserver,
                        public PolicyObserver,
                        public paths::ManagementObserver,
                        public ModelSource {
  public:
    // `instance` tells this run from every other. All references outlive the inventory.
    Inventory(sd_event* loop, Hardware& hardware, Workers& workers, ObjectIds& ids,
              MultipathPolicy& policy, const Config& config, std::uint64_t instance);
    ~Inventory() override;

    // Starts the hardware. `ready` is called once, when everything that existed at the start has
    // been looked at, or when Config::Startup::verify has passed; from then on snapshot() is not
    // empty and listeners are told. `unsaved` is called when numbers cannot be saved any more; the
    // inventory goes on.
    Status start(std::function<void()> ready, std::function<void(const Error&)> unsaved);

    void add_listener(ModelListener& listener) { listeners_.push_back(&listener); }

    // A map as the hardware told it last, table and all; null: there is none with this number.
    const MapFacts* map_facts(model::DeviceNumber number) const;

    // PolicyObserver
    void set_path_manager(const std::string& manager, const std::string& reason) override;
    void policy_changed() override;
    void exclusions_changed() override;

    // paths::ManagementObserver. The manager outlives the inventory or is taken away again.
    void set_management(const paths::PathManager* manager,
                        std::shared_ptr<const paths::Intents> intents,
                        std::function<void()> shown) override;

    // ModelSource
    model::SnapshotPtr snapshot() const override { return snapshot_; }
    WorkCounters counters() const override { return workers_.counters(); }
    void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) override;
    void refresh(model::Sequence unit) override;
    void look_again(model::Sequence unit) override;

    // HardwareObserver
    void disk_present(const DiskFacts& disk) override;
    void disk_gone(const std::string& device) override;
    void map_present(const MapFacts& map) override;
    void map_gone(model::DeviceNumber number) override;
    void access_state_changed(const std::string& device,
                              std::chrono::steady_clock::time_point seen_at) override;
    void inquiry_data_changed(const std::string& device) override;
    void enumerated() override;
    void device_mapper_state(const std::string& trouble) override;
    void udev_state(const std::string& trouble) override;

  private:
    using Clock = std::chrono::steady_clock;
    using Epoch = std::uint64_t;
    static constexpr std::size_t kMostRetries = 8; // at a time
    // A refresh comes so much early at most, never late: what is due in one window is done in one
    // wake-up.
    static constexpr std::chrono::milliseconds kRefreshWindow{250};
    struct NumberHash {
        std::size_t operator()(model::DeviceNumber n) const {
            return std::hash<std::uint64_t>{}(std::uint64_t(n.major) << 32 | n.minor);
        }
    };

    // A disk as a question remembers it while it is away.
    struct DiskRef {
        model::DeviceNumber number;
        std::uint64_t incarnation = 0;
    };

    // A unit that had no path left to ask: if that is still so by then, it is told.
    struct Unaskable {
        Clock::time_point due;
        model::Sequence unit = 0;
        model::Time since = 0;
    };

    class IdentityJob;
    class GroupsJob;

    // Somebody who waits until every question of an epoch or older is answered.
    struct Waiter {
        Inventory* inventory = nullptr;
        Epoch epoch = 0;
        std::function<void(Status)> done;
        EventSource timer;
        bool over = false;
    };

    // disks.cpp: disks and what they say of themselves
    DiskRecord* find_disk(DiskRef ref);
    DiskRecord& disk_record(model::DeviceNumber number);
    void drop_unless_needed(DiskRecord& disk);
    void leave_ports(DiskRecord& disk);
    void take_first_identity(DiskRecord& disk, const DiskFacts& facts);
    void ask_identity_of(DiskRecord& disk, Epoch epoch, bool retry = false);
    void schedule_retry(const DiskRecord& disk);
    void retry_disks(Clock::time_point now);
    void retry_over();
    void identity_answered(DiskRef disk, Epoch epoch, const Answer<PathIdentity>& answer);
    void set_trouble(DiskRecord& disk, std::string command, std::string reason,
                     model::Time since = 0);
    void stalled(DiskRef disk, const Stall& stall);
    void ask_changed_nexuses();
    void identity_stalled(DiskRef disk, const Stall& stall);
    void returned(DiskRef disk, std::uint32_t host);
    void begin_incarnation(DiskRecord& disk);
    void touch(DiskRecord& disk);

    // maps.cpp: maps and their target port groups
    void set_members(MapRecord& map);
    std::vector<DiskRecord*> members_of(const MapFacts& facts);
    void name_path(const MapRecord& map, DiskRecord& disk);
    void leave_map(DiskRecord& disk, std::vector<model::DeviceNumber>& contested);
    bool named_as_disabled(const DiskRecord& disk) const;
    void settle_disabled();
    void put_aside(DiskRecord& disk, MapRecord* map);
    void give_back(const std::vector<model::DeviceNumber>& contested);
    void note_returns(const MapRecord& map);
    void settle_unit_name(MapRecord& map, const DiskRecord& disk);
    void set_unit_name(MapRecord& map, std::string name, model::NameType type);
    void look_for_askable(MapRecord& map);
    void tell_unaskable(Clock::time_point now);
    void inquire_groups(MapRecord& map, Epoch epoch);
    void continue_inquiry(MapRecord& map);
    void finish_inquiry(MapRecord& map);
    void groups_answered(model::Sequence unit, std::uint64_t inquiry, std::size_t index,
                         DiskRef path, const Answer<scsi::TargetPortGroups>& answer);
    static bool covers(const MapRecord& map, const std::optional<std::uint16_t>& group);
    void refresh_map(MapRecord& map, Epoch epoch, bool each_path);
    void activity(MapRecord& map);
    void arm_refresh();
    void refresh_due();
    MapRecord* find_map(model::Sequence id);

    // inventory.cpp: from marks to snapshots
    void mark(MapRecord& map);
    void mark(DiskRecord& disk);
    void caused_at(Clock::time_point when);
    void schedule_commit();
    void commit();
    bool commit_maps(model::Snapshot& next);
    void describe(model::Snapshot& next);
    void add_selector(model::Snapshot& next, const model::LogicalUnit& unit);
    void commit_tables(model::Snapshot& next, bool finished);
    void count_product(const model::LogicalUnit& unit, int change);
    void become_ready();
    void question_sent(Epoch epoch) { ++questions_[epoch]; }
    void question_over(Epoch epoch);
    void check_waiters();
    void wait_for(Epoch epoch, std::chrono::milliseconds timeout, std::function<void(Status)> done);

    sd_event* loop_;
    Hardware& hardware_;
    Workers& workers_;
    ObjectIds& ids_;
    MultipathPolicy& policy_;
    const Config& config_;
    std::vector<ModelListener*> listeners_;
    std::function<void()> ready_;
    std::function<void(const Error&)> unsaved_;

    PortTable initiator_ports_;
    PortTable target_ports_;
    std::unordered_map<model::DeviceNumber, DiskRecord, NumberHash> disks_;
    std::unordered_map<std::string, DiskRecord*> disks_by_name_;
    std::unordered_map<model::DeviceNumber, std::unique_ptr<MapRecord>, NumberHash> maps_;
    std::unordered_map<model::Sequence, MapRecord*> maps_by_id_;
    Designators designators_;
    UnmappedDisks unmapped_;

    RefreshSchedule schedule_;
    RefreshSchedule retries_;         // of disks in no map that did not answer, by device number
    std::size_t retrying_ = 0;        // of these, how many are being asked
    std::deque<Unaskable> unaskable_; // in the order of their time
    EventSource refresh_timer_;
    EventSource when_all_taken_in_;    // what else is pending goes before it
    EventSource when_out_of_patience_; // does not

    std::vector<model::DeviceNumber> dirty_maps_;
    std::vector<model::Sequence> gone_units_;
    bool describe_due_ = true;
    bool commit_due_ = false;
    std::map<model::Sequence, std::pair<model::DeviceProduct, unsigned>> products_; // with users
    bool products_changed_ = false;
    model::Manager manager_;
    paths::Management management_{nullptr, std::make_shared<const paths::Intents>()};
    std::set<DiskRecord*> disabled_; // in no table, and named as disabled paths
    bool disabled_due_ = false;      // whose paths these are may be another unit than before
    std::optional<Clock::time_point> cause_;
    model::SnapshotPtr snapshot_;
    std::uint64_t incarnations_ = 0;
    // I_T nexuses that said that what is behind them changed, until they are asked.
    std::set<std::pair<model::Sequence, model::Sequence>> changed_nexuses_;
    Epoch changed_nexuses_epoch_ = 0; // of the first of them
    EventSource nexus_timer_;
    std::uint64_t inquiries_ = 0;
    bool enumerated_ = false;

    Epoch epoch_ = 1;
    std::map<Epoch, std::size_t> questions_; // under way
    std::list<Waiter> waiters_;
};

} // namespace mpapi::daemon
