// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The second seam to the storage under the daemon, beside hardware.hpp: the block devices that I/O
// goes to (maps and disks), and what this system does with them. The kernel and the embedded
// storage area network implement it. Everything may be called from any thread and may block:
// workers only.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"

#include <systemd/sd-event.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mpapi::daemon {

// A block device as it was seen: names and numbers are given to others when it is gone.
struct BlockRef {
    std::string device; // kernel name, "dm-3", "sdc"
    model::DeviceNumber number;
    bool operator==(const BlockRef&) const = default;
};

struct BlockGeometry {
    std::uint64_t size = 0;        // bytes
    std::uint32_t sector_size = 0; // logical, bytes: a power of two, 512 at least
    bool read_only = false;
    bool operator==(const BlockGeometry&) const = default;
};

// What buffers of direct I/O are aligned to.
inline constexpr std::size_t kBlockAlignment = 4096;

// An open block device, past every cache. Used by one thread at a time. Offsets and lengths are
// multiples of the sector size, buffers aligned to kBlockAlignment. EBADE: RESERVATION CONFLICT.
class BlockDevice {
  public:
    virtual ~BlockDevice() = default;

    virtual const BlockGeometry& geometry() const = 0;
    // All of it or an error.
    virtual Status read(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
    // Returns once it is on stable storage as far as the device tells.
    virtual Status write(std::uint64_t offset, std::span<const std::uint8_t> from) = 0;
};

// What sysfs has no class of transport for (model::Transport).
enum class Attachment : std::uint8_t { Unknown, Ata, Usb };

// What this system knows of a block device, and does with it, its partitions and what is on top of
// them.
struct BlockUse {
    bool removable = false; // its medium, as the device says
    Attachment attachment = Attachment::Unknown;
    bool root = false; // holds /
    bool boot = false; // holds /boot, /efi or /boot/efi
    bool swap = false;
    bool hibernate = false;  // the kernel would resume from it
    bool crash_dump = false; // crash dumps go there
    bool system_bus = false; // behind the same adapter as the disk that holds /
    bool dynamic = false;    // physical volume of LVM or member of MD RAID, active
    // Who has it in use, for people; empty: nobody.
    std::vector<std::string> users;
    bool operator==(const BlockUse&) const = default;
};

// A disk that is not SCSI, of which the model has nothing.
struct OtherDisk {
    BlockRef ref;
    std::string place; // in the tree of devices: the same as long as it is attached there
    std::string wwid;  // "eui.0025385b21404321", "virtio-DATA1"; "" where it tells none
    std::string product, revision, serial_number;
    std::string adapter;    // for people: "nvme0", "virtio2"
    std::uint64_t size = 0; // bytes
    bool read_only = false;
    std::uint32_t paths = 1; // controllers that lead to it
    bool operator==(const OtherDisk&) const = default;
};

struct BlockAccess {
    bool writing = false;
    // EBUSY where anything of this system, a mount or another program, has claimed the disk or a
    // partition of it, and nobody else can while the device is open.
    bool exclusive = true;
};

class BlockHardware {
  public:
    virtual ~BlockHardware() = default;

    // Any thread, and may block: workers only. `paths` are the disks under a map, those that serve
    // now first; a disk in no map is its own. Fails with ENODEV when the device under that name is
    // not the one with that number any more, and with EROFS where writing is not possible.
    virtual Result<std::unique_ptr<BlockDevice>>
    open(const BlockRef& ref, const std::vector<BlockRef>& paths, BlockAccess access) = 0;

    // The loop's thread; asks no device. An error is no answer: whoever asked must take the device
    // for used.
    virtual Result<BlockUse> use(const BlockRef& ref) = 0;

    // The disks that are not SCSI; the loop's thread, asks no device.
    virtual std::vector<OtherDisk> other_disks() { return {}; }
    // Calls `changed` from the loop whenever they may be others than before.
    virtual Status watch_other_disks(sd_event* loop, std::function<void()> changed) {
        (void)loop;
        (void)changed;
        return Done{};
    }
};

} // namespace mpapi::daemon
