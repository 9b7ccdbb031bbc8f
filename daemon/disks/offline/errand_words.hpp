// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What mpapi-disk-state is asked and answers, in the words of an errand:
//
//     offline 253:0 map 8:0 8:16         -> offline (and the claim, a descriptor)
//     offline 8:0 disk                      or: failed…, holder…, remains…
//     writable 253:0 map 8:0 8:16        -> writable | still-read-only | failed…
//     partitions 253:0 map 8:0 8:16      -> done | failed…
//     path 8:32                          -> done | failed…      (made read-only)
//
//     failed 16 take%20offline % it%20is%20in%20use
//     holder device vg0/data logical%20volume deactivate…
//     remains /srv/db%20was%20unmounted
//
// Pure.
#pragma once

#include "daemon/disks/errands/errand.hpp"
#include "daemon/disks/offline/offline.hpp"

#include <optional>

namespace mpapi::disks {

inline constexpr std::size_t kMostPaths = 256;

Words disk_words(const std::string& verb, const BlockDisk& disk);
// Without looking at the verb.
std::optional<BlockDisk> read_disk(const Words& words);

Lines failure_lines(const OfflineFailure& failure);
// nullopt: this is no failure, nor anything that could be one.
std::optional<OfflineFailure> read_failure_lines(const Lines& lines);

} // namespace mpapi::disks
