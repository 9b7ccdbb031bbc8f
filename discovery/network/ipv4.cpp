// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/ipv4.hpp"

namespace mpapi::discovery {

std::string ipv4_text(std::uint32_t address) {
    std::string text;
    for (const int shift : {24, 16, 8, 0}) {
        if (!text.empty()) text += '.';
        text += std::to_string(address >> shift & 0xff);
    }
    return text;
}

} // namespace mpapi::discovery
