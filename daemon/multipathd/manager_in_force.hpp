// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who may change multipath tables, and why it is that one: what the configuration asks for, held
// against whether multipathd runs. Pure function, any thread.
#pragma once

#include "daemon/config.hpp"
#include "daemon/multipathd/unit_state.hpp"

#include <string>

namespace mpapi::multipathd {

struct ManagerInForce {
    std::string name;   // "multipathd", "standalone", "observe"
    std::string reason; // "multipathd.service is inactive"
    bool operator==(const ManagerInForce&) const = default;
};

ManagerInForce manager_in_force(daemon::ManagerMode mode, const UnitStatus& status,
                                const std::string& unit = "multipathd.service");

// "multipathd.service is inactive", or why its state is not known.
std::string describe(const UnitStatus& status, const std::string& unit = "multipathd.service");

} // namespace mpapi::multipathd
