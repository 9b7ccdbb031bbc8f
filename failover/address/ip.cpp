// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/address/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace mpapi::failover {

std::optional<Ip> Ip::parse(const std::string& text) {
    Ip ip;
    if (::inet_pton(AF_INET, text.c_str(), ip.octets.data()) == 1) return ip;
    ip.family = AF_INET6;
    if (::inet_pton(AF_INET6, text.c_str(), ip.octets.data()) == 1) return ip;
    return std::nullopt;
}

Ip Ip::of(int family, std::span<const std::uint8_t> bytes) {
    Ip ip;
    ip.family = family;
    std::copy_n(bytes.begin(), std::min(bytes.size(), ip.size()), ip.octets.begin());
    return ip;
}

std::string Ip::text() const {
    char text[INET6_ADDRSTRLEN] = "";
    ::inet_ntop(family, octets.data(), text, sizeof text);
    return text;
}

Ip Ip::network(unsigned length) const {
    Ip masked = *this;
    for (std::size_t i = 0; i < size(); ++i) {
        const unsigned bits =
            length > 8 * i ? std::min(length - 8 * static_cast<unsigned>(i), 8u) : 0;
        masked.octets[i] &= static_cast<std::uint8_t>(0xff00u >> bits);
    }
    return masked;
}

Ip Ip::broadcast(unsigned length) const {
    Ip filled = network(length);
    for (std::size_t i = 0; i < size(); ++i) {
        const unsigned bits =
            length > 8 * i ? std::min(length - 8 * static_cast<unsigned>(i), 8u) : 0;
        filled.octets[i] |= static_cast<std::uint8_t>(0xffu >> bits);
    }
    return filled;
}

std::variant<Prefixed, Refused> Prefixed::parse(const std::string& text) {
    const std::size_t slash = text.find('/');
    const auto ip = Ip::parse(text.substr(0, slash));
    if (!ip)
        return Refused{Refusal::InvalidAddress,
                       "\"" + text + "\" is no IPv4 or IPv6 address with a prefix length."};
    if (ip->multicast())
        return Refused{Refusal::MulticastAddress,
                       text + " is a multicast address: many have it at once."};
    if (ip->v4() && ip->octets[0] == 255 && *ip == ip->broadcast(0))
        return Refused{Refusal::BroadcastAddress, text + " is the broadcast address."};
    // RFC 1122 3.2.1.3, RFC 4291 2.5.2 and 2.5.3; RFC 4291 2.5.5: mapped addresses are no host's.
    const bool loopback = ip->v4() ? ip->octets[0] == 127 : *ip == *Ip::parse("::1");
    const bool mapped = !ip->v4() && ip->network(96) == *Ip::parse("::ffff:0.0.0.0");
    if (ip->unspecified() || loopback || mapped || (ip->v4() && ip->octets[0] == 0) ||
        (ip->v4() && ip->octets[0] >= 240))
        return Refused{Refusal::InvalidAddress, text + " is no address that a host can be given."};
    if (slash == std::string::npos)
        return Refused{Refusal::InvalidPrefix, text +
                                                   " has no prefix length; expected for example " +
                                                   ip->text() + (ip->v4() ? "/24." : "/64.")};
    Prefixed prefixed{*ip, 0};
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + slash + 1, end, prefixed.length);
    if (read.ec != std::errc() || read.ptr != end || prefixed.length == 0 ||
        prefixed.length > ip->bits())
        return Refused{Refusal::InvalidPrefix, text + ": expected a prefix length of 1 to " +
                                                   std::to_string(ip->bits()) + "."};
    // RFC 3021: a network of two has neither; RFC 4291 2.6.1: the subnet-router anycast address,
    // which a network of 127 bits does not have (RFC 6164).
    if (prefixed.length < ip->bits() - 1) {
        if (*ip == ip->network(prefixed.length))
            return Refused{Refusal::NetworkAddress, text + " is the address of the network."};
        if (ip->v4() && *ip == ip->broadcast(prefixed.length))
            return Refused{Refusal::BroadcastAddress,
                           text + " is the broadcast address of its network."};
    }
    return prefixed;
}

} // namespace mpapi::failover
