// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A NetBIOS name in its first-level encoding, with or without a scope.
#include "discovery/wire/netbios_name.hpp"

#include <cstdlib>

using namespace mpapi::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = parse_netbios_name(OctetView(data, size));
    if (!read) return 0;
    if (read->size < 34 || read->size > size || read->size > 256) std::abort();
    Octets made;
    append_netbios_name(made, read->name);
    const auto again = parse_netbios_name(made);
    if (!again || again->name != read->name || again->size != 34) std::abort();
    return 0;
}
