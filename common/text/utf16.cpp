// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/text/utf16.hpp"

#include <cstddef>
#include <cstdint>

namespace mpapi {

namespace {

constexpr char16_t kReplacement = 0xfffd;

// The character at the front and its length in bytes; 0 where there is none.
std::size_t decode(std::string_view text, char32_t& character) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = byte(0);
    std::size_t length = 0;
    char32_t least = 0;
    char32_t value = 0;
    if (first < 0x80) {
        character = first;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        length = 2;
        least = 0x80;
        value = first & 0x1fu;
    } else if (first >= 0xe0 && first < 0xf0) {
        length = 3;
        least = 0x800;
        value = first & 0x0fu;
    } else if (first >= 0xf0 && first < 0xf5) {
        length = 4;
        least = 0x10000;
        value = first & 0x07u;
    } else {
        return 0;
    }
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
        value = value << 6 | (byte(i) & 0x3fu);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return 0;
    character = value;
    return length;
}

void encode(char32_t character, std::string& text) {
    const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xc0 | character >> 6);
        put(0x80 | (character & 0x3f));
    } else if (character < 0x10000) {
        put(0xe0 | character >> 12);
        put(0x80 | (character >> 6 & 0x3f));
        put(0x80 | (character & 0x3f));
    } else {
        put(0xf0 | character >> 18);
        put(0x80 | (character >> 12 & 0x3f));
        put(0x80 | (character >> 6 & 0x3f));
        put(0x80 | (character & 0x3f));
    }
}

} // namespace

std::u16string to_utf16(std::string_view utf8) {
    std::u16string text;
    text.reserve(utf8.size());
    while (!utf8.empty()) {
        char32_t character = 0;
        const std::size_t length = decode(utf8, character);
        if (length == 0) {
            text.push_back(kReplacement);
            utf8.remove_prefix(1);
            continue;
        }
        if (character >= 0x10000) {
            const char32_t rest = character - 0x10000;
            text.push_back(static_cast<char16_t>(0xd800 | rest >> 10));
            text.push_back(static_cast<char16_t>(0xdc00 | (rest & 0x3ff)));
        } else {
            text.push_back(static_cast<char16_t>(character));
        }
        utf8.remove_prefix(length);
    }
    return text;
}

std::optional<std::string> to_utf8(std::u16string_view utf16) {
    std::string text;
    text.reserve(utf16.size());
    for (std::size_t i = 0; i < utf16.size(); ++i) {
        char32_t character = utf16[i];
        if (character >= 0xd800 && character < 0xe000) {
            if (character >= 0xdc00 || i + 1 == utf16.size()) return std::nullopt;
            const char32_t low = utf16[++i];
            if (low < 0xdc00 || low >= 0xe000) return std::nullopt;
            character = 0x10000 + ((character & 0x3ff) << 10 | (low & 0x3ff));
        }
        encode(character, text);
    }
    return text;
}

} // namespace mpapi
