// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/ndr/type_serialization.hpp"

namespace mpapi::ndr::detail {

namespace {

constexpr std::array<std::uint8_t, 8> common_header = {1, 0x10, 8, 0, 0xcc, 0xcc, 0xcc, 0xcc};

Error header_error(std::string reason) {
    return {"read NDR", "type serialization header", std::move(reason)};
}

} // namespace

void put_serialization_headers(std::vector<std::uint8_t>& bytes) {
    bytes.assign(common_header.begin(), common_header.end());
    bytes.resize(serialization_headers);
}

void finish_serialization(std::vector<std::uint8_t>& bytes) {
    bytes.resize((bytes.size() + 7) / 8 * 8);
    const std::size_t length = bytes.size() - serialization_headers;
    for (unsigned i = 0; i < 4; ++i)
        bytes[common_header.size() + i] = static_cast<std::uint8_t>(length >> (8 * i));
}

Result<std::span<const std::uint8_t>> serialized_object(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < serialization_headers)
        return header_error(std::to_string(bytes.size()) + " bytes, the headers have 16");
    if (bytes[0] != 1) return header_error("version " + std::to_string(bytes[0]) + ", not 1");
    if (bytes[1] != 0x10) return header_error("is not little-endian");
    if (bytes[2] != 8 || bytes[3] != 0) return header_error("its length is not 8");
    std::uint32_t length = 0;
    for (unsigned i = 0; i < 4; ++i)
        length |= std::uint32_t{bytes[common_header.size() + i]} << (8 * i);
    const auto rest = bytes.subspan(serialization_headers);
    if (length > rest.size())
        return header_error("announces " + std::to_string(length) + " bytes, " +
                            std::to_string(rest.size()) + " are there");
    if (rest.size() - length > 7)
        return header_error(std::to_string(rest.size() - length) + " bytes are left over");
    return rest.first(length);
}

} // namespace mpapi::ndr::detail
