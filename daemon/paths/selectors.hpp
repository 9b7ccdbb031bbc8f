// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernel's path selectors and the words they take, as far as a table is to be written with
// them. Source: the constructors and add_path() functions in drivers/md/dm-ps-*.c (Linux 6.1 and
// before it dm-round-robin.c, dm-queue-length.c, dm-service-time.c):
//
//   selector                 its own words                          words of each path
//   round-robin              none                                   [repeat count]
//   queue-length             none                                   [repeat count]
//   service-time             none                                   [repeat count [throughput]]
//   historical-service-time  [base weight < 1024 [threshold]]       [repeat count]
//   io-affinity              none                                   CPU mask, required
//
// A repeat count over 1 is warned of and taken for 1 since Linux 4.6, so 1 is what is written. The
// words of paths are those that STATUSTYPE_TABLE shows afterwards, so that a table that was loaded
// compares equal to the one that was planned. historical-service-time takes the repeat count and
// shows a constant 0 in its place.
#pragma once

#include "common/dm/words.hpp"
#include "common/result.hpp"
#include "daemon/paths/outcome.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::paths {

struct Selector {
    std::string name;
    dm::Words args;
    bool operator==(const Selector&) const = default;
};

// Of the text as in a table: "queue-length 0", "historical-service-time 2 900 1". A name alone has
// no words. Fails where the count is not that of the words.
Result<Selector> parse_selector(std::string_view text);

// Whether a table may be written with it: it is one of the five and its words are what the kernel
// takes. The reason is a sentence.
Status check_selector(const Selector& selector);

// Why nobody is told to use this text; nothing where it can be used.
std::optional<Refused> unfit_selector(std::string_view text);

// The words that a path gets that comes under this selector; nothing where nobody can know them:
// io-affinity wants a mask of CPUs for each path, and other selectors are not known here.
std::optional<dm::Words> path_words(std::string_view selector);

} // namespace mpapi::paths
