// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An IPv6 packet, as it came and with the right checksum, so that more than the checksum is met.
#include "failover/nd/packet.hpp"

#include <cstdlib>

using namespace mpapi::failover;

namespace {

void read(std::span<const std::uint8_t> bytes) {
    const auto sender = *HardwareAddress::parse("02:00:00:00:00:01");
    const auto heard = nd::parse(bytes, sender);
    if (!heard || !heard->claim) return;
    const Claim& claim = *heard->claim;
    if (claim.address.v4() || claim.address.multicast() || claim.from.size() != 6) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    read({data, size});
    if (size < 64) return 0;
    std::vector<std::uint8_t> bytes(data, data + size);
    const std::size_t length = static_cast<std::size_t>(bytes[4] << 8 | bytes[5]);
    if (length > size - 40) return 0;
    bytes[42] = bytes[43] = 0;
    std::uint32_t sum = static_cast<std::uint32_t>(length) + 58;
    for (std::size_t i = 8; i < 40 + length; ++i)
        sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    bytes[42] = static_cast<std::uint8_t>(~sum >> 8);
    bytes[43] = static_cast<std::uint8_t>(~sum);
    read(bytes);
    return 0;
}
