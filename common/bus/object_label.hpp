// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Object paths are made of stable identity, so that they mean the same after a restart, and are
// made to be read: a name's letters and digits stand as they are, a comma between the parts of a
// name is `__`, any other byte is `_xx` in lower-case hex, and an empty name is `_`. Nothing else
// has an underscore, so a label can be turned back into its name exactly.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::bus {

inline constexpr char kBusName[] = "org.mpapi.Multipath1";
inline constexpr std::string_view kRoot = "/org/mpapi/Multipath1";

void append_escaped(std::string& out, std::string_view name);
// For a part that may have commas itself: they are `_2c` here, so that parts joined by `__` stay
// apart. What is made of such parts is not turned back.
void append_escaped_part(std::string& out, std::string_view part);
std::string escape(std::string_view name);
// Nothing for a label that escape() does not make.
std::optional<std::string> unescape(std::string_view label);

// Names of kernel modules are full of underscores and only the daemon names plugins, so a plugin's
// label keeps them: "dm_multipath". It is not turned back into a name.
std::string plugin_label(std::string_view name);

} // namespace mpapi::bus
