// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names and UUIDs of maps: encoding and decoding are inverse, a UUID is built as it was read.
#include "common/dm/map_identity.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace mpapi::dm;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)unmangle(text);
    if (text.find('\0') == std::string_view::npos && unmangle(mangle(text)) != text) std::abort();
    const auto uuid = parse_map_uuid(text);
    if (uuid && !(parse_map_uuid(build_map_uuid(*uuid)) == uuid)) std::abort();
    return 0;
}
