// SPDX-License-Identifier: LGPL-2.1-or-later
//
// libudev: what udev knows of disks, and its events. Events come after udev's rules have run (the
// "udev" group), so device nodes and properties are there. They are filtered in the kernel by our
// tag, which udev-rules/70-mpapi.rules gives; without that rule (a build tree, a container) by
// subsystem, which wakes us more often but misses nothing.
//
// Disks are not enumerated here but from sysfs (hardware.cpp): a disk that was there before the
// rule was installed has no tag, and libudev would make an object of each disk, at fifty system
// calls, only to tell its name.
//
// For a change of access states that is too late: udev handles the events of a device and of what
// is below it one after the other, so a unit attention waits until the disk's last event went
// through all rules (0.2 s and more). These are heard from the kernel's own group ("kernel") too,
// which has all that is needed of them; a socket filter keeps other events from waking us.
//
// Loop's thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/kernel/udev_facts.hpp"
#include "daemon/kernel/uevent.hpp"

#include <libudev.h>

#include <memory>
#include <optional>
#include <string>

namespace mpapi::kernel {

class Udev {
  public:
    // Subscribes; events from now on wait in the socket.
    static Result<std::unique_ptr<Udev>> open();

    int descriptor() const noexcept;
    // The next event, nullopt when none waits. ENOBUFS: events were lost, the rest can be read.
    Result<std::optional<Uevent>> receive() { return receive(monitor_.get()); }

    // The kernel's own group, changes of SCSI devices only; -1 where it cannot be listened to.
    int kernel_descriptor() const noexcept;
    Result<std::optional<Uevent>> receive_from_kernel() { return receive(kernel_.get()); }

    struct Word {
        std::optional<bool> member; // DM_MULTIPATH_DEVICE_PATH
        std::shared_ptr<const daemon::UdevFacts> facts;
    };
    // What the database says of a disk; nothing if there is none under that name.
    Word word_of(const std::string& disk);

    // Why no events come: no udevd. "" when they do.
    static std::string trouble();

  private:
    using Context = std::unique_ptr<struct udev, DropWith<udev_unref>>;
    using Monitor = std::unique_ptr<udev_monitor, DropWith<udev_monitor_unref>>;
    using Device = std::unique_ptr<udev_device, DropWith<udev_device_unref>>;

    Udev(Context context, Monitor monitor, Monitor kernel)
      : context_(std::move(context))
      , monitor_(std::move(monitor))
      , kernel_(std::move(kernel)) {}

    static Monitor listen_to_kernel(udev* context);
    Result<std::optional<Uevent>> receive(udev_monitor* monitor);

    std::shared_ptr<const daemon::UdevFacts> facts_of(udev_device* device);

    Context context_;
    Monitor monitor_;
    Monitor kernel_; // may be null
    UdevFactsPool pool_;
};

} // namespace mpapi::kernel
