// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/nd/packet.hpp"

#include <algorithm>

namespace mpapi::failover::nd {

namespace {

constexpr std::size_t kIpHeader = 40, kMessage = 24;
constexpr std::uint8_t kIcmpv6 = 58, kHopLimit = 255;
constexpr std::uint8_t kRouter = 0x80, kSolicited = 0x40, kOverride = 0x20;
// RFC 4861 4.6.1, RFC 3971 5.3.2, RFC 4727 5.1.3
constexpr std::uint8_t kSourceAddress = 1, kTargetAddress = 2, kNonce = 14, kExperiment = 253;

using Bytes = std::vector<std::uint8_t>;

// RFC 8200 8.1, over the pseudo-header and the message. Zero for a message with its right checksum.
std::uint16_t checksum(std::span<const std::uint8_t> packet) {
    const auto message = packet.subspan(kIpHeader);
    std::uint32_t sum = static_cast<std::uint32_t>(message.size()) + kIcmpv6;
    const auto add = [&sum](std::span<const std::uint8_t> bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            sum += static_cast<std::uint32_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    };
    add(packet.subspan(8, 32));
    add(message);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

Bytes begin(const Ip& source, const Ip& destination, std::uint8_t type, std::uint8_t flags,
            const Ip& target) {
    Bytes packet{0x60, 0, 0, 0, 0, 0, kIcmpv6, kHopLimit};
    for (const Ip& each : {source, destination})
        packet.insert(packet.end(), each.octets.begin(), each.octets.end());
    packet.insert(packet.end(), {type, 0, 0, 0, flags, 0, 0, 0});
    packet.insert(packet.end(), target.octets.begin(), target.octets.end());
    return packet;
}

// Padded to a multiple of eight bytes, which its length is counted in.
void add_option(Bytes& packet, std::uint8_t type, std::span<const std::uint8_t> content) {
    const std::size_t units = (2 + content.size() + 7) / 8;
    const std::size_t end = packet.size() + 8 * units;
    packet.push_back(type);
    packet.push_back(static_cast<std::uint8_t>(units));
    packet.insert(packet.end(), content.begin(), content.end());
    packet.resize(end);
}

Bytes finish(Bytes packet) {
    const std::size_t length = packet.size() - kIpHeader;
    packet[4] = static_cast<std::uint8_t>(length >> 8);
    packet[5] = static_cast<std::uint8_t>(length);
    const std::uint16_t sum = checksum(packet);
    packet[kIpHeader + 2] = static_cast<std::uint8_t>(sum >> 8);
    packet[kIpHeader + 3] = static_cast<std::uint8_t>(sum);
    return packet;
}

std::span<const std::uint8_t> mark() {
    return {reinterpret_cast<const std::uint8_t*>(kMark.data()), kMark.size()};
}

struct Options {
    std::optional<Nonce> nonce;
    std::span<const std::uint8_t> source, target; // with padding
    bool marked = false;
};

// RFC 4861 4.6: unknown types are ignored, a length of zero makes the packet invalid.
std::optional<Options> read_options(std::span<const std::uint8_t> bytes) {
    Options options;
    while (!bytes.empty()) {
        if (bytes.size() < 2) return std::nullopt;
        const std::size_t length = std::size_t{8} * bytes[1];
        if (length == 0 || length > bytes.size()) return std::nullopt;
        const auto content = bytes.subspan(2, length - 2);
        Nonce nonce{};
        switch (bytes[0]) {
        case kSourceAddress:
            options.source = content;
            break;
        case kTargetAddress:
            options.target = content;
            break;
        case kNonce:
            // A longer one is not ours: what is left of it need not be compared.
            std::copy_n(content.begin(), nonce.size(), nonce.begin());
            options.nonce = nonce;
            break;
        case kExperiment:
            options.marked = content.size() >= kMark.size() &&
                             std::equal(mark().begin(), mark().end(), content.begin());
            break;
        default:
            break;
        }
        bytes = bytes.subspan(length);
    }
    return options;
}

} // namespace

Ip solicited_node(const Ip& address) {
    Ip group = *Ip::parse("ff02::1:ff00:0");
    std::copy_n(address.octets.begin() + 13, 3, group.octets.begin() + 13);
    return group;
}

Ip all_nodes() {
    return *Ip::parse("ff02::1");
}

HardwareAddress ethernet_group(const Ip& group) {
    std::array<std::uint8_t, 6> bytes{0x33, 0x33};
    std::copy_n(group.octets.begin() + 12, 4, bytes.begin() + 2);
    return *HardwareAddress::of(bytes);
}

Bytes solicitation(const Ip& wanted, const Nonce& nonce) {
    Ip unspecified;
    unspecified.family = AF_INET6;
    Bytes packet = begin(unspecified, solicited_node(wanted), kSolicitation, 0, wanted);
    add_option(packet, kNonce, nonce);
    add_option(packet, kExperiment, mark());
    return finish(std::move(packet));
}

Bytes advertisement(const Ip& ours, const HardwareAddress& own, bool router) {
    const auto flags = static_cast<std::uint8_t>(kOverride | (router ? kRouter : 0));
    Bytes packet = begin(ours, all_nodes(), kAdvertisement, flags, ours);
    add_option(packet, kTargetAddress, own.bytes());
    add_option(packet, kExperiment, mark());
    return finish(std::move(packet));
}

std::optional<Heard> parse(std::span<const std::uint8_t> bytes, const HardwareAddress& from) {
    if (bytes.size() < kIpHeader + kMessage || bytes[0] >> 4 != 6) return std::nullopt;
    const std::size_t length = static_cast<std::size_t>(bytes[4] << 8 | bytes[5]);
    if (length < kMessage || length > bytes.size() - kIpHeader) return std::nullopt;
    bytes = bytes.first(kIpHeader + length); // the rest is padding of the frame
    const auto message = bytes.subspan(kIpHeader);
    // RFC 4861 7.1.1 and 7.1.2
    if (bytes[6] != kIcmpv6 || bytes[7] != kHopLimit || message[1] != 0 || checksum(bytes) != 0)
        return std::nullopt;
    const Ip source = Ip::of(AF_INET6, bytes.subspan(8, 16));
    const Ip destination = Ip::of(AF_INET6, bytes.subspan(24, 16));
    const Ip target = Ip::of(AF_INET6, message.subspan(8, 16));
    const auto options = read_options(message.subspan(kMessage));
    if (!options || target.multicast() || target.unspecified()) return std::nullopt;

    Claim claim{target, Claim::Kind::Use, from, options->marked, options->nonce};
    if (message[0] == kSolicitation) {
        if (!source.unspecified()) return Heard{};
        if (destination != solicited_node(target) || !options->source.empty()) return std::nullopt;
        claim.kind = Claim::Kind::Probe;
        return Heard{claim};
    }
    if (message[0] != kAdvertisement) return std::nullopt;
    if (destination.multicast() && (message[4] & kSolicited) != 0) return std::nullopt;
    // RFC 4861 7.2.4: who asks without an address is answered to all nodes.
    claim.answer = destination == all_nodes() && !claim.marked;
    // It names the owner; a proxy's frame comes from elsewhere.
    if (options->target.size() >= from.size() && !from.empty())
        claim.from = *HardwareAddress::of(options->target.first(from.size()));
    return Heard{claim};
}

} // namespace mpapi::failover::nd
