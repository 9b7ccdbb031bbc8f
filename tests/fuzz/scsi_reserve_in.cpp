// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PERSISTENT RESERVE IN: the same bytes as each of the four replies. What was read is built to
// bytes that read the same; full status only when every initiator was understood.
#include "common/scsi/persistent_reserve_in.hpp"

#include <cstdlib>

using namespace mpapi::scsi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    if (const auto keys = parse_reservation_keys(bytes)) {
        const auto again = parse_reservation_keys(build_reservation_keys(*keys));
        if (!again || !(*again == *keys)) std::abort();
    }
    if (const auto reservation = parse_reservation(bytes)) {
        const auto again = parse_reservation(build_reservation(*reservation));
        if (!again || !(*again == *reservation)) std::abort();
    }
    if (const auto capabilities = parse_reserve_capabilities(bytes)) {
        const auto again = parse_reserve_capabilities(build_reserve_capabilities(*capabilities));
        if (!again || !(*again == *capabilities)) std::abort();
    }
    if (const auto status = parse_full_status(bytes)) {
        for (const auto& registration : status->registrations) {
            if (registration.initiator.has_value() != registration.reason.empty()) std::abort();
            if (!registration.initiator) return 0;
            (void)transport_id_text(*registration.initiator);
        }
        const auto built = build_full_status(*status);
        if (!built) std::abort();
        const auto again = parse_full_status(*built);
        if (!again || !(*again == *status)) std::abort();
    }
    return 0;
}
