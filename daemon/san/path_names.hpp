// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/paths/intents.hpp"
#include "daemon/san/fabric.hpp"

#include <cstdint>

namespace mpapi::san {

// The path of this name, whether it has a disk now or not; none: there is no such path, or it leads
// to another unit now. The loop's thread only; no stripe may be held.
std::uint32_t path_named(Fabric& fabric, const paths::PathName& name);

} // namespace mpapi::san
