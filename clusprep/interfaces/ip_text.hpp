// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IP addresses as text in SendRTMessage (MS-CSVP 3.4.4.2). For IPv6 it names RFC 1924, whose base
// 85 nobody writes; clients send RFC 4291 text, with "%" and the number of the interface behind a
// link-local one. That is what is read.
#pragma once

#include "clusprep/interfaces/network.hpp"
#include "common/result.hpp"

#include <string>
#include <string_view>

namespace mpapi::csvp {

Result<IpAddress> parse_address(AddressFamily family, std::u16string_view text);
std::string text(const IpAddress& address);

} // namespace mpapi::csvp
