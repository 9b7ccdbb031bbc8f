// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The ownerships of all shared disks: each is a machine of its own (ownership.hpp), made when it is
// first asked for. Over a restart of the daemon a mark in /run tells which disks were owned;
// whether they still are is what the device says. A boot ends ownership, for nobody defended
// meanwhile.
//
// Loop's thread only.
#pragma once

#include "common/system/handle.hpp"
#include "daemon/disks/disk.hpp"
#include "daemon/disks/ownership/disk_reservations.hpp"
#include "daemon/disks/runtime_marks.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace mpapi::disks {

class Owners {
  public:
    using Ended = std::function<void(Status)>;

    // All are called from the loop and outlive this.
    struct Means {
        sd_event* loop;
        Reservations& reservations;
        RuntimeMarks& marks; // label of the disk's id, with our key
        std::function<DiskPtr(const std::string& id)> find;
        // Null: nobody but us brings paths back. Asked for each disk that is arbitrated.
        std::function<std::unique_ptr<PathKeeper>(const std::string& id)> path_keeper;
        std::function<void(const std::string& id, OwnershipState)> changed;
        std::function<void(const std::string& id, const std::string& why)> lost;
        std::function<void(int priority, const std::string& text)> note;
        Ownership::Times times{};
    };
    // Takes up what the process before owned; `present` are the disks there are.
    Owners(Means means, const std::vector<DiskPtr>& present);
    ~Owners();
    Owners(const Owners&) = delete;
    Owners& operator=(const Owners&) = delete;

    OwnershipState state(const std::string& id) const;
    bool owned(const std::string& id) const {
        const auto now = state(id);
        return now == OwnershipState::Owned || now == OwnershipState::Unconfirmed;
    }

    // As Ownership::arbitrate() and stop(). ENODEV: there is no such disk.
    void arbitrate(const std::string& id, Ended ended);
    void stop(const std::string& id, Ended ended);

    // As Ownership::admit(); also of a disk that is not there.
    void admit(const std::string& id, const Nexus& nexus, Ended ended);

    // As of DisksObserver.
    void disk_changed(const DiskPtr& before, const DiskPtr& after);

  private:
    struct Entry;

    Entry& entry(const std::string& id);
    void restore(const DiskPtr& disk);
    void changed(const std::string& id, OwnershipState state);

    Means means_;
    std::map<std::string, std::unique_ptr<Entry>> entries_; // by id
    std::set<std::string> left_;                            // ids that the process before owned
};

} // namespace mpapi::disks
