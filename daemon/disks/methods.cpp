// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/methods.hpp"

#include "daemon/publish/errors.hpp"

#include <cerrno>

namespace mpapi::disks::error {

const char* name_for(const Error& error) {
    switch (error.errnum) {
    case EBADE:
    case ENOKEY:
        return kReservationConflict;
    case ENOSPC:
        return kNoScratchSectors;
    case EROFS:
        return publish::error::kNotPermitted;
    case EBUSY:
        return kInUse;
    case ENODEV:
        return publish::error::kFailed;
    default:
        return publish::error::name_for(error);
    }
}

} // namespace mpapi::disks::error
