// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a method comes to be on org.mpapi.Multipath1.SharedDisk: as a row of a table. The plumbing
// (disk_objects.cpp) authorizes the caller, finds the disk again, holds it against the allow-list,
// looks whether the system uses it, and only then starts the method. A method answers once, at once
// or later, from the loop, and waits for nothing there: what may block goes to a worker
// (on_worker.hpp).
//
// To add methods: text and arguments in dbus/org.mpapi.Multipath1.SharedDisk.xml (a test holds them
// against the table), a function that makes a Methods, and its result into DiskObjects::publish()
// by way of daemon/service.cpp. Properties are rows of disk_properties.cpp over fields of Disk.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/disks/disk.hpp"
#include "daemon/publish/bus_writer.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace mpapi::disks {

namespace error {
inline constexpr char kNotAllowed[] = "org.mpapi.Multipath1.Error.NotAllowed";
inline constexpr char kInUse[] = "org.mpapi.Multipath1.Error.InUse";
inline constexpr char kNeededBySystem[] = "org.mpapi.Multipath1.Error.NeededBySystem";
inline constexpr char kReservationConflict[] = "org.mpapi.Multipath1.Error.ReservationConflict";
inline constexpr char kNotScratch[] = "org.mpapi.Multipath1.Error.NotScratch";
inline constexpr char kNoScratchSectors[] = "org.mpapi.Multipath1.Error.NoScratchSectors";

// EBADE and ENOKEY are a reservation conflict, EBUSY says that the disk is in use, ENOSPC that
// there are no scratch sectors, EROFS that nobody may; the rest as publish::error::name_for().
const char* name_for(const Error& error);
} // namespace error

// A call that may go on. Loop's thread only. Who lets go of it without an answer has it answered
// with Failed.
class Call {
  public:
    virtual ~Call() = default;

    // As it was when the checks were made.
    virtual const DiskPtr& disk() const = 0;
    // Its arguments are still to be read (sd_bus_message_read); their types are right.
    virtual sd_bus_message* message() const = 0;
    virtual std::optional<uid_t> user() const = 0;
    // The sender has left the bus: the answer goes nowhere.
    virtual bool abandoned() const = 0;

    virtual void reply(const std::function<void(publish::BusWriter&)>& write) = 0;
    void reply() {
        reply([](publish::BusWriter&) {});
    }
    // For a large answer: takes over a message made of message()
    // (sd_bus_message_new_method_return).
    virtual void reply(BusMessage made) = 0;
    virtual void fail(const char* name, const std::string& text) = 0;
    // What the journal says beside "done".
    virtual void remark(std::string text) = 0;
    void fail(const Error& why) { fail(error::name_for(why), why.message() + "."); }
};

struct Method {
    const char* name;
    const char* signature; // of its arguments
    const char* result;
    const char* names; // of the arguments and of the result, each with its NUL: SD_BUS_PARAM
    std::function<void(std::shared_ptr<Call>)> start;
    // Refused where the system uses the disk.
    bool spares_used_disks = true;
    // Entered into the journal when it ends: it changes something.
    bool recorded = false;
};

using Methods = std::vector<Method>;

} // namespace mpapi::disks
