// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/commands.hpp"
#include "cli/find.hpp"
#include "cli/names.hpp"
#include "cli/patience.hpp"
#include "cli/survey.hpp"

#include <string>

namespace mpapi::cli {

// The first standby group becomes active. Groups are walked in their order up to that one; each has
// to be one whose state can be set.
void fail_over(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    if (plugins.empty()) return;
    const std::string& name = command.operands.front();
    const auto found = find_unit(plugins, name, report);
    if (!found) return report.not_found("Logical-unit " + name + " is not found.");
    const LogicalUnit& unit = found->unit;
    if (!unit.asymmetric) return report.failed("The logical unit is not asymmetric.");

    const auto groups_failed = [&](MP_STATUS status) {
        report.failed("Unable to get associated target port groups .", status);
    };
    const auto oids = group_oids(unit.oid);
    if (!oids) return groups_failed(oids.status());
    for (const MP_OID& oid : *oids) {
        const auto group = read_group(oid);
        if (!group) return groups_failed(group.status());
        if (!group->explicit_failover)
            return report.failed("The logical unit doesn't support explicit state change.");
        if (group->access_state != MP_ACCESS_STATE_STANDBY) continue;
        MP_TPG_STATE_PAIR pair{};
        pair.tpgOid = oid;
        pair.desiredState = MP_ACCESS_STATE_ACTIVE;
        const MP_STATUS status = [&] {
            const Patience patience("Waiting until the groups of " + unit.device_file_name +
                                    " have changed their states; a controller may take a minute. "
                                    "The change goes on when this is interrupted.");
            return MP_SetTPGAccess(unit.oid, 1, &pair);
        }();
        if (status != MP_STATUS_SUCCESS)
            report.failed("Failover failed: " + std::string(name_of(status).text) + ".", status);
        return;
    }
    report.failed("ERROR: LU access state unchanged.  No standby TPG found.");
}

} // namespace mpapi::cli
