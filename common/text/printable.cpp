// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/text/printable.hpp"

#include "common/text/utf16.hpp"

namespace mpapi {

namespace {

// Whether a terminal would obey it, or a reader be led astray.
bool commands(char16_t unit) {
    return unit < 0x20 || (unit >= 0x7f && unit <= 0x9f) || unit == 0x61c || unit == 0x200e ||
           unit == 0x200f || (unit >= 0x2028 && unit <= 0x202e) ||
           (unit >= 0x2066 && unit <= 0x2069);
}

} // namespace

std::string printable(std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    const std::u16string units = to_utf16(text); // what is no UTF-8 is U+FFFD from here on
    std::string shown;
    std::size_t begin = 0;
    const auto flush = [&](std::size_t end) {
        shown += to_utf8(units.substr(begin, end - begin)).value_or("");
    };
    for (std::size_t i = 0; i < units.size(); ++i) {
        if (!commands(units[i])) continue;
        flush(i);
        begin = i + 1;
        for (const char byte : to_utf8(units.substr(i, 1)).value_or("")) {
            const auto number = static_cast<unsigned char>(byte);
            shown += "\\x";
            shown += digits[number >> 4];
            shown += digits[number & 15];
        }
    }
    flush(units.size());
    return shown;
}

} // namespace mpapi
