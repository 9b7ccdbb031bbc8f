// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/arp/packet.hpp"

#include <algorithm>

namespace mpapi::failover::arp {

namespace {

constexpr std::size_t kFixed = 8;
constexpr std::uint16_t kIpv4 = 0x0800;

void put16(std::vector<std::uint8_t>& out, std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

void put(std::vector<std::uint8_t>& out, std::span<const std::uint8_t> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

std::uint16_t get16(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// The target of a request is what is asked for: zero.
HardwareAddress nobody(const HardwareAddress& like) {
    const std::array<std::uint8_t, HardwareAddress::kLongest> zero{};
    return *HardwareAddress::of(std::span(zero).first(like.size()));
}

} // namespace

std::vector<std::uint8_t> encode(const Packet& packet) {
    std::vector<std::uint8_t> out;
    put16(out, packet.hardware_type);
    put16(out, kIpv4);
    out.push_back(static_cast<std::uint8_t>(packet.sender.size()));
    out.push_back(4);
    put16(out, static_cast<std::uint16_t>(packet.operation));
    put(out, packet.sender.bytes());
    put(out, packet.sender_ip.bytes());
    put(out, packet.target.bytes());
    put(out, packet.target_ip.bytes());
    if (packet.marked) out.insert(out.end(), kMark.begin(), kMark.end());
    return out;
}

std::optional<Packet> parse(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < kFixed || get16(bytes, 2) != kIpv4 || bytes[5] != 4) return std::nullopt;
    const std::size_t length = bytes[4];
    const std::uint16_t operation = get16(bytes, 6);
    if (length == 0 || length > HardwareAddress::kLongest || operation < 1 || operation > 2)
        return std::nullopt;
    if (bytes.size() < kFixed + 2 * (length + 4)) return std::nullopt;
    Packet packet;
    packet.hardware_type = get16(bytes, 0);
    packet.operation = static_cast<Operation>(operation);
    packet.sender = *HardwareAddress::of(bytes.subspan(kFixed, length));
    packet.sender_ip = Ip::of(AF_INET, bytes.subspan(kFixed + length, 4));
    packet.target = *HardwareAddress::of(bytes.subspan(kFixed + length + 4, length));
    packet.target_ip = Ip::of(AF_INET, bytes.subspan(kFixed + 2 * length + 4, 4));
    const auto behind = bytes.subspan(kFixed + 2 * (length + 4));
    packet.marked =
        behind.size() >= kMark.size() && std::equal(kMark.begin(), kMark.end(), behind.begin());
    return packet;
}

std::optional<Claim> claim_of(const Packet& packet) {
    Claim claim;
    claim.from = packet.sender;
    claim.marked = packet.marked;
    claim.address = packet.sender_ip;
    claim.answer = packet.operation == Operation::Reply && packet.target_ip.unspecified();
    if (!packet.sender_ip.unspecified()) return claim;
    if (packet.operation != Operation::Request || packet.target_ip.unspecified())
        return std::nullopt;
    claim.kind = Claim::Kind::Probe;
    claim.address = packet.target_ip;
    return claim;
}

Packet probe(const Ip& wanted, const HardwareAddress& own, std::uint16_t hardware_type) {
    return {hardware_type, Operation::Request, own, nobody(own), Ip{}, wanted, true};
}

Packet announcement(const Ip& ours, const HardwareAddress& own, std::uint16_t hardware_type,
                    Operation form) {
    const auto target = form == Operation::Reply ? own : nobody(own);
    return {hardware_type, form, own, target, ours, ours, true};
}

} // namespace mpapi::failover::arp
