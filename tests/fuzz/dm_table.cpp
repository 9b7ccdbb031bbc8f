// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Any text is read or refused; what was read can be written and reads as the same value.
#include "common/dm/multipath_table.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::dm;
    const auto table =
        parse_multipath_table(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!table) return 0;
    (void)features_of(*table);
    const auto text = build_table(*table);
    if (!text) std::abort();
    const auto again = parse_multipath_table(*text);
    if (!again || !(*again == *table)) std::abort();
    return 0;
}
