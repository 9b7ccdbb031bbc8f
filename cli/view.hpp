// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A logical unit with its paths, groups and ports. What cannot be read is reported and left out.
#pragma once

#include "cli/find.hpp"
#include "cli/objects.hpp"
#include "cli/report.hpp"
#include "cli/survey.hpp"

namespace mpapi::cli {

UnitView view_of(FoundUnit found, Ports& ports, Report& report);

void cannot_read_paths(const LogicalUnit& unit, MP_STATUS status, Report& report);

} // namespace mpapi::cli
