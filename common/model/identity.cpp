// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/identity.hpp"

#include <algorithm>

namespace mpapi::model {

namespace {

constexpr std::string_view kMultipathPrefix = "mpath-";
constexpr std::string_view kUuidPrefix = "uuid-";
constexpr std::string_view kNamePrefix = "name-";

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

} // namespace

std::string logical_unit_key(std::string_view uuid, std::string_view name) {
    if (uuid.empty()) return std::string(kNamePrefix).append(name);
    if (!uuid.starts_with(kMultipathPrefix) || uuid.size() == kMultipathPrefix.size())
        return std::string(kUuidPrefix).append(uuid);
    const std::string_view wwid = uuid.substr(kMultipathPrefix.size());
    // Somebody's WWID may look like one of the other two forms: then the UUID stays whole.
    if (wwid.starts_with(kUuidPrefix) || wwid.starts_with(kNamePrefix))
        return std::string(kUuidPrefix).append(uuid);
    return std::string(wwid);
}

std::string nexus_key(std::string_view initiator_port_id, std::string_view target_port_id,
                      std::uint64_t lun) {
    return std::string(initiator_port_id)
        .append(",")
        .append(target_port_id)
        .append(",")
        .append(std::to_string(logical_unit_number(lun)));
}

std::uint64_t logical_unit_number(std::uint64_t lun) {
    if (lun >> 16) return lun;
    const std::uint64_t method = lun >> 14;
    if (method == 1) return lun & 0x3fff; // flat space addressing
    return lun; // peripheral device addressing on bus 0, and whatever else fits two bytes
}

ExpectedName name_expected_by(std::string_view uuid) {
    // ID_SERIAL of udev's scsi_id: the designator type as a digit, then the designator.
    if (!uuid.starts_with(kMultipathPrefix)) return {};
    const std::string_view wwid = uuid.substr(kMultipathPrefix.size());
    if (wwid.size() < 2) return {};
    const std::string_view text = wwid.substr(1);
    switch (wwid.front()) {
    case '3':
        if (is_lower_hex(text) && (text.size() == 16 || text.size() == 32))
            return {std::string(text), NameType::Naa};
        return {};
    case '2':
        if (is_lower_hex(text) && (text.size() == 16 || text.size() == 24 || text.size() == 32))
            return {std::string(text), NameType::Eui64};
        return {};
    default:
        // T10 vendor ids are written with blanks replaced; they cannot be compared.
        return {};
    }
}

} // namespace mpapi::model
