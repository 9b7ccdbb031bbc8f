// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-disabled-path DISK: for IMPORT{program} of udev's rules. Prints DM_MPAPI_DISABLED=1 where
// the SCSI disk is a path that the record says is disabled, else nothing. Reads the record and
// sysfs, opens no device. Doubt is told on the standard error and is no match: a disk that cannot
// be named cannot be one that was.
#include "daemon/kernel/disk_reader.hpp"
#include "daemon/paths/disabled_record.hpp"
#include "daemon/paths/disk_path_name.hpp"

#include <cstdio>

namespace {

using namespace mpapi;

void tell(const std::string& text) {
    std::fprintf(stderr, "mpapi-disabled-path: %s\n", text.c_str());
}

bool disabled(const std::string& device) {
    const auto record = paths::read_disabled_record(paths::kDisabledRecord);
    if (!record) {
        tell(record.error().message());
        return false;
    }
    if (!record->damaged_lines.empty())
        tell(std::string(paths::kDisabledRecord) + ":" +
             std::to_string(record->damaged_lines.front()) +
             ": is no path (damaged lines: " + std::to_string(record->damaged_lines.size()) + ")");
    if (record->paths.empty()) return false;

    const kernel::Sysfs sysfs;
    kernel::PortBook ports(sysfs);
    const auto disk = kernel::read_disk(sysfs, ports, device);
    if (!disk) return false; // gone meanwhile, or no SCSI disk
    const auto name = paths::path_name_of(*disk);
    if (!name) {
        tell(name.error().message());
        return false;
    }
    return record->paths.contains(*name);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2 || !kernel::is_scsi_disk_name(argv[1])) {
        tell("expected the name of a SCSI disk, as \"sda\"");
        return 2;
    }
    // Sorted before ID_WWN and SCSI_IDENT_*: see 55-mpapi-disabled-path.rules.
    if (disabled(argv[1])) std::puts("DM_MPAPI_DISABLED=1");
    return 0;
}
