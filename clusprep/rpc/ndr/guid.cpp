// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/ndr/guid.hpp"

#include <cstdio>

namespace mpapi::ndr {

std::string Guid::text() const {
    char buffer[37];
    std::snprintf(buffer, sizeof buffer, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", data1,
                  data2, data3, data4[0], data4[1], data4[2], data4[3], data4[4], data4[5],
                  data4[6], data4[7]);
    return buffer;
}

std::array<std::uint8_t, 16> guid_bytes(const Guid& guid) {
    std::array<std::uint8_t, 16> bytes{};
    for (unsigned i = 0; i < 4; ++i)
        bytes[i] = static_cast<std::uint8_t>(guid.data1 >> (8 * i));
    for (unsigned i = 0; i < 2; ++i) {
        bytes[4 + i] = static_cast<std::uint8_t>(guid.data2 >> (8 * i));
        bytes[6 + i] = static_cast<std::uint8_t>(guid.data3 >> (8 * i));
    }
    for (unsigned i = 0; i < 8; ++i)
        bytes[8 + i] = guid.data4[i];
    return bytes;
}

Guid guid_from_bytes(const std::array<std::uint8_t, 16>& bytes) {
    Guid guid;
    for (unsigned i = 0; i < 4; ++i)
        guid.data1 |= std::uint32_t{bytes[i]} << (8 * i);
    guid.data2 = static_cast<std::uint16_t>(bytes[4] | bytes[5] << 8);
    guid.data3 = static_cast<std::uint16_t>(bytes[6] | bytes[7] << 8);
    for (unsigned i = 0; i < 8; ++i)
        guid.data4[i] = bytes[8 + i];
    return guid;
}

Result<Guid> parse_guid(std::string_view text) {
    std::string_view inner = text;
    if (inner.size() == 38 && inner.front() == '{' && inner.back() == '}')
        inner = inner.substr(1, 36);
    Guid guid;
    if (!detail::parse_guid(inner, guid))
        return Error{"read UUID", std::string(text.substr(0, 64)),
                     "is not of the form 12108a88-6858-4467-b92f-e6cf4568dfb6"};
    return guid;
}

} // namespace mpapi::ndr
