// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/text.hpp"

#include "clusprep/rpc/auth/ntlm/messages.hpp"
#include "common/text/utf16.hpp"

#include <clocale>
#include <cwctype>

namespace mpapi::rpc::ntlm {

namespace {

constexpr bool is_surrogate(char16_t unit) {
    return unit >= 0xd800 && unit < 0xe000;
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
    if (!to_utf8(text)) return Error{"read", "", "is no well-formed UTF-16"};
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

Result<std::u16string> utf16_of(std::string_view utf8) {
    auto text = to_utf16(utf8);
    if (to_utf8(text) != utf8) return Error{"read", "", "is no well-formed UTF-8"};
    return text;
}

std::u16string upper_case(std::u16string_view text) {
    // Part of the C library's package; without it only ASCII would be mapped.
    static const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
    std::u16string upper(text);
    for (char16_t& unit : upper) {
        if (unit >= u'a' && unit <= u'z')
            unit = static_cast<char16_t>(unit - u'a' + u'A');
        else if (unit >= 0x80 && unicode != locale_t{} && !is_surrogate(unit)) {
            const auto mapped = ::towupper_l(static_cast<std::wint_t>(unit), unicode);
            if (mapped < 0x10000) unit = static_cast<char16_t>(mapped);
        }
    }
    return upper;
}

} // namespace mpapi::rpc::ntlm
