// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which shared disks are offline, and the way there and back. What offline means is told in
// offline.hpp; here it is kept true while paths come and go and over a restart of the daemon: the
// claims in systemd's store, the rest as marks in /run, which udev's rules look at too
// (61-mpapi-offline.rules). A disk whose block device goes is offline no more: it comes back under
// another number as a new device. After a boot every disk is online.
//
// A path that returns to an offline map is made read-only as soon as it is seen. Until then only
// who writes to that path itself can write, not to the map.
//
// Loop's thread only.
#pragma once

#include "daemon/disks/disk.hpp"
#include "daemon/disks/offline/offline_work.hpp"
#include "daemon/disks/runtime_marks.hpp"
#include "daemon/hardware.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace mpapi::disks {

class OnlineStates {
  public:
    using Ended = std::function<void(Status)>;

    // All are called from the loop and outlive this.
    struct Means {
        OfflineWork& work;
        ClaimStore& store;
        RuntimeMarks& marks; // "253:0" with the disk's id
        std::function<DiskPtr(const std::string& id)> find;
        // Loads the table of the map that is in force once more, as one that may be written to.
        std::function<void(const daemon::MapRef&, Ended)> load_table_again;
        // Has udev look at the device anew; may be null.
        std::function<void(const std::string& device)> udev_event;
        std::function<void(const std::string& id, bool online)> changed;
        std::function<void(int priority, const std::string& text)> note;
    };
    // Takes up what the process before has left; `present` are the disks there are.
    OnlineStates(Means means, const std::vector<DiskPtr>& present);
    ~OnlineStates() { *alive_ = false; }
    OnlineStates(const OnlineStates&) = delete;
    OnlineStates& operator=(const OnlineStates&) = delete;

    bool online(const std::string& id) const { return entries_.count(id) == 0; }
    // Whether it is on its way.
    bool busy(const std::string& id) const { return busy_.count(id) != 0; }

    // Offline already: done. EALREADY: it is on its way. The failure's why has its errnum.
    void take_offline(const std::string& id,
                      std::function<void(std::optional<OfflineFailure>)> then);
    // Online already: done. It stays offline where anything fails before the claim is dropped.
    void bring_online(const std::string& id, Ended then);

    // As of DisksObserver.
    void disk_changed(const DiskPtr& before, const DiskPtr& after);

  private:
    struct Entry {
        dm::DeviceNumber number;
        Fd claim;
        std::set<dm::DeviceNumber> locked; // paths
    };

    void taken(const DiskPtr& disk, const BlockDisk& block, Fd claim);
    void restore(const DiskPtr& disk);
    void lock_paths(const Disk& disk, Entry& entry);
    void mark(dm::DeviceNumber device, const std::string& id);
    void unmark(dm::DeviceNumber device);
    void forget(const std::string& id);
    void writable(const std::string& id, bool second, Ended then);
    void released(const std::string& id, const DiskPtr& disk, Ended then);
    std::shared_ptr<bool> alive() const { return alive_; }

    Means means_;
    std::map<std::string, Entry> entries_; // of those that are offline
    std::set<std::string> busy_;
    // Ids that the process before had offline, and of how many devices, the map and its paths.
    std::map<std::string, unsigned> left_;
    std::map<dm::DeviceNumber, Fd> kept_claims_; // of these
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// What is under the disk.
BlockDisk block_disk(const Disk& disk);

} // namespace mpapi::disks
