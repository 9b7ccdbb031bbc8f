// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Our own descriptor of /dev/mapper/control, for events. The kernel counts, over all maps, what
// happened (an event of a target, a table loaded, a map made, removed, renamed). The descriptor
// remembers the count at which it was armed and is readable while the count is another
// (dm_poll() in drivers/md/dm-ioctl.c). So: arm, *then* list. What happens in between makes it
// readable again; the other order loses it.
//
// Opening may load the kernel's dm-mod module. Kernels before 4.13 cannot be armed: then maps are
// read again after uevents only.
//
// Loop's thread only. Arming never waits.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <string>

namespace mpapi::kernel {

class DmControl {
  public:
    // Fails with "no device-mapper in this kernel" as the reason for that.
    static Result<DmControl> open(const std::string& path = "/dev/mapper/control");

    int descriptor() const noexcept { return file_.get(); }
    // ENOTTY: this kernel cannot be armed.
    Status arm();

  private:
    explicit DmControl(Fd file)
      : file_(std::move(file)) {}

    Fd file_;
};

} // namespace mpapi::kernel
