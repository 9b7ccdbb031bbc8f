// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The small notations inside of a SAN file: designators, sizes, numbered names, state names.
#include "common/text/hex.hpp"
#include "daemon/san/description.hpp"

#include <algorithm>

namespace mpapi::san {

namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> binary(std::string_view hex) {
    std::string result;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        const int high = digit(hex[i]);
        const int low = digit(hex[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        result.push_back(static_cast<char>(high << 4 | low));
    }
    return hex.size() % 2 == 0 ? std::optional(result) : std::nullopt;
}

Error bad_designator(std::string reason) {
    return Error{"read designator", {}, std::move(reason)};
}

// SPC-4 7.8.5.6: 16 digits for NAA 2, 3 and 5, 32 for NAA 6.
bool fits_naa(std::string_view digits) {
    if (digits.empty()) return false;
    if (digits[0] == '6') return digits.size() == 32;
    return (digits[0] == '2' || digits[0] == '3' || digits[0] == '5') && digits.size() == 16;
}

} // namespace

const std::vector<std::pair<std::string_view, model::AccessState>>& access_states() {
    static const std::vector<std::pair<std::string_view, model::AccessState>> names{
        {"active-optimized", model::AccessState::ActiveOptimized},
        {"active-non-optimized", model::AccessState::ActiveNonOptimized},
        {"standby", model::AccessState::Standby},
        {"unavailable", model::AccessState::Unavailable},
        {"logical-block-dependent", model::AccessState::LogicalBlockDependent},
        {"offline", model::AccessState::Offline},
        {"transitioning", model::AccessState::Transitioning},
    };
    return names;
}

std::optional<model::AccessState> access_state_named(std::string_view name) {
    for (const auto& [text, state] : access_states())
        if (text == name) return state;
    return std::nullopt;
}

const std::vector<std::pair<std::string_view, SetGroupsAnswer>>& set_groups_answers() {
    static const std::vector<std::pair<std::string_view, SetGroupsAnswer>> names{
        {"obeys", SetGroupsAnswer::Obeys},     {"transitioning", SetGroupsAnswer::Transitioning},
        {"refused", SetGroupsAnswer::Refused}, {"failed", SetGroupsAnswer::Failed},
        {"ignored", SetGroupsAnswer::Ignored}, {"slow", SetGroupsAnswer::Slow},
    };
    return names;
}

const std::vector<std::pair<std::string_view, Verb>>& verbs() {
    static const std::vector<std::pair<std::string_view, Verb>> names{
        {"path_lost", Verb::PathLost},
        {"path_restored", Verb::PathRestored},
        {"port_lost", Verb::PortLost},
        {"port_restored", Verb::PortRestored},
        {"command_hangs", Verb::CommandHangs},
        {"command_released", Verb::CommandReleased},
        {"array_fails_over", Verb::ArrayFailsOver},
        {"group_state", Verb::GroupState},
        {"set_groups_answer", Verb::SetGroupsAnswer},
        {"lun_reused", Verb::LunReused},
        {"path_reused", Verb::PathReused},
        {"size_changed", Verb::SizeChanged},
        {"unit_removed", Verb::UnitRemoved},
        {"unit_added", Verb::UnitAdded},
        {"disk_offline", Verb::DiskOffline},
        {"disk_removed", Verb::DiskRemoved},
        {"disk_added", Verb::DiskAdded},
        {"disk_rescanned", Verb::DiskRescanned},
        {"host_removed", Verb::HostRemoved},
        {"host_added", Verb::HostAdded},
        {"map_removed", Verb::MapRemoved},
        {"map_made", Verb::MapMade},
        {"map_renamed", Verb::MapRenamed},
        {"map_suspended", Verb::MapSuspended},
        {"map_resumed", Verb::MapResumed},
        {"map_held", Verb::MapHeld},
        {"map_is_system", Verb::MapIsSystem},
        {"map_released", Verb::MapReleased},
        {"map_io", Verb::MapIo},
        {"map_text", Verb::MapText},
        {"map_content", Verb::MapContent},
        {"reply", Verb::Reply},
    };
    return names;
}

Result<Designator> parse_designator(std::string_view text) {
    const auto dot = text.find('.');
    const auto kind = text.substr(0, dot);
    const auto rest = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    if (kind == "naa") {
        const auto value = binary(rest);
        if (!value || !fits_naa(rest))
            return bad_designator("expected naa. and 16 digits that begin with 2, 3 or 5, or 32 "
                                  "that begin with 6");
        return Designator{DesignatorKind::Naa, *value};
    }
    if (kind == "eui") {
        const auto value = binary(rest);
        if (!value || (rest.size() != 16 && rest.size() != 24 && rest.size() != 32))
            return bad_designator("expected eui. and 16, 24 or 32 hexadecimal digits");
        return Designator{DesignatorKind::Eui64, *value};
    }
    const bool printable =
        std::all_of(rest.begin(), rest.end(), [](char c) { return c >= ' ' && c <= '~'; });
    if (kind == "t10") {
        if (!printable || rest.size() <= 8 || rest.size() > 200)
            return bad_designator("expected t10., a vendor of 8 characters and a text");
        return Designator{DesignatorKind::T10, std::string(rest)};
    }
    if (kind == "name") {
        // SPC-4 7.8.5.11.
        const auto prefix = rest.substr(0, 4);
        if (!printable || rest.size() > 200 ||
            (prefix != "iqn." && prefix != "eui." && prefix != "naa."))
            return bad_designator("expected name. and a SCSI name that begins with iqn., eui. or "
                                  "naa.");
        return Designator{DesignatorKind::ScsiName, std::string(rest)};
    }
    return bad_designator("expected naa., eui., t10. or name. and the designator");
}

std::string to_string(const Designator& designator) {
    switch (designator.kind) {
    case DesignatorKind::Naa:
        return "naa." + hex_of(designator.value);
    case DesignatorKind::Eui64:
        return "eui." + hex_of(designator.value);
    case DesignatorKind::T10:
        return "t10." + designator.value;
    case DesignatorKind::ScsiName:
        return "name." + designator.value;
    }
    return {};
}

std::string wwid(const Designator& designator) {
    switch (designator.kind) {
    case DesignatorKind::Naa:
        return "3" + hex_of(designator.value);
    case DesignatorKind::Eui64:
        return "2" + hex_of(designator.value);
    case DesignatorKind::T10: {
        // Runs of blanks become one underscore.
        std::string text = "1";
        for (const char c : designator.value)
            if (c != ' ')
                text.push_back(c);
            else if (text.back() != '_')
                text.push_back('_');
        return text;
    }
    case DesignatorKind::ScsiName:
        return "8" + designator.value;
    }
    return {};
}

std::string numbered(std::string_view pattern, std::uint32_t ordinal) {
    std::string result;
    for (std::size_t i = 0; i < pattern.size();) {
        if (pattern[i] != '#') {
            result.push_back(pattern[i++]);
            continue;
        }
        std::size_t width = 0;
        while (i < pattern.size() && pattern[i] == '#')
            ++i, ++width;
        const auto digits = std::to_string(ordinal);
        if (digits.size() < width) result.append(width - digits.size(), '0');
        result += digits;
    }
    return result;
}

Designator numbered(const Designator& designator, std::uint32_t ordinal) {
    if (designator.kind == DesignatorKind::T10 || designator.kind == DesignatorKind::ScsiName)
        return {designator.kind, numbered(designator.value, ordinal)};
    Designator result = designator;
    std::uint64_t carry = ordinal;
    for (auto byte = result.value.rbegin(); carry != 0 && byte != result.value.rend(); ++byte) {
        carry += static_cast<unsigned char>(*byte);
        *byte = static_cast<char>(carry & 0xff);
        carry >>= 8;
    }
    return result;
}

} // namespace mpapi::san
