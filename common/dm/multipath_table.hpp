// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of the device-mapper multipath target, as `dmsetup table` shows it behind the word
// "multipath" and as it is loaded:
//
//   <#features> <feature>... <#handler words> [<handler> <arg>...]
//   <#groups> <initial group>
//   { <selector> <#selector args> <arg>... <#paths> <#path args> { <device> <arg>... }... }...
//
// Source: Documentation/admin-guide/device-mapper/dm-init.rst and drivers/md/dm-mpath.c
// (multipath_ctr(), multipath_status() for STATUSTYPE_TABLE) of Linux. What each word of a feature
// or selector means differs between kernels, so words are kept as they are and Features is only
// a view of them. Two things the kernel does that a reader must know:
//   - while the map is suspended queue_if_no_path may be absent from the table (it is saved aside);
//   - the handler is the one attached to the paths, not always the one that was loaded.
//
// Pure functions, any thread. Limits: 1024 features, handler words, groups, paths in a group and
// selector arguments, as in the kernel's constructor.
#pragma once

#include "common/dm/device_number.hpp"
#include "common/dm/words.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::dm {

struct TablePath {
    std::string device; // "8:16"; a name such as "/dev/sdb" is kept as it is
    Words selector_args;

    std::optional<DeviceNumber> number() const noexcept { return parse_device_number(device); }
    bool operator==(const TablePath&) const = default;
};

struct TableGroup {
    std::string selector; // "service-time 0" is selector "service-time" without arguments
    Words selector_args;
    std::vector<TablePath> paths;

    bool operator==(const TableGroup&) const = default;
};

struct MultipathTable {
    Words features;
    std::string hardware_handler; // empty: none
    Words hardware_handler_args;
    std::uint32_t initial_group = 0; // counted from 1; 0 if there is no group
    std::vector<TableGroup> groups;

    bool operator==(const MultipathTable&) const = default;
};

// The features this project knows of (parse_features() in dm-mpath.c; names compare without case).
struct Features {
    bool queue_if_no_path = false;
    bool retain_attached_hw_handler = false;
    std::optional<std::uint32_t> pg_init_retries;
    std::optional<std::uint32_t> pg_init_delay_msecs; // milliseconds; absent: the kernel's 2000
    std::string queue_mode;                           // "bio", "rq", "mq", ...; empty: default
    Words unknown;                                    // what is none of the above

    bool operator==(const Features&) const = default;
};

Result<MultipathTable> parse_multipath_table(std::string_view text);

// The text as the kernel prints it, with the blank it leaves at the end. Paths of one group must
// have the same number of arguments: the format has one count for all. Fails where the text could
// not be read back: that, an empty or blank device or selector, counts over the limit.
Result<std::string> build_table(const MultipathTable& table);

Features features_of(const MultipathTable& table);

} // namespace mpapi::dm
