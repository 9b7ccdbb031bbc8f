// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/text.hpp"

#include <optional>

namespace mpapi::scsi {

namespace {

constexpr std::string_view lower_digits = "0123456789abcdef";
constexpr std::string_view upper_digits = "0123456789ABCDEF";

bool printable(std::uint8_t byte) {
    return byte >= 0x20 && byte <= 0x7e;
}

// The number of bytes of one well-formed character (RFC 3629 4) that is no control character, 0 if
// there is none at `offset`.
std::size_t utf8_character(Bytes bytes, std::size_t offset) {
    const std::uint8_t first = load_u8(bytes, offset);
    if (first < 0x80) return printable(first) ? 1 : 0;
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
        if (first == 0xc2) low = 0xa0; // U+0080 to U+009F are controls
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        if (first == 0xe0) low = 0xa0;
        if (first == 0xed) high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        if (first == 0xf0) low = 0x90;
        if (first == 0xf4) high = 0x8f;
    } else {
        return 0;
    }
    if (bytes.size() - offset < length) return 0;
    if (bytes[offset + 1] < low || bytes[offset + 1] > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if (bytes[offset + i] < 0x80 || bytes[offset + i] > 0xbf) return 0;
    return length;
}

void append_escaped(std::string& text, std::uint8_t byte) {
    text += "\\x";
    text += lower_digits[byte >> 4];
    text += lower_digits[byte & 0xf];
}

// The field without its fill. NULs end it; spaces before them are fill too.
Bytes without_fill(Bytes field) {
    std::size_t size = field.size();
    while (size > 0 && field[size - 1] == 0)
        --size;
    while (size > 0 && field[size - 1] == ' ')
        --size;
    return field.first(size);
}

} // namespace

Text ascii_field(Bytes field) {
    field = without_fill(field);
    Text result;
    if (std::all_of(field.begin(), field.end(), printable)) {
        result.text.assign(field.begin(), field.end());
        return result;
    }
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (printable(field[i])) {
            result.text += static_cast<char>(field[i]);
            continue;
        }
        append_escaped(result.text, field[i]);
        if (result.valid())
            result.reason =
                "byte " + std::to_string(i) + " is " + hex8(field[i]) + ", no printable ASCII";
    }
    return result;
}

Text utf8_field(Bytes field) {
    field = without_fill(field);
    Text result;
    result.text.reserve(field.size());
    for (std::size_t i = 0; i < field.size();) {
        const std::size_t length = utf8_character(field, i);
        if (length != 0) {
            const Bytes character = field.subspan(i, length);
            result.text.append(character.begin(), character.end());
            i += length;
            continue;
        }
        append_escaped(result.text, field[i]);
        if (result.valid())
            result.reason =
                "byte " + std::to_string(i) + " is " + hex8(field[i]) + ", no printable UTF-8";
        ++i;
    }
    return result;
}

std::string to_hex(Bytes bytes) {
    std::string text(bytes.size() * 2, '0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        text[2 * i] = lower_digits[bytes[i] >> 4];
        text[2 * i + 1] = lower_digits[bytes[i] & 0xf];
    }
    return text;
}

namespace {

std::optional<std::uint8_t> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

} // namespace

Result<std::vector<std::uint8_t>> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return Error{"read hexadecimal digits", "", "an odd number of digits"};
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = digit(text[i]);
        const auto low = digit(text[i + 1]);
        if (!high || !low)
            return Error{"read hexadecimal digits", "",
                         "no digit at position " + std::to_string(high ? i + 1 : i)};
        bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
    }
    return bytes;
}

std::string hex8(std::uint8_t value) {
    return {upper_digits[value >> 4], upper_digits[value & 0xf], 'h'};
}

std::string hex16(std::uint16_t value) {
    return {upper_digits[value >> 12], upper_digits[value >> 8 & 0xf],
            upper_digits[value >> 4 & 0xf], upper_digits[value & 0xf], 'h'};
}

std::string byte_count(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

} // namespace mpapi::scsi
