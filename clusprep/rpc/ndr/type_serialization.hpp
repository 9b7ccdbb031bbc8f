// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Type Serialization Version 1 (MS-RPCE 2.2.6): one structure by itself, as the properties of a
// DCOM activation are. A common header (version 1, byte order, length 8, filler), a private header
// (length of the object, filler), the object, zeros to a multiple of 8.
//
// Only the little-endian form is read. Writers in the field differ in whether the length counts the
// padding and whether there is any: both are read; up to seven bytes of it, of any value, may stand
// within the length and up to seven behind it.
#pragma once

#include "clusprep/rpc/ndr/ndr.hpp"

namespace mpapi::ndr {

namespace detail {

constexpr std::size_t serialization_headers = 16;

void put_serialization_headers(std::vector<std::uint8_t>& bytes);
void finish_serialization(std::vector<std::uint8_t>& bytes);
// The object's bytes, padding included.
Result<std::span<const std::uint8_t>> serialized_object(std::span<const std::uint8_t> bytes);

} // namespace detail

template <typename T>
Result<std::vector<std::uint8_t>> serialize(const T& structure) {
    std::vector<std::uint8_t> bytes;
    detail::put_serialization_headers(bytes);
    // The headers are 16 bytes long, so alignment may count from the front of them.
    detail::Writer writer(bytes, Limits{}.depth);
    writer.check_all(structure, false);
    if (!writer.failed()) writer.construct(structure);
    if (writer.failed()) return writer.take_error();
    detail::finish_serialization(bytes);
    return bytes;
}

template <typename T>
Result<T> deserialize(std::span<const std::uint8_t> bytes, Limits limits = {}) {
    const auto object = detail::serialized_object(bytes);
    if (!object) return object.error();
    T structure{};
    detail::Reader reader(*object, 0, limits.depth);
    reader.construct(structure);
    reader.at_end(7);
    reader.check_all(structure, false);
    if (reader.failed()) return reader.take_error();
    return structure;
}

} // namespace mpapi::ndr
