// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the clean-up of an evicted node does to its disks (MS-CSVP 3.6.4.1): none is defended or
// reserved by this node any more. One disk after another, in the order in which a session's end
// gives a disk back: offline first, then the defence, then the key.
#pragma once

#include "clusprep/interfaces/disks.hpp"

#include <functional>

namespace mpapi::clusprep {

// `done` once, from the loop, with the first failure; the other disks are released all the same.
// The disks outlive it.
void release_disks(csvp::Disks& disks, std::function<void(Status)> done);

} // namespace mpapi::clusprep
