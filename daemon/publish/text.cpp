// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/text.hpp"

#include <cstddef>
#include <cstdint>

namespace mpapi::publish {

namespace {

// The length of the character at the front of `text`, 0 where there is none that may be shown
// (RFC 3629 4: no overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t character(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char lead = byte(0);
    if (lead == 0) return 0;
    if (lead < 0x80) return 1;
    std::size_t length = 0;
    std::uint32_t code = 0;
    std::uint32_t smallest = 0;
    if ((lead & 0xe0) == 0xc0)
        length = 2, code = lead & 0x1fu, smallest = 0x80;
    else if ((lead & 0xf0) == 0xe0)
        length = 3, code = lead & 0x0fu, smallest = 0x800;
    else if ((lead & 0xf8) == 0xf0)
        length = 4, code = lead & 0x07u, smallest = 0x10000;
    else
        return 0;
    if (text.size() < length) return 0;
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xc0) != 0x80) return 0;
        code = code << 6 | (byte(at) & 0x3fu);
    }
    if (code < smallest || code > 0x10ffff) return 0;
    if (code >= 0xd800 && code <= 0xdfff) return 0;
    if ((code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe) return 0;
    return length;
}

std::size_t presentable_prefix(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t length = character(text.substr(at));
        if (length == 0) break;
        at += length;
    }
    return at;
}

} // namespace

bool is_presentable(std::string_view text) {
    return presentable_prefix(text) == text.size();
}

std::string_view presentable(std::string_view text, std::string& scratch) {
    std::size_t good = presentable_prefix(text);
    if (good == text.size()) return text;
    scratch.clear();
    while (!text.empty()) {
        scratch.append(text.substr(0, good));
        text.remove_prefix(good);
        if (text.empty()) break;
        scratch += "\xef\xbf\xbd";
        text.remove_prefix(1);
        good = presentable_prefix(text);
    }
    return scratch;
}

} // namespace mpapi::publish
