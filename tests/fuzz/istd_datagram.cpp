// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A packet of the NetBIOS datagram service as it comes from the wire. What is taken can be made
// again, and is read as the same.
#include "discovery/wire/datagram.hpp"

#include <cstdlib>

using namespace mpapi::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = parse_datagram(OctetView(data, size));
    if (!read) return 0;
    (void)read->destination.shown();
    const auto made = make_datagram(*read);
    if (!made) return 0; // larger than we send
    const auto again = parse_datagram(*made);
    if (!again || *again != *read) std::abort();
    return 0;
}
