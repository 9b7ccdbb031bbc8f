// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the kernel that takes over after a crash would write its dump, as the configuration of
// kdump-tools (kdump-tools(5), KDUMP_COREDIR) or of kexec-tools (kdump.conf(5)) has it. Pure
// functions of their texts; both files belong to the administrator.
#pragma once

#include <string>
#include <string_view>

namespace mpapi::disks {

struct CrashDumpTarget {
    std::string directory; // of this system's tree; "" where the dump does not go there
    std::string device;    // as written, "/dev/sdb1", "UUID=…"; "" where none is named
    bool operator==(const CrashDumpTarget&) const = default;
};

// The last assignment counts, as for the shell that reads the file. A dump that goes over the
// network goes nowhere here.
CrashDumpTarget parse_kdump_tools(std::string_view text);
CrashDumpTarget parse_kdump_conf(std::string_view text);

} // namespace mpapi::disks
