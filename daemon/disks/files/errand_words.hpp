// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mpapi-disk-files is asked and answers, in the words of an errand:
//
//     partitions 253:0                    -> partition NUMBER START SIZE NAME CONTENT LABEL …
//     content 253:0                       -> content TYPE
//     write 253:0 1                       -> done
//     verify 253:0 1 owned                -> same | different
//     delete 253:0 1                      -> done
//     path folder file.txt                   (the second line, of these three)
//     data …                                 (the third, of the first two)
//
// Each may be answered with "failed …". Pure.
#pragma once

#include "daemon/disks/errands/errand.hpp"
#include "daemon/disks/files/file_systems.hpp"

#include <optional>

namespace mpapi::disks {

struct FileErrand {
    enum class Kind : std::uint8_t { Write, Verify, Delete };
    Kind kind = Kind::Verify;
    dm::DeviceNumber disk;
    std::uint32_t partition = 0;   // its place in list_partitions(), from 0 (MS-CSVP 3.2.1.1)
    bool owned = false;            // the unit; Write and Delete are for owned ones only
    std::vector<std::string> path; // as parse_file_path() gives it
    std::string data;
    bool operator==(const FileErrand&) const = default;
};

Lines file_lines(const FileErrand& errand);
std::optional<FileErrand> read_file_errand(const Lines& lines);

Lines partition_lines(const std::vector<DiskPartition>& partitions);
// nullopt: these are none.
std::optional<std::string> read_content_lines(const Lines& lines);
std::optional<std::vector<DiskPartition>> read_partition_lines(const Lines& lines);

} // namespace mpapi::disks
