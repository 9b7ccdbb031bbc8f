// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An IP address as a value without a zone, and one with the length of its network's prefix, which
// is what an interface is given. Pure.
#pragma once

#include "failover/refused.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <sys/socket.h>

namespace mpapi::failover {

struct Ip {
    int family = AF_INET; // or AF_INET6
    std::array<std::uint8_t, 16> octets{};

    auto operator<=>(const Ip&) const = default;

    static std::optional<Ip> parse(const std::string& text);
    static Ip of(int family, std::span<const std::uint8_t> bytes); // 4 or 16 of them

    bool v4() const { return family == AF_INET; }
    std::size_t size() const { return v4() ? 4 : 16; }
    unsigned bits() const { return v4() ? 32 : 128; }
    std::span<const std::uint8_t> bytes() const { return {octets.data(), size()}; }
    bool unspecified() const { return octets == std::array<std::uint8_t, 16>{}; }
    bool multicast() const { return v4() ? octets[0] >> 4 == 0xe : octets[0] == 0xff; }
    bool link_local() const {
        return v4() ? octets[0] == 169 && octets[1] == 254
                    : octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
    }
    std::string text() const; // RFC 5952

    // The first `length` bits, the others zero.
    Ip network(unsigned length) const;
    // IPv4: all bits after the first `length` set.
    Ip broadcast(unsigned length) const;
};

struct Prefixed {
    Ip ip;
    unsigned length = 0;

    auto operator<=>(const Prefixed&) const = default;

    // "192.0.2.7/24": an address that one host can have. Without "/…" Refusal::InvalidPrefix.
    static std::variant<Prefixed, Refused> parse(const std::string& text);
    std::string text() const { return ip.text() + "/" + std::to_string(length); }
    bool contains(const Ip& other) const {
        return other.family == ip.family && other.network(length) == ip.network(length);
    }
};

} // namespace mpapi::failover

template <>
struct std::hash<mpapi::failover::Ip> {
    std::size_t operator()(const mpapi::failover::Ip& ip) const noexcept {
        return std::hash<std::string_view>()(
            {reinterpret_cast<const char*>(ip.octets.data()), ip.octets.size()});
    }
};
