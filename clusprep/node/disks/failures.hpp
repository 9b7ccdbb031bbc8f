// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The bus errors of org.mpapi.Multipath1 in the HRESULTs of MS-CSVP's clients.
#pragma once

#include "clusprep/node/bus_calls.hpp"

#include <string_view>

namespace mpapi::node {

// `name` and `text` are of the bus error. One that is not known is IoDevice.
csvp::Failure disk_failure(std::string_view member, std::string_view key, std::string_view name,
                           std::string_view text);

inline constexpr BusCalls::Service kMpapid{"org.mpapi.Multipath1", std::chrono::seconds(180),
                                           disk_failure};

} // namespace mpapi::node
