// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/settings/document.hpp"
#include "daemon/san/fault.hpp"

namespace mpapi::san {

// Reads one [[fault]] of a SAN file: each verb has its own keys, the rest is refused by the
// document. Whether the disk or unit it names exists is seen when it is applied.
Fault read_fault(settings::Section& section);

} // namespace mpapi::san
