// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/subject.hpp"

#include "common/text/utf16.hpp"

#include <cstdio>

namespace mpapi::csvp {

std::string text_of(const DiskId& disk) {
    switch (disk.type) {
    case DiskIdType::Number:
        return "disk " + std::to_string(disk.number);
    case DiskIdType::Signature: {
        char text[16];
        std::snprintf(text, sizeof text, "%08x", disk.number);
        return std::string("disk with signature ") + text;
    }
    case DiskIdType::Guid:
        return "disk " + disk.guid.text();
    case DiskIdType::Unknown:
        break;
    }
    return "no disk";
}

std::string file_text(std::uint32_t partition, const std::u16string& name) {
    return ", partition " + std::to_string(partition) + ", file " +
           to_utf8(name).value_or("of a name that is no text");
}

} // namespace mpapi::csvp
