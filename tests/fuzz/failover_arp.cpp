// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What follows an Ethernet header. What is read is written as it was, padding aside.
#include "failover/arp/packet.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi::failover;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, size);
    const auto packet = arp::parse(bytes);
    if (!packet) return 0;
    const auto again = arp::encode(*packet);
    if (again.size() > size || !std::equal(again.begin(), again.end(), data)) std::abort();
    if (const auto claim = arp::claim_of(*packet))
        if (claim->address.unspecified() || !claim->address.v4()) std::abort();
    return 0;
}
