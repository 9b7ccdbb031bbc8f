// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Shared disks as objects on the bus: one fallback vtable and one node enumerator beside those of
// the model (publish/objects.hpp), which has the object manager. Here stands what each call passes:
// may the caller, is the disk there, is it allowed, does the system use it. What the members mean
// is told in dbus/org.mpapi.Multipath1.SharedDisk.xml.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/bus/senders.hpp"
#include "common/system/handle.hpp"
#include "daemon/disks/disks.hpp"
#include "daemon/disks/methods.hpp"
#include "daemon/publish/journal.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::disks {

std::string object_path(const Disk& disk);

class DiskObjects final : private DisksObserver {
  public:
    // All outlive this; the bus is attached to the loop of Disks::Means. Observes the disks.
    struct Means {
        sd_bus* bus;
        Disks& disks;
        bus::Gatekeeper& gatekeeper;
        bus::Senders& senders;
        publish::Journal::Sink journal;
    };
    static Result<std::unique_ptr<DiskObjects>> publish(Means means, Methods methods);
    ~DiskObjects();
    DiskObjects(const DiskObjects&) = delete;
    DiskObjects& operator=(const DiskObjects&) = delete;

    // The entries of a{oa{sa{sv}}}, no more than about `limit` bytes of them. All that is news is
    // told before, so that who reads once and then listens misses nothing and hears nothing twice.
    void append_all(publish::BusWriter& out, std::size_t limit);

  private:
    struct Calls;
    class Pending;
    friend struct Calls;

    explicit DiskObjects(Means means, Methods methods);
    Status start();
    void called(sd_bus_message* call, const Method& method);
    void allowed(const std::shared_ptr<Pending>& pending, const std::string& id);
    void list(sd_bus_message* call);
    void tell_changes();
    void tell_one();
    void disk_changed(const DiskPtr& before, const DiskPtr& after) override;

    Means means_;
    const std::shared_ptr<const Methods> methods_; // calls may outlive this
    DiskPtr found_;                                // for the call of sd-bus under way
    std::map<std::string, DiskPtr> told_;          // by id: as it was told last, of those with news
    bool telling_ = false;                         // what is read now goes into a signal
    EventSource turns_;
    std::vector<sd_bus_vtable> vtable_, list_vtable_;
    std::vector<BusSlot> slots_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::disks
