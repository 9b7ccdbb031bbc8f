// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/echo/address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <cerrno>
#include <charconv>

namespace mpapi::failover {

namespace {

// RFC 4007 11.2: an interface's name, or its index.
std::uint32_t zone_index(const std::string& zone) {
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), index);
    if (error == std::errc() && end == zone.data() + zone.size()) return index;
    return zone.size() < IF_NAMESIZE ? ::if_nametoindex(zone.c_str()) : 0;
}

} // namespace

Result<Address> Address::parse(const std::string& text) {
    const auto wrong = [&](const char* why) { return Error{"use address", text, why, EINVAL}; };
    Address address;
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.v6_);
    if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        return address;
    }
    const auto percent = text.find('%');
    if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), &address.v6_.sin6_addr) != 1)
        return wrong("expected an IPv4 or IPv6 address");
    address.v6_.sin6_family = AF_INET6;
    if (percent == std::string::npos) return address;
    if (!address.link_local()) return wrong("only a link-local address has a zone");
    address.v6_.sin6_scope_id = zone_index(text.substr(percent + 1));
    if (address.v6_.sin6_scope_id == 0) return wrong("there is no such interface");
    return address;
}

bool Address::unicast() const {
    if (family() == AF_INET) {
        const std::uint32_t host = ntohl(v4().sin_addr.s_addr);
        return host != INADDR_ANY && host < 0xe0000000u; // RFC 5771, RFC 1112 section 4
    }
    return !IN6_IS_ADDR_MULTICAST(&v6_.sin6_addr) && !IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr);
}

bool Address::link_local() const {
    return family() == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6_.sin6_addr);
}

} // namespace mpapi::failover
