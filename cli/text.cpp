// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace mpapi::cli {
namespace {

void append_utf8(std::string& text, char32_t character) {
    const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
    const auto follow = [&](int shift) { put(0x80 | ((character >> shift) & 0x3f)); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xc0 | (character >> 6));
        follow(0);
    } else if (character < 0x10000) {
        put(0xe0 | (character >> 12));
        follow(6);
        follow(0);
    } else {
        put(0xf0 | (character >> 18));
        follow(12);
        follow(6);
        follow(0);
    }
}

bool scalar_value(char32_t character) {
    return character < 0xd800 || (character >= 0xe000 && character <= 0x10ffff);
}

// What a terminal obeys: C0 and C1, what ends a line, and what turns the direction of others
// (Bidi_Control in Unicode).
bool control(char32_t character) {
    const auto within = [&](char32_t first, char32_t last) {
        return character >= first && character <= last;
    };
    return character < 0x20 || within(0x7f, 0x9f) || character == 0x61c || within(0x200e, 0x200f) ||
           within(0x2028, 0x202e) || within(0x2066, 0x2069);
}

struct Sequence {
    char32_t character;
    std::size_t length;
};

// The character that `text` begins with, if that is well-formed (RFC 3629).
std::optional<Sequence> first_character(std::string_view text) {
    const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return Sequence{lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return std::nullopt;
    char32_t character = lead & (0x7fU >> length);
    for (std::size_t index = 1; index < length; ++index) {
        if ((byte(index) & 0xc0) != 0x80) return std::nullopt;
        character = character << 6 | (byte(index) & 0x3fU);
    }
    static constexpr std::array<char32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
    if (character < least[length] || !scalar_value(character)) return std::nullopt;
    return Sequence{character, length};
}

} // namespace

std::string text_of(const MP_CHAR* array, std::size_t size) {
    return {array, std::find(array, array + size, '\0')};
}

std::string text_of(const MP_WCHAR* array, std::size_t size) {
    const MP_WCHAR* const end = std::find(array, array + size, L'\0');
    // Nearly every text is ASCII to its end.
    const MP_WCHAR* const other =
        std::find_if(array, end, [](MP_WCHAR c) { return static_cast<char32_t>(c) >= 0x80; });
    std::string text(static_cast<std::size_t>(other - array), '\0');
    std::transform(array, other, text.begin(), [](MP_WCHAR c) { return static_cast<char>(c); });
    for (const MP_WCHAR* at = other; at != end; ++at) {
        const auto character = static_cast<char32_t>(*at);
        append_utf8(text, scalar_value(character) ? character : U'\ufffd');
    }
    return text;
}

std::string_view without_padding(std::string_view text) {
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string printable(std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const auto first = first_character(text);
        const std::size_t length = first ? first->length : 1;
        if (first && !control(first->character)) {
            shown += text.substr(0, length);
        } else {
            for (const char byte : text.substr(0, length)) {
                const auto value = static_cast<unsigned char>(byte);
                (shown += "\\x") += digits[value >> 4];
                shown += digits[value & 0xf];
            }
        }
        text.remove_prefix(length);
    }
    return shown;
}

} // namespace mpapi::cli
