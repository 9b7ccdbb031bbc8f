// SPDX-License-Identifier: LGPL-2.1-or-later
//
// UTF-16, as Windows protocols write text, to and from the UTF-8 of everything else here (RFC 3629,
// RFC 2781). Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpapi {

// Bytes that are no UTF-8 become U+FFFD, one for each.
std::u16string to_utf16(std::string_view utf8);

// nullopt where a surrogate stands alone.
std::optional<std::string> to_utf8(std::u16string_view utf16);

} // namespace mpapi
