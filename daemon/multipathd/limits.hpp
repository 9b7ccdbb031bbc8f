// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What can be had from multipathd 0.9.4, and the word for what cannot. Pure functions.
#pragma once

#include "common/model/values.hpp"
#include "daemon/paths/intents.hpp"
#include "daemon/paths/outcome.hpp"

#include <optional>
#include <vector>

namespace mpapi::multipathd {

model::Capabilities multipathd_capabilities();

// Judges what `wanted` has that `before` has not: what another manager was once asked for and
// multipathd cannot do does not stand in the way of other changes.
std::optional<paths::Refused> beyond_multipathd(const paths::Intents& before,
                                                const paths::Intents& wanted);

// Failback and probing by the settings that are in force for a map; unknown where they say nothing.
model::Upkeep upkeep_by(const std::vector<model::Setting>& settings);

// The value of a setting; empty where there is none.
std::string setting_value(const std::vector<model::Setting>& settings, std::string_view name);

} // namespace mpapi::multipathd
