// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All shared disks, kept up to date with the model: which there are, what this system does with
// them, and, of those that are allowed, what they say of themselves. Loop's thread only.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/block_hardware.hpp"
#include "daemon/config.hpp"
#include "daemon/disks/disk.hpp"
#include "daemon/hardware.hpp"
#include "daemon/inventory/source.hpp"
#include "daemon/workers/workers.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace mpapi::disks {

// Told from the loop, once for each turn in which something changed.
class DisksObserver {
  public:
    // One appeared (before is null), is gone (after is null) or has other values. A path that is
    // new or usable again is among after->nexuses and was not so in before->nexuses.
    virtual void disk_changed(const DiskPtr& before, const DiskPtr& after) = 0;

  protected:
    ~DisksObserver() = default;
};

class Disks final : public daemon::ModelListener {
  public:
    // What all that reaches a disk works with. All outlive the disks and every job.
    struct Means {
        sd_event* loop;
        daemon::Hardware& hardware;
        daemon::BlockHardware& blocks;
        daemon::Workers& workers;
        std::chrono::milliseconds timeout; // of one command
        daemon::Config::Disks config;
        std::uint64_t key; // this node's, for persistent reservations
    };
    static Result<std::unique_ptr<Disks>> create(Means means, model::SnapshotPtr now);
    ~Disks();
    Disks(const Disks&) = delete;
    Disks& operator=(const Disks&) = delete;

    const Means& means() const { return means_; }
    void add_observer(DisksObserver& observer) { observers_.push_back(&observer); }

    // Null: there is none with this id.
    DiskPtr find(const std::string& id) const;
    // Logical units first, then others, each by id.
    std::vector<DiskPtr> all() const;

    // Looks anew at what the system does with the disk; calls back with the disk as it is then.
    // ENODEV: it is gone.
    using Then = std::function<void(Result<DiskPtr>)>;
    void look_at_use(const std::string& id, Then then);
    // Asks the device anew (allowed disks only: else EPERM).
    void examine(const std::string& id, Then then);

    // daemon::ModelListener
    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override;

  private:
    explicit Disks(Means means);

    struct Entry;
    void put(Disk made);
    void drop(const std::string& id);
    void replace(Entry& entry, Disk made);
    void take(const model::Snapshot& snapshot, const model::Unit& unit);
    void take(const model::Snapshot& snapshot, const model::Disk& disk);
    void start_looking();
    std::string free_id(const std::string& wwid, const std::string& fallback,
                        const std::string& object) const;

    Means means_;
    std::vector<DisksObserver*> observers_;
    std::map<std::string, std::unique_ptr<Entry>> entries_; // by id
    std::map<model::Sequence, std::string> units_, disks_;  // to ids
    std::set<std::string> to_look_at_;                      // ids
    unsigned looking_ = 0;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::disks
