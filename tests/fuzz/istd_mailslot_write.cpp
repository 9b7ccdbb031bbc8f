// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A mailslot write as the data of a datagram. What is taken lies within it, can be made again, and
// is read as the same.
#include "discovery/wire/mailslot_write.hpp"

#include <cstdlib>

using namespace mpapi::discovery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = parse_mailslot_write(OctetView(data, size));
    if (!read) return 0;
    if (read->mailslot.size() + read->data.size() > size) std::abort();
    const auto made = make_mailslot_write(read->mailslot, read->data);
    if (!made) return 0; // padding of ours may be more
    const auto again = parse_mailslot_write(*made);
    if (!again || *again != *read) std::abort();
    return 0;
}
