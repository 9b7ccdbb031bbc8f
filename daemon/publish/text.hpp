// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Strings of devices are bytes; strings on the bus are UTF-8 without NUL and without the
// noncharacters of Unicode (D-Bus specification, "Valid UTF-8"; sd-bus refuses noncharacters too).
#pragma once

#include <string>
#include <string_view>

namespace mpapi::publish {

bool is_presentable(std::string_view text);

// The text itself where it may stand on the bus; else `scratch` with each offending byte replaced
// by U+FFFD. The view lives as long as both arguments.
std::string_view presentable(std::string_view text, std::string& scratch);

} // namespace mpapi::publish
