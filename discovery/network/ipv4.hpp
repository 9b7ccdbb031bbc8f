// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IPv4 addresses as numbers, 10.0.0.1 being 0x0a000001: NetBIOS knows no other (RFC 1002).
#pragma once

#include <cstdint>
#include <string>

namespace mpapi::discovery {

std::string ipv4_text(std::uint32_t address);

} // namespace mpapi::discovery
