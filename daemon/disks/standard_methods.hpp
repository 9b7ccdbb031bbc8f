// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The methods that need nothing but the disk itself. What each does is told in
// dbus/org.mpapi.Multipath1.SharedDisk.xml. What is passed outlives the methods and every call.
#pragma once

#include "daemon/disks/disks.hpp"
#include "daemon/disks/files/file_service.hpp"
#include "daemon/disks/methods.hpp"
#include "daemon/disks/reservations.hpp"

namespace mpapi::disks {

// Examine, IsReadable, GetUniqueIds, RawRead, RawReadFile, RawWrite, FindScratchSectors. `files`
// tells what libblkid knows a disk to be; null: there are no scratch sectors.
Methods raw_methods(Disks& disks, FileService* files);

// ReservationRegister, …Unregister, …Reserve, …Release, …Preempt, …Clear, …Read.
Methods reservation_methods(Reservations& reservations);

} // namespace mpapi::disks
