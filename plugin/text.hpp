// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Texts of the model, which are bytes from anywhere, as the fixed arrays of <mpapi.h>. The arrays
// are zero before; what does not fit is left out, a character as a whole. A text ends at its first
// NUL, and what is no UTF-8 reads U+FFFD.
#pragma once

#include "library/include/mpapi.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace mpapi::plugin {

// Takes the first character from the text, which must not be empty.
char32_t take_character(std::string_view& text);

void append_utf8(std::string& to, char32_t character);

namespace detail {
void put(MP_CHAR* to, std::size_t size, std::string_view text);
void put(MP_WCHAR* to, std::size_t size, std::string_view text);
} // namespace detail

template <typename Character, std::size_t size>
void put(Character (&to)[size], std::string_view text) {
    detail::put(to, size, text);
}

// As INQUIRY data has it: padded with spaces, without an end.
template <std::size_t size>
void pad(MP_CHAR (&to)[size], std::string_view text) {
    const std::size_t length = std::min(size, text.size());
    std::memset(to, ' ', size);
    if (length) std::memcpy(to, text.data(), length);
}

} // namespace mpapi::plugin
