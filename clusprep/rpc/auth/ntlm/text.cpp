// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/text.hpp"

#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include <clocale>
#include <cwctype>

namespace mpapi::rpc::ntlm {

namespace {

constexpr bool is_high(char32_t unit) {
    return unit >= 0xd800 && unit < 0xdc00;
}
constexpr bool is_low(char32_t unit) {
    return unit >= 0xdc00 && unit < 0xe000;
}

Error not_utf16() {
    return {"read", "", "is no well-formed UTF-16"};
}
Error not_utf8() {
    return {"read", "", "is no well-formed UTF-8"};
}

void append_utf8(std::string& text, char32_t code) {
    const auto byte = [&](char32_t value) { text.push_back(static_cast<char>(value)); };
    if (code < 0x80) {
        byte(code);
    } else if (code < 0x800) {
        byte(0xc0 | code >> 6);
        byte(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        byte(0xe0 | code >> 12);
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    } else {
        byte(0xf0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3f));
        byte(0x80 | (code >> 6 & 0x3f));
        byte(0x80 | (code & 0x3f));
    }
}

} // namespace

Result<std::u16string> text_of(std::span<const std::uint8_t> utf16le) {
    if (utf16le.size() % 2 != 0) return Error{"read", "", "has an odd number of bytes"};
    if (utf16le.size() / 2 > kMostName) return Error{"read", "", "is too long"};
    std::u16string text(utf16le.size() / 2, u'\0');
    for (std::size_t i = 0; i < text.size(); ++i) {
        text[i] = static_cast<char16_t>(utf16le[2 * i] | utf16le[2 * i + 1] << 8);
        if (text[i] < 0x20 || text[i] == 0x7f)
            return Error{"read", "", "holds a control character"};
    }
    if (auto well_formed = to_utf8(text); !well_formed) return well_formed.error();
    return text;
}

std::vector<std::uint8_t> bytes_of(std::u16string_view text) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(2 * text.size());
    for (const char16_t unit : text) {
        bytes.push_back(static_cast<std::uint8_t>(unit & 0xff));
        bytes.push_back(static_cast<std::uint8_t>(unit >> 8));
    }
    return bytes;
}

Result<std::u16string> to_utf16(std::string_view utf8) {
    std::u16string text;
    for (std::size_t at = 0; at < utf8.size();) {
        const auto first = static_cast<std::uint8_t>(utf8[at]);
        const std::size_t more = first < 0x80                    ? 0
                                 : first >= 0xc2 && first < 0xe0 ? 1
                                 : first >= 0xe0 && first < 0xf0 ? 2
                                 : first >= 0xf0 && first < 0xf5 ? 3
                                                                 : 4;
        if (more == 4 || utf8.size() - at <= more) return not_utf8();
        char32_t code = more == 0 ? first : first & (0x3fu >> more);
        for (std::size_t i = 1; i <= more; ++i) {
            const auto next = static_cast<std::uint8_t>(utf8[at + i]);
            if ((next & 0xc0) != 0x80) return not_utf8();
            code = code << 6 | (next & 0x3f);
        }
        constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (code < least[more] || code > 0x10ffff || is_high(code) || is_low(code))
            return not_utf8();
        at += more + 1;
        if (code < 0x10000) {
            text.push_back(static_cast<char16_t>(code));
        } else {
            text.push_back(static_cast<char16_t>(0xd800 + ((code - 0x10000) >> 10)));
            text.push_back(static_cast<char16_t>(0xdc00 + ((code - 0x10000) & 0x3ff)));
        }
    }
    return text;
}

Result<std::string> to_utf8(std::u16string_view text) {
    std::string utf8;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char32_t code = text[at];
        if (is_low(code)) return not_utf16();
        if (is_high(code)) {
            if (at + 1 == text.size() || !is_low(text[at + 1])) return not_utf16();
            code = 0x10000 + ((code - 0xd800) << 10) + (char32_t{text[++at]} - 0xdc00);
        }
        append_utf8(utf8, code);
    }
    return utf8;
}

std::u16string upper_case(std::u16string_view text) {
    // Part of the C library's package; without it only ASCII would be mapped.
    static const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    std::u16string upper(text);
    for (char16_t& unit : upper) {
        if (unit >= u'a' && unit <= u'z')
            unit = static_cast<char16_t>(unit - u'a' + u'A');
        else if (unit >= 0x80 && unicode != locale_t{} && !is_high(unit) && !is_low(unit)) {
            const auto mapped = ::towupper_l(static_cast<std::wint_t>(unit), unicode);
            if (mapped < 0x10000) unit = static_cast<char16_t>(mapped);
        }
    }
    return upper;
}

} // namespace mpapi::rpc::ntlm
