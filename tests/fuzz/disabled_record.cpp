// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Any text is a record of disabled paths with damaged lines; what was read from it is built and
// read as the same.
#include "daemon/paths/disabled_record.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::paths;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const DisabledRecord record = parse_disabled_record(text);
    const auto built = build_disabled_record(record.paths);
    if (!built) std::abort();
    if (!(parse_disabled_record(*built) == DisabledRecord{record.paths, {}})) std::abort();
    return 0;
}
