// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Intents as the text of the file `intents` in the state directory (TOML), but for disabled paths,
// which have a record of their own (disabled_record.hpp). Pure functions.
#pragma once

#include "common/result.hpp"
#include "daemon/paths/intents.hpp"

#include <string>
#include <string_view>

namespace mpapi::paths {

std::string intents_text(const Intents& intents);

// `name` is the file's for messages. What nobody could have written is an error: half of what was
// asked for is not what was asked for.
Result<Intents> parse_intents(std::string_view text, const std::string& name);

} // namespace mpapi::paths
