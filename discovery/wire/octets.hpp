// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Numbers in bytes: NetBIOS writes them big-endian (RFC 1002 4.1), SMB and MS-ISTD little-endian
// (MS-CIFS 2.2, MS-ISTD 2.2). Loads are total: what is not wholly inside reads as 0, so a parser
// checks lengths first for its reason's sake, not for its safety.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mpapi::discovery {

using Octets = std::vector<std::uint8_t>;
using OctetView = std::span<const std::uint8_t>;

constexpr std::uint16_t big16(OctetView bytes, std::size_t at) noexcept {
    if (at > bytes.size() || bytes.size() - at < 2) return 0;
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}
constexpr std::uint32_t big32(OctetView bytes, std::size_t at) noexcept {
    if (at > bytes.size() || bytes.size() - at < 4) return 0;
    return std::uint32_t{big16(bytes, at)} << 16 | big16(bytes, at + 2);
}
constexpr std::uint16_t little16(OctetView bytes, std::size_t at) noexcept {
    if (at > bytes.size() || bytes.size() - at < 2) return 0;
    return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}
constexpr std::uint32_t little32(OctetView bytes, std::size_t at) noexcept {
    if (at > bytes.size() || bytes.size() - at < 4) return 0;
    return little16(bytes, at) | std::uint32_t{little16(bytes, at + 2)} << 16;
}

inline void append_big16(Octets& out, std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}
inline void append_big32(Octets& out, std::uint32_t value) {
    append_big16(out, static_cast<std::uint16_t>(value >> 16));
    append_big16(out, static_cast<std::uint16_t>(value));
}
inline void append_little16(Octets& out, std::uint16_t value) {
    out.push_back(static_cast<std::uint8_t>(value));
    out.push_back(static_cast<std::uint8_t>(value >> 8));
}
inline void append_little32(Octets& out, std::uint32_t value) {
    append_little16(out, static_cast<std::uint16_t>(value));
    append_little16(out, static_cast<std::uint16_t>(value >> 16));
}
inline void append(Octets& out, OctetView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}
inline void append_zeros(Octets& out, std::size_t count) {
    out.insert(out.end(), count, std::uint8_t{0});
}

} // namespace mpapi::discovery
