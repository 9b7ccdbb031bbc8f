// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/commands.hpp"
#include "cli/find.hpp"
#include "cli/names.hpp"
#include "cli/survey.hpp"

#include <optional>
#include <string>
#include <utility>

namespace mpapi::cli {
namespace {

// "enable", "disable" or "override" one path, which three names tell.
class Action {
  public:
    Action(std::string_view verb, const Command& command, Report& report)
      : verb_(verb)
      , command_(command)
      , report_(report) {}

    struct Target {
        MP_OID unit;
        MP_OID path;
    };

    // Nothing, and reported, if the names are not all there or nothing has them.
    std::optional<Target> target() {
        const std::string* initiator = name('i', "Missing initiator-port name");
        if (initiator == nullptr) return std::nullopt;
        const std::string* port = name('t', "Missing target-port name");
        if (port == nullptr) return std::nullopt;
        const auto unit = this->unit();
        if (!unit) return std::nullopt;
        const auto path = path_of(*unit, *initiator, *port);
        if (!path) return std::nullopt;
        return Target{*unit, *path};
    }

    std::optional<MP_OID> unit() {
        const std::string* name = this->name('l', "Missing logical-unit name");
        if (name == nullptr) return std::nullopt;
        const auto plugins = all_plugins(report_);
        if (plugins.empty()) return std::nullopt;
        const auto found = find_unit(plugins, *name, report_);
        if (!found) {
            if (!report_.lists_failed())
                failed("logical-unit not found", MP_STATUS_OBJECT_NOT_FOUND);
            return std::nullopt;
        }
        return found->unit.oid;
    }

    void done(MP_STATUS status) {
        if (status != MP_STATUS_SUCCESS) failed(name_of(status).text, status);
    }

  private:
    const std::string* name(char letter, std::string_view missing) {
        const std::string* given = command_.argument(letter);
        if (given == nullptr) failed(missing, MP_STATUS_INVALID_PARAMETER);
        return given;
    }

    // The first one: of two paths between the same ports nothing here could tell which is meant.
    std::optional<MP_OID> path_of(const MP_OID& unit, const std::string& initiator,
                                  const std::string& port) {
        const auto oids = path_oids(unit);
        if (!oids) {
            done(oids.status());
            return std::nullopt;
        }
        Ports ports;
        for (const MP_OID& oid : *oids) {
            const auto path = read_path(oid);
            if (!path) continue; // it has vanished
            const InitiatorPort* from = ports.initiator(path->initiator_port_oid);
            const TargetPort* to = ports.target(path->target_port_oid);
            if (from != nullptr && to != nullptr && from->port_id == initiator &&
                to->port_id == port)
                return oid;
        }
        failed("Unable to find path", MP_STATUS_OBJECT_NOT_FOUND);
        return std::nullopt;
    }

    void failed(std::string_view reason, MP_STATUS status) {
        report_.failed("Failed to " + std::string(verb_) + " path: " + std::string(reason), status);
    }

    std::string_view verb_;
    const Command& command_;
    Report& report_;
};

} // namespace

void enable_path(const Command& command, Report& report) {
    Action action("enable", command, report);
    if (const auto target = action.target()) action.done(MP_EnablePath(target->path));
}

void disable_path(const Command& command, Report& report) {
    Action action("disable", command, report);
    if (const auto target = action.target()) action.done(MP_DisablePath(target->path));
}

void override_path(const Command& command, Report& report) {
    Action action("override", command, report);
    if (command.argument('c') == nullptr) {
        if (const auto target = action.target())
            action.done(MP_SetOverridePath(target->unit, target->path));
        return;
    }
    const auto unit = action.unit();
    if (!unit) return;
    if (const MP_STATUS status = MP_CancelOverridePath(*unit); status != MP_STATUS_SUCCESS)
        report.failed("Failed to cancel the overriding setting:  " +
                          std::string(name_of(status).text),
                      status);
}

} // namespace mpapi::cli
