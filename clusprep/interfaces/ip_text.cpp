// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/ip_text.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace mpapi::csvp {

Result<IpAddress> parse_address(AddressFamily family, std::u16string_view text) {
    const auto refused = [](const char* reason) { return Error{"read an address", "", reason}; };
    if (text.size() > 64) return refused("longer than any address");
    std::string ascii;
    for (const char16_t unit : text) {
        // A NUL would end what inet_pton sees.
        if (unit == 0 || unit > 0x7e) return refused("holds a character that none has");
        ascii += static_cast<char>(unit);
    }
    IpAddress address;
    address.family = family;
    if (family == AddressFamily::V6) {
        const std::size_t percent = ascii.find('%');
        if (percent != std::string::npos) {
            const char* const end = ascii.data() + ascii.size();
            const auto [stop, problem] =
                std::from_chars(ascii.data() + percent + 1, end, address.scope);
            if (problem != std::errc() || stop != end) return refused("scope is no number");
            ascii.resize(percent);
        }
    }
    if (inet_pton(family == AddressFamily::V6 ? AF_INET6 : AF_INET, ascii.c_str(),
                  address.bytes.data()) != 1)
        return refused(family == AddressFamily::V6 ? "is no IPv6 address" : "is no IPv4 address");
    return address;
}

std::string text(const IpAddress& address) {
    char buffer[INET6_ADDRSTRLEN] = {};
    inet_ntop(address.family == AddressFamily::V6 ? AF_INET6 : AF_INET, address.bytes.data(),
              buffer, sizeof buffer);
    std::string result = buffer;
    if (address.scope != 0) result += "%" + std::to_string(address.scope);
    return result;
}

} // namespace mpapi::csvp
