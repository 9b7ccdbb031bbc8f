// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Has udev look at a disk again, as if the kernel had told of a change, and waits until its rules
// have run: what they say of the disk depends on a record that was changed.
//
// The daemon cannot write to sysfs, and shall not: one file of it would open all of them. So
// systemd runs a unit for it, mpapi-disk-changed@.service, which can do that and no more.
//
// Loop's thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>

namespace mpapi::paths {

class UdevEvent {
  public:
    using Ended = std::function<void(Status)>;

    // `bus` is attached to a loop and outlives this. Null: whatever is asked for fails.
    explicit UdevEvent(sd_bus* bus);
    UdevEvent(const UdevEvent&) = delete;
    UdevEvent& operator=(const UdevEvent&) = delete;

    // `device` is a kernel name, "sdc". `ended` is called once and may ask again; from within
    // where it cannot even be begun. One event at a time, the others wait.
    void send(const std::string& device, Ended ended);

  private:
    struct Waiting {
        std::string device;
        Ended ended;
    };

    void start();
    void on_started(sd_bus_message* reply);
    void on_removed(sd_bus_message* signal);
    void finish(Status status);

    sd_bus* bus_;
    std::deque<Waiting> waiting_;                // the first is under way
    std::string unit_;                           // of the first
    std::string job_;                            // empty: systemd has not answered yet
    std::map<std::string, std::string> removed_; // results of the unit's jobs until then
    BusSlot removal_;
    BusSlot starting_;
};

} // namespace mpapi::paths
