// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Letters of ASCII without the process's locale: names on the wire are compared without regard to
// their case, and other bytes as they are.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace mpapi::discovery {

constexpr char upper(char c) noexcept {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

inline std::string upper(std::string_view text) {
    std::string made(text);
    std::transform(made.begin(), made.end(), made.begin(), [](char c) { return upper(c); });
    return made;
}

inline bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return upper(x) == upper(y); });
}

} // namespace mpapi::discovery
