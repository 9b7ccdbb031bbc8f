// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tells when a disk that is not SCSI (other_disks.hpp) appeared, changed or went, as udev has it.
// Those of SCSI disks and of maps wake nobody here: the model hears of them in another way. Loop's
// thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <libudev.h>

#include <functional>
#include <memory>

namespace mpapi::disks {

class DiskEvents {
  public:
    // `changed` is called from the loop, once for all events that wait, as long as this lives; also
    // where events were lost. The loop outlives this.
    static Result<std::unique_ptr<DiskEvents>> open(sd_event* loop, std::function<void()> changed);

  private:
    DiskEvents() = default;
    void read();

    std::function<void()> changed_;
    std::unique_ptr<udev, DropWith<udev_unref>> context_;
    std::unique_ptr<udev_monitor, DropWith<udev_monitor_unref>> monitor_;
    EventSource source_;
};

} // namespace mpapi::disks
