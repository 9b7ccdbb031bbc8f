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
    void remove_observer(DisksObserver& observer) { std::erase(observers_, &observer); }

    // Null: there is none with this id.
    DiskPtr find(const std::string& id);
    // As far as the model was taken in: changes nothing, where the others tell all that is news.
    DiskPtr peek(const std::string& id) const;
    // Of a logical unit.
    DiskPtr find_unit(model::Sequence unit);
    // Logical units first, then others, each by id.
    std::vector<DiskPtr> all();

    // Looks anew at what the system does with the disk, without waiting for anything. ENODEV: it is
    // gone. Whoever is answered with any other error must take the disk for used.
    Result<DiskPtr> look_at_use(const std::string& id);
    // Asks the device anew; calls back with the disk as it is then, from within where it cannot:
    // ENODEV, it is gone; EPERM, it is not allowed. A device that does not answer is no error:
    // Examined::trouble.
    using Then = std::function<void(Result<DiskPtr>)>;
    void examine(const std::string& id, Then then);
    // Disks that are not SCSI came, went or changed.
    void other_disks_changed();
    // Something was mounted, unmounted, or taken into or out of use as swap.
    void uses_changed();

    // Whether this daemon holds a claim (O_EXCL) of its own on the disk: then methods open it
    // without.
    void set_claimed(const std::string& id, bool claimed);
    // What the cluster does with it: "this-node", "unconfirmed" or "" for the ownership. The text
    // lives for ever.
    void set_control(const std::string& id, std::string_view ownership, bool online);

    // Why a path is kept out of use; "": it is not. Whether that is news.
    bool set_left_out(const std::string& id, const std::string& device, const std::string& why);

    // daemon::ModelListener
    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override;

  private:
    explicit Disks(Means means);

    struct Entry;
    void put(Disk made, const std::string& fallback, std::string& known);
    void drop(const std::string& id);
    void replace(Entry& entry, Disk made);
    void count(const std::string& wwid, const std::string& id, bool there);
    bool take_in(std::size_t most);
    void take(const model::Snapshot& snapshot, const model::Unit& unit);
    void take(const model::Snapshot& snapshot, const model::Disk& disk);
    void take(const daemon::OtherDisk& disk);
    void look_at(const std::string& id);
    void look_at_next();
    void ask_device(const std::string& id);
    void examined(const std::string& id, Result<Examined> found);

    Means means_;
    std::vector<DisksObserver*> observers_;
    std::map<std::string, std::unique_ptr<Entry>> entries_; // by id
    std::map<model::Sequence, std::string> units_, disks_;  // to ids
    std::map<std::string, std::string> others_;             // places to ids
    std::map<std::string, std::set<std::string>> by_wwid_;  // ids
    model::SnapshotPtr snapshot_;
    std::set<model::Sequence> news_of_units_, news_of_disks_; // not taken in from it yet
    bool some_may_have_left_ = false;
    std::set<std::string> to_look_at_;  // ids
    std::set<std::string> leaving_out_; // ids of those that may leave paths out
    unsigned examining_ = 0;
    EventSource turns_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::disks
