// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The narrow seam between the daemon and the storage under it. Two implementations: the kernel
// (daemon/kernel) and the embedded storage area network (daemon/san). Everything above answers from
// what passes through here and runs unchanged on either.
//
// Facts are what the system says without asking a device. They are values: an Observer gets the
// whole of a thing each time, and decides itself what is new in it.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct sd_event;

namespace mpapi::daemon {

// One end of an I_T nexus. Implementations hand out the same object for the same port, so many
// disks share one.
struct PortFacts {
    model::Transport transport = model::Transport::Unknown;
    std::string port_id;       // as model::InitiatorPort::port_id / model::TargetPort::port_id
    std::string device_file;   // initiator ports only
    std::string friendly_name; // initiator ports only
    bool operator==(const PortFacts&) const = default;
};

// What udev's database says of a disk that matters to multipath-tools. Implementations hand out the
// same object for equal facts, so the paths of a unit share one; equal pointers mean equal facts.
struct UdevFacts {
    std::string serial;   // ID_SERIAL, which multipath-tools take for the WWID
    std::string bus;      // ID_BUS: "scsi", "ata", "usb"
    bool waiting = false; // FIND_MULTIPATHS_WAIT_UNTIL: held back, a second path may come
    // Names of all properties, in the database's order.
    std::shared_ptr<const std::vector<std::string>> property_names; // never null
    bool operator==(const UdevFacts&) const = default;
};

struct DiskFacts {
    std::string device; // kernel name, "sdc"
    model::DeviceNumber number;
    model::ScsiAddress address;
    std::shared_ptr<const PortFacts> initiator_port; // never null
    std::shared_ptr<const PortFacts> target_port;    // never null
    model::DeviceState state = model::DeviceState::Unknown;
    std::uint64_t size = 0; // bytes
    // Pages the kernel read when it found the disk, for the first display only (they may be stale).
    std::string vendor, product, revision;
    std::vector<std::uint8_t> device_identification; // VPD 83h; empty where sysfs has none
    // What speaks for or against its being part of a map.
    std::optional<bool> multipath_member;  // udev DM_MULTIPATH_DEVICE_PATH; nullopt: not set
    std::shared_ptr<const UdevFacts> udev; // null: udev says nothing
    std::uint8_t device_type = 0;          // SPC-4 6.6.2, peripheral device type
    std::vector<std::string> holders;      // names of block devices on top of it
    bool operator==(const DiskFacts&) const = default;
};

struct MapFacts {
    std::string name;
    std::string uuid; // may be empty
    model::DeviceNumber number;
    std::uint32_t event_number = 0;
    std::uint64_t size = 0; // bytes
    bool suspended = false;
    bool read_only = false;
    std::string table;  // parameters of the multipath target
    std::string status; // STATUSTYPE_INFO of it
    bool operator==(const MapFacts&) const = default;
};

// The outcome of one command as SAM sees it. `error` is set when it never reached the logical unit
// or no status came back; then the rest means nothing.
struct ScsiReply {
    std::optional<Error> error;
    std::uint8_t status = 0;         // SAM-5 5.3.1
    std::vector<std::uint8_t> sense; // as sent, either format; may be empty
    std::size_t received = 0;        // bytes of the caller's buffer that were filled

    bool good() const { return !error && status == 0; }
};

// An open logical unit. Used by one thread at a time; a call blocks until the device answers or the
// transport gives up, so it belongs on a worker (workers.hpp). Opened without the right to write.
class ScsiDevice {
  public:
    virtual ~ScsiDevice() = default;

    virtual ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                           std::chrono::milliseconds timeout) = 0;
    // A command with a parameter list to the device (SET TARGET PORT GROUPS), or with no data at
    // all. Who changes something has read VPD 83h through this same object before.
    virtual ScsiReply write(std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> data,
                            std::chrono::milliseconds timeout) = 0;
};

// A map as it was seen: numbers and names are given to others when it is gone, all three together
// are not.
struct MapRef {
    model::DeviceNumber number;
    std::string name;
    std::string uuid;
    bool operator==(const MapRef&) const = default;
};

// Called on the loop's thread only.
class HardwareObserver {
  public:
    virtual void disk_present(const DiskFacts& disk) = 0; // new or changed
    virtual void disk_gone(const std::string& device) = 0;
    virtual void map_present(const MapFacts& map) = 0; // new or changed
    virtual void map_gone(model::DeviceNumber number) = 0;

    // The device told the kernel by a unit attention that its target port groups changed
    // (2Ah/06h, 2Ah/07h) or that its identity may have (3Fh/03h, 3Fh/0Eh, 29h/xxh, 2Ah/09h).
    // `seen_at` is when the kernel's word reached the daemon, CLOCK_MONOTONIC.
    virtual void access_state_changed(const std::string& device,
                                      std::chrono::steady_clock::time_point seen_at) = 0;
    virtual void inquiry_data_changed(const std::string& device) = 0;

    // Everything that exists now has been told at least once.
    virtual void enumerated() = 0;
    // A source does not work, "" when it works (again): "no device-mapper in this kernel".
    virtual void device_mapper_state(const std::string& trouble) = 0;
    virtual void udev_state(const std::string& trouble) = 0;

  protected:
    ~HardwareObserver() = default;
};

class Hardware {
  public:
    virtual ~Hardware() = default;

    // Begins to tell `observer` what exists, from the loop, and goes on telling what changes. The
    // observer outlives the hardware.
    virtual Status start(sd_event* loop, HardwareObserver& observer) = 0;

    // May be called from any thread, and may block: worker threads only. Fails with ENODEV when the
    // device under that name is not the one with that number any more.
    virtual Result<std::unique_ptr<ScsiDevice>> open(const std::string& device,
                                                     model::DeviceNumber number) = 0;

    // Calls `done` on the loop once everything that had happened before this call has been told:
    // udev's queue seen empty, the monitor drained, the dm list read again. Fails with ETIMEDOUT.
    virtual void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) = 0;

    // Looks again at what nobody announces: the state of a SCSI device (the kernel sends no event
    // for it) and whether a map is suspended. For the regular refresh of a logical unit; news reach
    // the observer as usual, also from within this call. Unknown names are ignored. Never blocks.
    virtual void look_again(const std::vector<std::string>& disks,
                            const std::vector<model::DeviceNumber>& maps) = 0;

    // What the multipath driver is: name, vendor, version, selectors. For model::Plugin.
    virtual model::Plugin describe() = 0;

    // Changes of a map, made in the order in which they are asked for. None blocks; `ended` is
    // called once, later, from the loop. What changed is told to the observer first. ENODEV: this
    // map is gone, another may have its number. EBUSY: somebody has suspended it or, of removal,
    // has it open. ETIMEDOUT: there was no answer; the change may still happen.
    using Ended = std::function<void(Status)>;
    // To the multipath target: "fail_path 8:16" (drivers/md/dm-mpath.c, multipath_message()).
    virtual void send_message(const MapRef& map, const std::string& message, Ended ended) = 0;
    // Parameters of the multipath target in the place of the ones in force, size and all else as
    // they are, without a flush and without losing I/O. On failure the old table is in force, the
    // new one cleared, and nothing is left suspended. ENXIO: a device of the table is gone.
    virtual void load_table(const MapRef& map, const std::string& table, Ended ended) = 0;
    // Never forced, never deferred.
    virtual void remove_map(const MapRef& map, Ended ended) = 0;
    // Takes away tables that were loaded but never came into force: of one who was killed in
    // between.
    virtual void clear_inactive_table(const MapRef& map, Ended ended) = 0;
};

} // namespace mpapi::daemon
