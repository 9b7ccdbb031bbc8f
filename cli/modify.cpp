// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/commands.hpp"
#include "cli/find.hpp"
#include "cli/names.hpp"

#include <optional>
#include <string>

namespace mpapi::cli {
namespace {

struct Setting {
    std::string_view name; // as messages call it
    MP_STATUS (*enable)(MP_OID);
    MP_STATUS (*disable)(MP_OID);
};

// The reference applies only the first of several options; here each is applied, in order.
class Change {
  public:
    Change(Report& report, MP_STATUS (*set_load_balance)(MP_OID, MP_LOAD_BALANCE_TYPE))
      : report_(report)
      , set_load_balance_(set_load_balance) {}

    void apply(const std::vector<Option>& options, const MP_OID& oid) {
        for (const Option& option : options) {
            const Setting setting = setting_of(option.letter);
            if (option.letter == 'b')
                done(setting, set_load_balance_(oid, load_balance_type(option.argument)));
            else if (equal_words(option.argument, "on"))
                done(setting, setting.enable(oid));
            else if (equal_words(option.argument, "off"))
                done(setting, setting.disable(oid));
            else
                failed(setting, "illegal argument", MP_STATUS_INVALID_PARAMETER);
        }
    }

    void plugin_not_found(const std::vector<Option>& options) {
        failed(setting_of(options.front().letter), "unable to find specified mpath-support",
               MP_STATUS_OBJECT_NOT_FOUND);
    }

  private:
    static Setting setting_of(char letter) {
        switch (letter) {
        case 'a':
            return {"auto failback", MP_EnableAutoFailback, MP_DisableAutoFailback};
        case 'p':
            return {"auto probing", MP_EnableAutoProbing, MP_DisableAutoProbing};
        default:
            return {"load balance", nullptr, nullptr};
        }
    }

    void done(const Setting& setting, MP_STATUS status) {
        if (status != MP_STATUS_SUCCESS) failed(setting, name_of(status).text, status);
    }

    void failed(const Setting& setting, std::string_view reason, MP_STATUS status) {
        report_.failed("Failed to change " + std::string(setting.name) + ": " + std::string(reason),
                       status);
    }

    Report& report_;
    MP_STATUS (*set_load_balance_)(MP_OID, MP_LOAD_BALANCE_TYPE);
};

} // namespace

void modify_plugins(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    if (plugins.empty()) return;
    Change change(report, MP_SetPluginLoadBalanceType);
    for (const std::string& name : command.operands) {
        bool found = false;
        for (const Plugin& plugin : plugins) {
            if (plugin.file_name != name) continue;
            found = true;
            change.apply(command.options, plugin.oid);
        }
        if (!found && !report.lists_failed()) change.plugin_not_found(command.options);
    }
}

void modify_units(const Command& command, Report& report) {
    const auto plugins = all_plugins(report);
    if (plugins.empty()) return;
    Change change(report, MP_SetLogicalUnitLoadBalanceType);
    for (const FoundUnit& each : find_units(plugins, command.operands, {}, report))
        change.apply(command.options, each.unit.oid);
}

} // namespace mpapi::cli
