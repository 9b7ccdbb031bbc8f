// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Any text is read or refused; what was read can be written and reads as the same value.
#include "common/dm/multipath_status.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::dm;
    const auto status =
        parse_multipath_status(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!status) return 0;
    (void)status->queues_io();
    (void)status->pg_init_count();
    const auto text = build_status(*status);
    if (!text) std::abort();
    const auto again = parse_multipath_status(*text);
    if (!again || !(*again == *status)) std::abort();
    return 0;
}
