// SPDX-License-Identifier: LGPL-2.1-or-later
//
// wchar_t x[N] of the IDL: a text, its NUL, and zeros to the end (the tail would otherwise show a
// client what lay in our memory before). Pure functions.
#pragma once

#include "common/text/utf16.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::csvp {

// Cut to N - 1 units, never through a surrogate pair.
template <std::size_t N>
std::array<char16_t, N> fixed_text(std::string_view utf8) {
    const std::u16string whole = to_utf16(utf8);
    std::size_t units = std::min(whole.size(), N - 1);
    if (units != 0 && units < whole.size() && whole[units - 1] >= 0xd800 &&
        whole[units - 1] <= 0xdbff)
        --units;
    std::array<char16_t, N> field{};
    std::copy_n(whole.begin(), units, field.begin());
    return field;
}

// Up to the first NUL, or all of it. nullopt where a surrogate stands alone.
template <std::size_t N>
std::optional<std::string> text_of(const std::array<char16_t, N>& field) {
    const auto end = std::find(field.begin(), field.end(), u'\0');
    return to_utf8(std::u16string(field.begin(), end));
}

} // namespace mpapi::csvp
