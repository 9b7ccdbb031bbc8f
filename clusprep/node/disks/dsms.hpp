// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What on Linux is like a device-specific module (MS-CSVP 2.2.6): the device-mapper multipath
// driver, multipath-tools, and the hardware handlers (scsi_dh) that the kernel has loaded.
#pragma once

#include "clusprep/interfaces/disks.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::node {

inline constexpr char kDriverObject[] = "/org/mpapi/Multipath1/plugin/dm_multipath";

// "1.14.0", "6.1.0-21-amd64": up to four numbers, what follows is left away.
csvp::Dsm dsm(std::string name, std::string_view version);

// Of the multipath driver and of multipath-tools; "" where there are none.
struct DsmVersions {
    std::string driver;
    std::string tools;
};

// Handlers are listed by name, with the running kernel's version, whose part they are. `sys`: where
// sysfs is.
std::vector<csvp::Dsm> find_dsms(const std::string& sys, const DsmVersions& versions);

} // namespace mpapi::node
