// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was read from any text is built as that text again.
#include "daemon/disks/errands/errand.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::disks;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto lines = parse_errand(text);
    if (!lines) return 0;
    if (build_errand(*lines) != text) std::abort();
    mpapi::Error failure;
    for (const auto& line : *lines)
        if (read_failure(line, failure) && failure.errnum > 4095) std::abort();
    return 0;
}
