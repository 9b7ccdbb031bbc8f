// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a raw socket delivers: first byte the protocol, then how much of the rest is the packet; the
// remainder is the request. Only bytes that were sent may come back as an answer.
#include "failover/echo/packet.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi::failover;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto protocol = data[0] & 1 ? echo::Protocol::Icmpv6 : echo::Protocol::Icmp;
    const std::span bytes(data + 2, size - 2);
    const std::size_t cut = std::min<std::size_t>(data[1], bytes.size());
    const auto sent = echo::request(protocol, static_cast<std::uint32_t>(size), bytes.subspan(cut));
    const auto packet = bytes.first(cut);
    const auto raw = bytes.subspan(cut);
    if (echo::answers(protocol, sent, packet) && packet.size() < sent.size()) std::abort();
    (void)echo::answers(protocol, raw, packet);
    (void)echo::quotes(sent, packet);
    (void)echo::quotes(raw, packet);
    if (echo::answers(protocol, sent, sent)) std::abort(); // a request is no reply
    return 0;
}
