// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The running daemon's metrics as a file, for collectors that read a directory of text files.
#pragma once

#include "common/result.hpp"

#include <systemd/sd-bus.h>

#include <string>

namespace mpapi::daemon {

// Asks over the bus and puts the answer in the place of `path` in one step (readable by all); "-"
// is the standard output. On failure what was there stays.
Status write_metrics(sd_bus* bus, const std::string& path);

} // namespace mpapi::daemon
