// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Intents as a file that multipathd reads: the one file of its configuration that is ours.
//
// How multipath-tools 0.9.4 read them decides where each setting stands (libmultipath/config.c,
// propsel.c):
//   - multipath.conf first, then *.conf of the directory by name (alphasort() in the C locale, so
//     by bytes); of `defaults`, `overrides` and of two `multipath` sections with one WWID
//     (merge_mptable()) the later wins, attribute by attribute. The name of our file stands behind
//     whatever an administrator is likely to take: what was asked for by a command is then what
//     counts, and a file that shall win over it is named so on purpose.
//   - multipaths > overrides > devices > the built-in table > defaults. A unit's settings stand
//     under `multipaths`, where nothing but another file's `multipaths` can win. Failback of all
//     units stands under `overrides`: 78 entries of the built-in table have one of their own, so
//     that of `defaults` would count for hardly any array. The selector stands under `defaults`,
//     for the standard has it as a default, which a device product may have another of.
//   - polling_interval is doubled after each good check up to max_polling_interval: one rate is
//     both. The systemd watchdog, where a unit has one, caps it.
//
// `reconfigure` answers before it has read anything, and nothing in its replies tells which version
// of a file is loaded. So the file names its own revision in a way that "show config" repeats: as a
// WWID that no device has.
//
// Pure functions, any thread.
#pragma once

#include "common/result.hpp"
#include "daemon/paths/intents.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::multipathd {

inline constexpr const char* drop_in_path = "/etc/multipath/conf.d/zz-mpapi.conf";

// Set by our udev rules for a path that is disabled.
inline constexpr const char* disabled_property = "DM_MPAPI_DISABLED";

struct DropIn {
    std::string text;
    std::string revision; // the WWID that stands for it
    bool operator==(const DropIn&) const = default;
};

// Fails where a value could be read as something else than itself, or is none that multipathd
// takes.
Result<DropIn> drop_in(const paths::Intents& intents);

// The WWID of multipathd's map by the key of its logical unit; empty where the map is none of
// multipathd's.
std::optional<std::string> wwid_of(std::string_view unit_key);

// The value of `failback` by what is set of a unit and of all units; empty: is left as it is.
std::optional<std::string> failback_of(const paths::Settings& settings);

// What is set of a unit with, where that has none, what is set of all.
paths::Settings over(const paths::Settings& unit, const paths::Settings& everywhere);

} // namespace mpapi::multipathd
