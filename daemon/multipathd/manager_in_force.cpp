// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/manager_in_force.hpp"

namespace mpapi::multipathd {

std::string describe(const UnitStatus& status, const std::string& unit) {
    if (status.state == ActiveState::Unknown)
        return "the state of " + unit + " is not known: " + status.reason;
    return unit + " is " + std::string(to_string(status.state));
}

ManagerInForce manager_in_force(daemon::ManagerMode mode, const UnitStatus& status,
                                const std::string& unit) {
    const std::string found = describe(status, unit);
    switch (mode) {
    case daemon::ManagerMode::Observe:
        return {"observe", "the configuration says manager = \"observe\""};
    case daemon::ManagerMode::Standalone:
        // Two masters would undo each other's tables: it must be known that there is no other.
        if (status.state == ActiveState::Inactive || status.state == ActiveState::Failed)
            return {"standalone", "the configuration says manager = \"standalone\""};
        return {"observe", "the configuration says manager = \"standalone\", but " + found};
    case daemon::ManagerMode::Multipathd:
        if (status.runs()) return {"multipathd", found};
        return {"observe", "the configuration says manager = \"multipathd\", but " + found};
    case daemon::ManagerMode::Auto:
        break;
    }
    // `auto` never becomes standalone: whoever stopped multipathd did not ask for another manager.
    return {status.runs() ? "multipathd" : "observe", found};
}

} // namespace mpapi::multipathd
