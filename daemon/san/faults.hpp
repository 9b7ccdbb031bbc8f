// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Carries out faults: changes the SAN as the fault says and posts what the kernel would tell of it.
// The kernel tells of disks that come and go, of unit attentions it sees and of device-mapper's
// events; of a transport that breaks it tells nothing, that shows in the state of the device and in
// the map.
#pragma once

#include "common/result.hpp"
#include "daemon/san/fabric.hpp"
#include "daemon/san/fault.hpp"

namespace mpapi::san {

// The loop's thread only. Fails with the verb, the thing and ENOENT for a thing that is not there,
// EINVAL, EEXIST or EBUSY for what cannot be done to it; then nothing has changed.
Status apply_fault(Fabric& fabric, const Fault& fault);

} // namespace mpapi::san
