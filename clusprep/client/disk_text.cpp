// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/disk_text.hpp"

#include "clusprep/interfaces/disks.hpp"
#include "common/text/utf16.hpp"

#include <array>
#include <cstdio>

namespace mpapi::client {
namespace {

template <std::size_t N>
std::string name_in(const std::array<const char*, N>& names, std::uint32_t number) {
    return number < N ? names[number] : std::to_string(number);
}

struct FlagName {
    std::uint32_t flag;
    const char* name;
};
constexpr std::array flag_table = {
    FlagName{csvp::DiskBoot, "boot"},
    FlagName{csvp::DiskSystem, "system"},
    FlagName{csvp::DiskPageFile, "pageFile"},
    FlagName{csvp::DiskHibernate, "hibernate"},
    FlagName{csvp::DiskCrashDump, "crashDump"},
    FlagName{csvp::DiskRemovable, "removable"},
    FlagName{csvp::DiskClusterNotSupported, "clusterNotSupported"},
    FlagName{csvp::DiskBusNotSupported, "busNotSupported"},
    FlagName{csvp::DiskSystemBus, "systemBus"},
    FlagName{csvp::DiskAlreadyClustered, "alreadyClustered"},
    FlagName{csvp::DiskStyleMbr, "mbr"},
    FlagName{csvp::DiskStyleGpt, "gpt"},
    FlagName{csvp::DiskStyleRaw, "raw"},
    FlagName{csvp::DiskBasic, "basic"},
    FlagName{csvp::DiskDynamic, "dynamic"},
    FlagName{csvp::DiskClusteredOnline, "clusteredOnline"},
    FlagName{csvp::DiskUnreadable, "unreadable"},
    FlagName{csvp::DiskMpio, "mpio"},
    FlagName{csvp::DiskClusteredOther, "clusteredOther"},
    FlagName{csvp::DiskMissing, "missing"},
    FlagName{csvp::DiskRedundant, "redundant"},
    FlagName{csvp::DiskSnapshot, "snapshot"},
};

} // namespace

std::string bus_name(std::uint32_t bus_type) {
    static constexpr std::array names = {"unknown", "scsi", "atapi", "ata",   "1394", "ssa",
                                         "fibre",   "usb",  "raid",  "iscsi", "sas",  "sata"};
    return name_in(names, bus_type);
}

std::vector<std::string> flag_names(std::uint32_t flags) {
    std::vector<std::string> names;
    for (const FlagName& known : flag_table) {
        if ((flags & known.flag) == 0) continue;
        names.emplace_back(known.name);
        flags &= ~known.flag;
    }
    if (flags != 0) {
        char rest[11];
        std::snprintf(rest, sizeof rest, "0x%08x", flags);
        names.emplace_back(rest);
    }
    return names;
}

std::string association_name(std::uint8_t association) {
    static constexpr std::array names = {"logicalUnit", "targetPort", "targetDevice"};
    return name_in(names, association);
}

std::string identifier_type_name(std::uint8_t type) {
    static constexpr std::array names = {
        "vendorSpecific",  "t10",      "eui64", "naa",      "relativeTargetPort",
        "targetPortGroup", "lunGroup", "md5",   "scsiName",
    };
    return name_in(names, type);
}

std::string code_set_name(std::uint8_t code_set) {
    static constexpr std::array names = {"0", "binary", "ascii", "utf8"};
    return name_in(names, code_set);
}

std::string utf8_of(std::u16string_view text) {
    if (const auto whole = to_utf8(text)) return *whole;
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        // A pair, one unit, or a surrogate by itself.
        auto part = to_utf8(text.substr(i, 2));
        if (part && text[i] >= 0xd800 && text[i] <= 0xdfff)
            ++i;
        else
            part = to_utf8(text.substr(i, 1));
        made += part.value_or("\xef\xbf\xbd");
    }
    return made;
}

} // namespace mpapi::client
