// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was read of a stack of devices, as holders of the one at its bottom. Pure.
#pragma once

#include "common/result.hpp"
#include "daemon/holders/block_stack.hpp"
#include "daemon/holders/lookup.hpp"
#include "daemon/holders/process_report.hpp"

#include <vector>

namespace mpapi::holders {

// `stack` as stack_on() gives it; it is not empty.
Findings findings(const std::vector<BlockDevice>& stack, const std::vector<Mount>& mounts,
                  const std::vector<Swap>& swaps, const Result<ProcessReport>& processes);

} // namespace mpapi::holders
