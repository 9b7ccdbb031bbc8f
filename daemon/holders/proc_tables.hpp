// SPDX-License-Identifier: LGPL-2.1-or-later
//
// /proc/PID/mountinfo and /proc/swaps (proc(5)). Names in both are of others' choosing: white space
// and backslashes in them stand as \ooo. A line that is not understood is left out: later kernels
// may have more to tell, and what these tables are read for is decided elsewhere.
#pragma once

#include "common/dm/device_number.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::holders {

struct Mount {
    dm::DeviceNumber number; // st_dev of files on it: the device, or 0:n where there is more to it
    std::string point;       // as seen from the root of the process whose table it is
    std::string type;        // "xfs"
    std::string source;      // as given to mount(2): "/dev/mapper/mpatha"
    bool operator==(const Mount&) const = default;
};

struct Swap {
    std::string file; // "/dev/dm-3"
    bool device = false;
    bool operator==(const Swap&) const = default;
};

std::vector<Mount> parse_mountinfo(std::string_view text);
std::vector<Swap> parse_swaps(std::string_view text);

// Without \ooo; a backslash before anything else stands for itself.
std::string unescape_octal(std::string_view text);

} // namespace mpapi::holders
