// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PERSISTENT RESERVE OUT lists and single TransportIDs, as an initiator may send them to the
// embedded storage area network: what was read is built to bytes that read the same.
#include "common/scsi/persistent_reserve_out.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    if (const auto list = parse_reserve_out(bytes)) {
        const auto built = build_reserve_out(*list);
        if (!built) std::abort();
        const auto again = parse_reserve_out(*built);
        if (!again || !(*again == *list)) std::abort();
    }
    if (const auto list = parse_register_and_move(bytes)) {
        const auto built = build_register_and_move(*list);
        if (!built) std::abort();
        const auto again = parse_register_and_move(*built);
        if (!again || !(*again == *list)) std::abort();
    }
    if (const auto id = parse_transport_id(bytes)) {
        if (transport_id_text(*id).empty()) std::abort();
        const auto built = build_transport_id(*id);
        if (!built) std::abort();
        const auto again = parse_transport_id(*built);
        if (!again || !(*again == *id)) std::abort();
    }
    return 0;
}
