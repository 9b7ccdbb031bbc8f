// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The tables of /proc are read whatever is in them. A request or reply is refused or reads as the
// same value when it is written again.
#include "daemon/holders/proc_tables.hpp"
#include "daemon/holders/process_report.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::holders;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto& mount : parse_mountinfo(text))
        if (mount.point.empty() || mount.type.empty()) std::abort();
    for (const auto& swap : parse_swaps(text))
        if (swap.file.empty()) std::abort();
    if (const auto request = parse_request(text)) {
        const auto again = parse_request(build_request(*request));
        if (!again || *again != *request) std::abort();
    }
    if (const auto report = parse_report(text)) {
        const auto again = parse_report(build_report(*report));
        if (!again || !(*again == *report)) std::abort();
    }
    return 0;
}
