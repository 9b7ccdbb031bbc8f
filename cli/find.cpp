// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/find.hpp"

#include "cli/names.hpp"
#include "cli/survey.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <numeric>
#include <set>

namespace mpapi::cli {
namespace {

void cannot_read(Report& report, MP_STATUS status) {
    report.failed("Unable to get configuration information.", status);
}

void unit_not_found(Report& report, const std::string& name) {
    report.not_found("Logical-unit " + name + " is not found.");
}

struct Units {
    std::vector<FoundUnit> found;
    std::vector<MP_STATUS> unreadable;
};

Units all_units(const std::vector<Plugin>& plugins, Report& report) {
    Units units;
    for (const Plugin& plugin : plugins) {
        const auto oids = unit_oids(plugin.oid);
        if (!oids) {
            report.plugin_failed(plugin, "Unable to get the logical unit list.", oids.status());
            continue;
        }
        units.found.reserve(units.found.size() + oids->size());
        for (const MP_OID& oid : *oids) {
            auto unit = read_unit(oid);
            if (unit)
                units.found.push_back({&plugin, *std::move(unit)});
            else
                units.unreadable.push_back(unit.status());
        }
    }
    return units;
}

NameIndex index_of(const Units& units, std::string LogicalUnit::*name) {
    std::vector<std::string> names;
    names.reserve(units.found.size());
    for (const FoundUnit& each : units.found)
        names.push_back(each.unit.*name);
    return NameIndex(std::move(names));
}

// Whether a target port of that name leads to the unit.
class TargetPortNames {
  public:
    explicit TargetPortNames(const MP_OID& unit) {
        const auto groups = group_oids(unit);
        if (!groups) return;
        for (const MP_OID& group : *groups) {
            const auto ports = target_port_oids(group);
            if (!ports) continue;
            for (const MP_OID& oid : *ports)
                if (auto port = read_target_port(oid)) names_.insert(std::move(port->port_id));
        }
    }
    bool contain(const std::string& name) const { return names_.contains(name); }

