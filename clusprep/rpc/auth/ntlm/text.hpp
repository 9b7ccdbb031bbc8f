// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Names in NTLM: UTF-16LE on the wire, UTF-8 with us, compared and hashed in upper case.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::rpc::ntlm {

// A name as sent: at most kMostName code units, well-formed, no control characters, no NUL.
Result<std::u16string> text_of(std::span<const std::uint8_t> utf16le);
std::vector<std::uint8_t> bytes_of(std::u16string_view text);

// Unlike mpapi::to_utf16() it fails for what is not well-formed: a name is not to be guessed.
Result<std::u16string> utf16_of(std::string_view utf8);

// Code unit by code unit, as Windows does and NTOWFv2 wants (MS-NLMP 3.3.2 UpperCase): by the
// simple mappings of Unicode, whatever the process' locale is.
std::u16string upper_case(std::u16string_view text);

} // namespace mpapi::rpc::ntlm
