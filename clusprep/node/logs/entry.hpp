// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An entry of the journal as a line of a cluster log, and which entries belong there. Pure.
//
//     2026-11-26T08:21:23.123456Z warning mpapid[412]: text
//
// Time is UTC (MS-CSVP 3.10.4.2: "GMT on the server"). What is no printable ASCII in the text is
// shown as \xNN, unless it is valid UTF-8: one entry is one line, whatever wrote it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::node {

struct JournalEntry {
    std::int64_t time = 0; // µs of the wall clock
    int priority = 6;      // syslog's
    bool kernel = false;
    std::string unit;       // that it is from, or that systemd tells of
    std::string identifier; // of the program; may be empty
    std::string pid;        // may be empty
    std::string message;
};

// Of one of the units, or of the kernel about disks: SCSI, device-mapper, NVMe, file systems.
bool belongs(const JournalEntry& entry, const std::vector<std::string>& units);

// With its end of line.
std::string line(const JournalEntry& entry);

// "20261126T082123.123Z"; also how a file's name says when it was made.
std::string compact_time(std::int64_t time);

} // namespace mpapi::node
