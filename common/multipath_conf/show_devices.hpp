// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The reply of multipathd to "show devices" (snprint_devices() of multipath-tools 0.9.4): a
// heading, then one block device a line, "    sda devnode whitelisted, unmonitored".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mpapi::multipath_conf {

enum class WatchState : std::uint8_t {
    Monitored,          // a path of multipathd's
    Allowed,            // its name passes the rules, yet it is no path
    DevnodeBlacklisted, // its name is excluded
    Hidden,             // a hidden disk (of native NVMe multipath)
    Foreign,            // another multipath handles it (native NVMe)
    Unknown,            // a text that 0.9.4 does not have
};

// By kernel name. Lines of another form are skipped; at most 65536 devices are read.
std::map<std::string, WatchState, std::less<>> parse_show_devices(std::string_view reply);

} // namespace mpapi::multipath_conf
