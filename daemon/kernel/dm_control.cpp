// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/dm_control.hpp"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>

namespace mpapi::kernel {

Result<DmControl> DmControl::open(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (file) return DmControl(std::move(file));
    const int errnum = errno;
    // The node is made at boot from what the module promises; without the module it leads nowhere.
    const bool absent = errnum == ENOENT || errnum == ENODEV || errnum == ENXIO;
    return Error{absent ? "no device-mapper in this kernel: open" : "open", path, "", errnum};
}

Status DmControl::arm() {
    dm_ioctl request{};
    // The lowest version that has a meaning to every kernel of today: the minor number tells the
    // kernel what the caller expects of it at least.
    request.version[0] = DM_VERSION_MAJOR;
    request.data_size = sizeof request;
    request.data_start = offsetof(dm_ioctl, data);
    if (::ioctl(file_.get(), DM_DEV_ARM_POLL, &request) == 0) return Done{};
    return Error{"arm", "/dev/mapper/control", "", errno};
}

} // namespace mpapi::kernel
