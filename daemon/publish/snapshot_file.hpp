// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot in its flat form (common/flat) as a sealed file in memory, for GetSnapshot.
#pragma once

#include "common/model/snapshot.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

namespace mpapi::publish {

// Usable from any thread.
Result<Fd> write_snapshot_file(const model::Snapshot& snapshot);

} // namespace mpapi::publish
