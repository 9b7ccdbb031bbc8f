// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Texts as structures of the API hold them. Arrays need not end with NUL, and bytes of a device may
// be anything: none of these functions reads beyond its array.
#pragma once

#include <mpapi.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace mpapi::cli {

std::string text_of(const MP_CHAR* array, std::size_t size);
std::string text_of(const MP_WCHAR* array, std::size_t size); // as UTF-8

template <typename Character, std::size_t Size>
std::string text_of(const Character (&array)[Size]) {
    return text_of(static_cast<const Character*>(array), Size);
}

// A field of INQUIRY data: as wide as it is, with its padding, without NULs.
template <std::size_t Size>
std::string padded_text_of(const MP_CHAR (&array)[Size]) {
    std::string text;
    for (const char byte : array)
        if (byte != '\0') text += byte;
    return text;
}

std::string_view without_padding(std::string_view text);

// For a terminal: characters that control it, and bytes that are not UTF-8, are written as \xNN.
std::string printable(std::string_view text);

} // namespace mpapi::cli
