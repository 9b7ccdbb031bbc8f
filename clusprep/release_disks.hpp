// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the clean-up of an evicted node does to its disks (MS-CSVP 3.6.4.1): none is defended,
// registered or kept offline by this node any more. One disk after another: offline first, then
// the defence and the key, as at the end of a session; then it is the system's again.
#pragma once

#include "clusprep/interfaces/disks.hpp"

#include <functional>

namespace mpapi::clusprep {

// `done` once, from the loop, with the first failure; the other disks are released all the same.
// The disks outlive it.
void release_disks(csvp::Disks& disks, std::function<void(Status)> done);

} // namespace mpapi::clusprep
