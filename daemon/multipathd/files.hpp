// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The files of multipath-tools (multipath-tools 0.9.4: DEFAULT_CONFIGFILE, CONFIG_DIR,
// DEFAULT_WWIDS_FILE, MULTIPATH_SHM_BASE "failed_wwids"), read within bounds. Short reads from
// local file systems; on the loop's thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mpapi::multipathd {

struct TextFile {
    std::string name; // "/etc/multipath.conf", without `root`
    std::string text;
    bool operator==(const TextFile&) const = default;
};

// multipath.conf, then *.conf of the directory by name, as multipathd reads them. What is missing,
// is no regular file or is larger than 8 MiB is left out; after 512 files or 32 MiB there is an
// end. `root` stands before each name, "" for the real ones.
std::vector<TextFile> read_configuration(const std::string& root);

// Of /etc/multipath/wwids, 65536 at most; empty if it cannot be read.
std::optional<std::set<std::string, std::less<>>> read_known_wwids(const std::string& root);

// Units that multipathd could not make a map of, 65536 at most.
std::set<std::string, std::less<>> read_failed_wwids(const std::string& root);

// Whether the kernel's command line has nompath or multipath=off (multipathd.service).
bool disabled_on_command_line(const std::string& root);

} // namespace mpapi::multipathd
