// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/netbios_name.hpp"

#include "discovery/wire/ascii.hpp"

#include <array>
#include <cstdio>

namespace mpapi::discovery {

namespace {

constexpr std::size_t kBytes = 16;                // a name before its encoding
constexpr std::uint8_t kEncoded = 2 * kBytes;     // and after
constexpr std::size_t kMostEncoded = 255;         // RFC 1002 4.1, with all labels and lengths
constexpr std::uint8_t kLongestLabel = 63;        // the two highest bits mean something else
constexpr std::uint8_t kFirst = 'A', kLast = 'P'; // of the letters for half a byte

Error wrong(const char* why) {
    return {"read", "NetBIOS name", why};
}

} // namespace

std::string NetbiosName::shown() const {
    std::string made;
    for (const char c : text)
        made.push_back(c >= ' ' && c <= '~' ? c : '?');
    std::array<char, 8> purpose{};
    std::snprintf(purpose.data(), purpose.size(), "<%02x>", static_cast<unsigned>(suffix));
    return made + purpose.data();
}

NetbiosName workstation_name(std::string_view computer) {
    return {upper(computer.substr(0, NetbiosName::kLongest)), NetbiosName::kWorkstation};
}

Result<ParsedName> parse_netbios_name(OctetView bytes) {
    if (bytes.empty() || bytes[0] != kEncoded) return wrong("expected a label of 32 letters");
    if (bytes.size() < 1 + kEncoded) return wrong("it ends within its letters");
    std::array<std::uint8_t, kBytes> plain{};
    for (std::size_t i = 0; i < kBytes; ++i) {
        const std::uint8_t high = bytes[1 + 2 * i], low = bytes[2 + 2 * i];
        if (high < kFirst || high > kLast || low < kFirst || low > kLast)
            return wrong("expected letters from A to P");
        plain[i] = static_cast<std::uint8_t>((high - kFirst) << 4 | (low - kFirst));
    }
    ParsedName parsed;
    parsed.name.suffix = plain.back();
    parsed.name.text.assign(plain.begin(), plain.end() - 1);
    while (parsed.name.text.ends_with(' '))
        parsed.name.text.pop_back();

    std::size_t at = 1 + kEncoded;
    for (;;) {
        if (at >= bytes.size() || at >= kMostEncoded) return wrong("its scope has no end");
        const std::uint8_t length = bytes[at];
        if (length == 0) break;
        if (length > kLongestLabel) return wrong("its scope is no label");
        at += std::size_t{1} + length;
    }
    parsed.size = at + 1;
    return parsed;
}

void append_netbios_name(Octets& out, const NetbiosName& name) {
    out.push_back(kEncoded);
    for (std::size_t i = 0; i < kBytes; ++i) {
        std::uint8_t byte = ' ';
        if (i == kBytes - 1)
            byte = name.suffix;
        else if (i < name.text.size())
            byte = static_cast<std::uint8_t>(name.text[i]);
        out.push_back(static_cast<std::uint8_t>(kFirst + (byte >> 4)));
        out.push_back(static_cast<std::uint8_t>(kFirst + (byte & 0x0f)));
    }
    out.push_back(0);
}

} // namespace mpapi::discovery