  private:
    std::set<std::string> names_;
};

// Which units the options mean; an option that means none is reported.
std::vector<bool> meant_by_options(const Units& units, const std::vector<Option>& options,
                                   Report& report) {
    std::vector<bool> meant(units.found.size());
    std::optional<NameIndex> names;
    std::vector<TargetPortNames> ports;
    for (const Option& option : options) {
        bool any = false;
        if (option.letter == 'n') {
            if (!names) names = index_of(units, &LogicalUnit::name);
            for (const std::size_t position : names->find(option.argument))
                any = meant[position] = true;
            if (!any) unit_not_found(report, option.argument);
        } else if (option.letter == 't') {
            if (ports.empty())
                for (const FoundUnit& each : units.found)
                    ports.emplace_back(each.unit.oid);
            for (std::size_t position = 0; position < ports.size(); ++position)
                if (ports[position].contain(option.argument)) any = meant[position] = true;
            if (!any)
                report.not_found("Logical-unit with target port " + option.argument +
                                 " is not found.");
        }
    }
    return meant;
}

} // namespace

std::vector<Plugin> all_plugins(Report& report) {
    std::vector<Plugin> plugins;
    const auto oids = plugin_oids();
    if (!oids || oids->empty()) {
        report.failed("Unable to get mpath-support list.",
                      oids ? std::optional<MP_STATUS>() : oids.status());
        return plugins;
    }
    for (const MP_OID& oid : *oids) {
        auto plugin = read_plugin(oid);
        if (plugin)
            plugins.push_back(*std::move(plugin));
        else
            report.list_failed("Unable to get configuration information.", plugin.status());
    }
    return plugins;
}

std::vector<const Plugin*> find_plugins(const std::vector<Plugin>& plugins,
                                        const std::vector<std::string>& names, Report& report) {
    std::vector<const Plugin*> found;
    if (names.empty())
        for (const Plugin& plugin : plugins)
            found.push_back(&plugin);
    for (const std::string& name : names) {
        const std::size_t before = found.size();
        for (const Plugin& plugin : plugins)
            if (plugin.file_name == name) found.push_back(&plugin);
        if (found.size() == before) report.not_found("Unable to find mpath-support " + name + ".");
    }
    return found;
}

std::vector<FoundPort> find_initiator_ports(const std::vector<Plugin>& plugins,
                                            const std::vector<std::string>& names, Report& report) {
    std::vector<FoundPort> all;
    for (const Plugin& plugin : plugins) {
        const auto oids = initiator_port_oids(plugin.oid);
        if (!oids) {
            report.plugin_failed(plugin,
                                 "Unable to get the initiator-port list: " +
                                     std::string(name_of(oids.status()).text),
                                 oids.status());
            continue;
        }
        for (const MP_OID& oid : *oids) {
            auto port = read_initiator_port(oid);
            if (port)
                all.push_back({&plugin, *std::move(port)});
            else
                cannot_read(report, port.status());
        }
    }
    if (names.empty()) return all;
    std::vector<FoundPort> found;
    for (const std::string& name : names) {
        const std::size_t before = found.size();
        std::ranges::copy_if(all, std::back_inserter(found),
                             [&](const FoundPort& each) { return each.port.port_id == name; });
        if (found.size() == before) report.not_found("Initiator port " + name + " is not found.");
    }
    return found;
}

std::vector<FoundUnit> find_units(const std::vector<Plugin>& plugins,
                                  const std::vector<std::string>& names,
                                  const std::vector<Option>& options, Report& report) {
    Units units = all_units(plugins, report);
    // Where everything is asked for, each that is left out matters.
    if (names.empty())
        for (const MP_STATUS status : units.unreadable)
            cannot_read(report, status);
    if (names.empty() && options.empty()) return std::move(units.found);

    std::vector<bool> meant(units.found.size(), true);
    if (!options.empty()) meant = meant_by_options(units, options, report);
    std::vector<FoundUnit> found;
    if (names.empty()) {
        for (std::size_t position = 0; position < meant.size(); ++position)
            if (meant[position]) found.push_back(std::move(units.found[position]));
        return found;
    }
    NameIndex index = index_of(units, &LogicalUnit::device_file_name);
    bool missing = false;
    for (const std::string& name : names) {
        const std::size_t before = found.size();
        for (const std::size_t position : index.find(name))
            if (meant[position]) found.push_back(units.found[position]);
        if (found.size() > before) continue;
        missing = true;
        unit_not_found(report, name);
    }
    // The one that is missing may be one that could not be read.
    for (const MP_STATUS status : units.unreadable)
        if (missing && status != MP_STATUS_OBJECT_NOT_FOUND) cannot_read(report, status);
    return found;
}

std::optional<FoundUnit> find_unit(const std::vector<Plugin>& plugins, const std::string& name,
                                   Report& report) {
    Units units = all_units(plugins, report);
    const auto positions = index_of(units, &LogicalUnit::device_file_name).find(name);
    if (positions.empty()) return std::nullopt;
    return std::move(units.found[positions.front()]);
}

std::optional<DeviceId> device_id(const std::string& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) < 0) return std::nullopt;
    if (!S_ISBLK(status.st_mode) && !S_ISCHR(status.st_mode)) return std::nullopt;
    return DeviceId{status.st_mode & S_IFMT, status.st_rdev};
}

NameIndex::NameIndex(std::vector<std::string> names)
  : names_(std::move(names))
  , by_name_(names_.size()) {
    std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
    std::ranges::stable_sort(
        by_name_, {}, [&](std::size_t position) -> const std::string& { return names_[position]; });
}

std::vector<std::size_t> NameIndex::find(const std::string& name) {
    std::vector<std::size_t> positions;
    auto named = std::ranges::lower_bound(
        by_name_, name, {},
        [&](std::size_t position) -> const std::string& { return names_[position]; });
    for (; named != by_name_.end() && names_[*named] == name; ++named)
        positions.push_back(*named);
    if (!positions.empty()) return positions;

    const auto device = device_id(name);
    if (!device) return positions;
    if (!by_device_) {
        by_device_.emplace();
        for (std::size_t position = 0; position < names_.size(); ++position)
            // A relative name would depend on where the user is.
            if (names_[position].starts_with('/'))
                if (const auto id = device_id(names_[position]))
                    by_device_->emplace_back(*id, position);
        std::ranges::sort(*by_device_);
    }
    auto known = std::ranges::lower_bound(*by_device_, *device, {}, &Entry::first);
    for (; known != by_device_->end() && known->first == *device; ++known)
        positions.push_back(known->second);
    return positions;
}

} // namespace mpapi::cli
