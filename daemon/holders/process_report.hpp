// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the daemon, which may not look into other processes, and mpapi-holders, which may and does
// nothing else, say to each other. Lines of text, each way bounded:
//
//     request   253:0 253:3
//     reply     process 4711 0 253:3 dd
//               mount 812 253:0 /srv/db
//               end
//
// process: its number, its real user, the device it has open, its name. mount: a process in whose
// mount namespace it is, the device, the mount point as that process sees it. Names are of others'
// choosing: each byte that is not a printable ASCII character, and %, stands as %xx.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::holders {

inline constexpr std::size_t kLargestRequest = 4096;                // bytes
inline constexpr std::size_t kLargestReply = std::size_t{1} << 20U; // bytes
inline constexpr std::size_t kMostDevices = 256;
inline constexpr std::size_t kMostFound = 256; // lines of a reply, without the last

struct ProcessUse {
    std::int32_t pid = 0;
    std::uint32_t uid = 0;
    dm::DeviceNumber device;
    std::string name;
    bool operator==(const ProcessUse&) const = default;
};

struct MountUse {
    std::int32_t pid = 0; // somebody who sees it
    dm::DeviceNumber device;
    std::string point;
    bool operator==(const MountUse&) const = default;
};

struct ProcessReport {
    std::vector<ProcessUse> processes;
    std::vector<MountUse> mounts;
    bool operator==(const ProcessReport&) const = default;
};

std::string build_request(const std::vector<dm::DeviceNumber>& devices); // kMostDevices of them
Result<std::vector<dm::DeviceNumber>> parse_request(std::string_view line);

// Leaves out, from the end, what would make the reply too large.
std::string build_report(const ProcessReport& report);
// A reply without its last line is an error: who wrote it did not come to the end.
Result<ProcessReport> parse_report(std::string_view text);

} // namespace mpapi::holders
