// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/text.hpp"

#include <cstdint>

namespace mpapi::plugin {

namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::size_t encode(char32_t character, char (&to)[4]) {
    auto tail = [&](unsigned shift) {
        return static_cast<char>(0x80 | (character >> shift & 0x3f));
    };
    if (character < 0x80) {
        to[0] = static_cast<char>(character);
        return 1;
    }
    if (character < 0x800) {
        to[0] = static_cast<char>(0xc0 | character >> 6);
        to[1] = tail(0);
        return 2;
    }
    if (character < 0x10000) {
        to[0] = static_cast<char>(0xe0 | character >> 12);
        to[1] = tail(6);
        to[2] = tail(0);
        return 3;
    }
    to[0] = static_cast<char>(0xf0 | character >> 18);
    to[1] = tail(12);
    to[2] = tail(6);
    to[3] = tail(0);
    return 4;
}

// How many characters stand at the beginning that are ASCII and no NUL: nearly all of nearly every
// text, eight at a time.
std::size_t plain_length(std::string_view text) {
    constexpr std::uint64_t high = 0x8080808080808080;
    constexpr std::uint64_t ones = 0x0101010101010101;
    std::size_t at = 0;
    for (; at + sizeof(std::uint64_t) <= text.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + at, sizeof eight);
        if (((eight | (eight - ones)) & high) != 0) break;
    }
    while (at < text.size() && static_cast<signed char>(text[at]) > 0)
        ++at;
    return at;
}

} // namespace

char32_t take_character(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text.front());
    // Lengths, and the least that each may encode (RFC 3629 3).
    std::size_t length = 1;
    char32_t character = first;
    char32_t least = 0;
    if (first >= 0xf0 && first < 0xf8) {
        length = 4;
        character = first & 0x07;
        least = 0x10000;
    } else if (first >= 0xe0 && first < 0xf0) {
        length = 3;
        character = first & 0x0f;
        least = 0x800;
    } else if (first >= 0xc0 && first < 0xe0) {
        length = 2;
        character = first & 0x1f;
        least = 0x80;
    } else if (first >= 0x80) {
        character = kReplacement;
    }
    for (std::size_t at = 1; at < length; ++at) {
        if (at == text.size() || !is_continuation(text[at])) {
            text.remove_prefix(1);
            return kReplacement;
        }
        character = character << 6 | (static_cast<unsigned char>(text[at]) & 0x3f);
    }
    const bool surrogate = character >= 0xd800 && character < 0xe000;
    if (character < least || character > 0x10ffff || surrogate) {
        text.remove_prefix(1);
        return kReplacement;
    }
    text.remove_prefix(length);
    return character;
}

void append_utf8(std::string& to, char32_t character) {
    char bytes[4];
    to.append(bytes, encode(character, bytes));
}

namespace detail {

void put(MP_CHAR* to, std::size_t size, std::string_view text) {
    std::size_t at = plain_length(text.substr(0, size - 1));
    std::copy_n(text.begin(), at, to);
    text.remove_prefix(at);
    while (!text.empty() && text.front() != '\0') {
        char bytes[4];
        const std::size_t length = encode(take_character(text), bytes);
        if (length >= size - at) return;
        for (std::size_t n = 0; n < length; ++n)
            to[at++] = bytes[n];
    }
}

void put(MP_WCHAR* to, std::size_t size, std::string_view text) {
    std::size_t at = plain_length(text.substr(0, size - 1));
    std::copy_n(text.begin(), at, to);
    text.remove_prefix(at);
    for (; at + 1 < size && !text.empty() && text.front() != '\0'; ++at)
        to[at] = static_cast<MP_WCHAR>(take_character(text));
}

} // namespace detail

} // namespace mpapi::plugin
