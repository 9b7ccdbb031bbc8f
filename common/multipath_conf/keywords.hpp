// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which attribute may stand in which section of multipath.conf (multipath.conf(5) of
// multipath-tools 0.9.4), for files that no multipathd has vouched for.
#pragma once

#include <cstdint>
#include <string_view>

namespace mpapi::multipath_conf {

enum class KeyKind : std::uint8_t {
    OfMap,     // says how a map or its paths are treated
    OfDaemon,  // says something of multipathd only ("bindings_file")
    Selecting, // says what its section is about ("wwid", "vendor")
    Unknown,
};

enum SectionMask : std::uint8_t {
    in_defaults = 1,
    in_devices = 2,
    in_overrides = 4,
    in_protocol = 8,
    in_multipaths = 16,
};

struct Keyword {
    std::string_view name;
    KeyKind kind = KeyKind::Unknown;
    std::uint8_t sections = 0; // of SectionMask
};

// kind is Unknown if there is no such keyword.
Keyword find_keyword(std::string_view name) noexcept;

} // namespace mpapi::multipath_conf
