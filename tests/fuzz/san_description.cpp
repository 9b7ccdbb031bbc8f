// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A SAN file: read, and what is accepted becomes a SAN, faults included.
#include "daemon/san/description.hpp"
#include "daemon/san/san.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    auto description = san::parse_description(text, "san.toml");
    if (!description) {
        // Whatever is wrong, the message names the file.
        if (!description.error().object.starts_with("san.toml")) __builtin_trap();
        return 0;
    }
    std::size_t units = 0;
    for (const auto& array : description->arrays)
        for (const auto& unit : array.units)
            units += unit.count;
    if (units > 4096) return 0; // large, not strange
    const auto made = san::San::make(std::move(*description));
    if (made) (void)(*made)->counts();
    return 0;
}
