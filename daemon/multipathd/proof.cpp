// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/proof.hpp"

#include "common/dm/words.hpp"
#include "daemon/multipathd/drop_in.hpp"
#include "daemon/paths/selectors.hpp"

#include <algorithm>

namespace mpapi::multipathd {

namespace {

using multipath_conf::Attribute;
using multipath_conf::ConfFile;
using multipath_conf::Section;

constexpr std::string_view revision_prefix = "mpapi-revision-";

// Of a section that may be written several times the last that has the key counts. With `wwid`
// looks at the `multipath` sections of that one.
const Attribute* last_of(const ConfFile& file, std::string_view section, std::string_view wwid,
                         std::string_view key) {
    const Attribute* found = nullptr;
    const auto look = [&](const Section& in) {
        if (const Attribute* attribute = in.find(key)) found = attribute;
    };
    for (const Section& each : file.sections) {
        if (each.name != section) continue;
        if (wwid.empty()) look(each);
        for (const Section& inner : each.subsections)
            if (const Attribute* named = inner.find("wwid"); named && named->value == wwid)
                look(inner);
    }
    return found;
}

// One thing that shall be loaded.
struct Expected {
    std::string section;
    std::string wwid; // for "multipaths"
    std::string key;
    std::string value;
};

std::string place_of(const Expected& expected, std::span<const ConfFile> files) {
    const Attribute* at = nullptr;
    const ConfFile* in = nullptr;
    for (const ConfFile& file : files)
        if (const Attribute* found = last_of(file, expected.section, expected.wwid, expected.key)) {
            at = found;
            in = &file;
        }
    if (in == nullptr) return ", which no file says";
    if (in->name == drop_in_path) return ", and not what " + in->name + " says";
    return " by " + in->name + ", line " + std::to_string(at->line) + ", which wins over " +
           drop_in_path;
}

std::string tell(const Expected& expected, const Attribute* loaded,
                 std::span<const ConfFile> files) {
    const std::string what =
        expected.key + (expected.wwid.empty() ? std::string() : " of " + expected.wwid);
    if (loaded == nullptr)
        return "multipathd has loaded no " + what + " although " + drop_in_path + " says \"" +
               expected.value + "\"";
    if (expected.key == "polling_interval" || expected.key == "max_polling_interval")
        if (place_of(expected, files).starts_with(", and not"))
            return "multipathd limits " + what + " to " + loaded->value +
                   " s: the watchdog of its unit (WatchdogSec=) allows no more";
    return "multipathd has loaded " + what + " \"" + loaded->value + "\"" +
           place_of(expected, files);
}

void expect_everywhere(std::vector<Expected>& list, const paths::Settings& before,
                       const paths::Settings& wanted) {
    if (wanted.selector && wanted.selector != before.selector)
        list.push_back({"defaults", "", "path_selector", *wanted.selector});
    if (wanted.probing_rate && wanted.probing_rate != before.probing_rate)
        for (const char* key : {"max_polling_interval", "polling_interval"})
            list.push_back({"defaults", "", key, std::to_string(*wanted.probing_rate)});
    if (const auto failback = failback_of(wanted); failback && failback != failback_of(before))
        list.push_back({"overrides", "", "failback", *failback});
}

void expect_unit(std::vector<Expected>& list, const std::string& wwid,
                 const paths::UnitIntent& unit, const paths::Settings& everywhere) {
    if (unit.settings.selector)
        list.push_back({"multipaths", wwid, "path_selector", *unit.settings.selector});
    if (unit.override_path) {
        list.push_back({"multipaths", wwid, "path_grouping_policy", "failover"});
        list.push_back({"multipaths", wwid, "failback", "manual"});
    } else if (unit.settings.auto_failback || unit.settings.failback_rate) {
        if (const auto failback = failback_of(over(unit.settings, everywhere)))
            list.push_back({"multipaths", wwid, "failback", *failback});
    }
}

bool names(const model::Snapshot& now, const model::Path& path, const paths::PathName& name) {
    if (path.address.lun != name.lun) return false;
    const auto* initiator = model::find(now.initiator_ports, path.initiator_port);
    const auto* target = model::find(now.target_ports, path.target_port);
    return initiator != nullptr && target != nullptr && initiator->port_id == name.initiator_port &&
           target->port_id == name.target_port;
}

// The kernel may show more arguments than it was given: what it took for those that were left out.
bool has_selector(const std::string& name, const dm::Words& arguments, const std::string& wanted) {
    const auto given = paths::parse_selector(wanted);
    if (!given || given->name != name || given->args.size() > arguments.size()) return false;
    for (std::size_t i = 0; i < given->args.size(); ++i)
        if (given->args[i] != arguments[i]) return false;
    return true;
}

} // namespace

std::string loaded_revision(const ConfFile& shown) {
    for (const Section& section : shown.sections)
        for (const Section& inner : section.subsections)
            if (const Attribute* wwid = inner.find("wwid");
                wwid != nullptr && wwid->value.starts_with(revision_prefix))
                return wwid->value;
    return {};
}

std::set<std::string> changed_units(const paths::Intents& before, const paths::Intents& wanted) {
    std::set<std::string> keys;
    for (const auto& [key, unit] : wanted.units) {
        const auto had = before.units.find(key);
        if (had == before.units.end() || !(had->second == unit)) keys.insert(key);
    }
    for (const auto& [key, unit] : before.units)
        if (wanted.units.count(key) == 0) keys.insert(key);
    return keys;
}

std::string contradiction(const paths::Intents& before, const paths::Intents& wanted,
                          const ConfFile& shown, std::span<const ConfFile> files) {
    std::vector<Expected> list;
    expect_everywhere(list, before.everywhere, wanted.everywhere);
    for (const std::string& key : changed_units(before, wanted)) {
        const auto unit = wanted.units.find(key);
        const auto wwid = wwid_of(key);
        if (unit != wanted.units.end() && wwid)
            expect_unit(list, *wwid, unit->second, wanted.everywhere);
    }
    // Looked up once for all: a configuration may have as many sections as there are units.
    std::map<std::string_view, std::vector<const Section*>> by_wwid;
    for (const Section& section : shown.sections)
        if (section.name == "multipaths")
            for (const Section& inner : section.subsections)
                if (const Attribute* wwid = inner.find("wwid"))
                    by_wwid[wwid->value].push_back(&inner);
    for (const Expected& expected : list) {
        const Attribute* loaded = nullptr;
        if (expected.wwid.empty()) {
            loaded = last_of(shown, expected.section, "", expected.key);
        } else if (const auto found = by_wwid.find(expected.wwid); found != by_wwid.end()) {
            for (const Section* section : found->second)
                if (const Attribute* attribute = section->find(expected.key)) loaded = attribute;
        }
        if (loaded == nullptr || loaded->value != expected.value)
            return tell(expected, loaded, files);
        // What stands there counts for all units as well, and is looked at before.
        if (expected.section != "defaults") continue;
        const Expected over{"overrides", "", expected.key, expected.value};
        const Attribute* wins = last_of(shown, over.section, "", over.key);
        if (wins != nullptr && wins->value != over.value) return tell(over, wins, files);
    }
    return {};
}

const model::Path* path_named(const model::Snapshot& now, const model::Unit& unit,
                              const paths::PathName& name) {
    const auto found =
        std::find_if(unit.paths.begin(), unit.paths.end(),
                     [&](const model::Path& path) { return names(now, path, name); });
    return found == unit.paths.end() ? nullptr : &*found;
}

std::map<paths::PathName, Located> locate(const model::Snapshot& now,
                                          const std::set<paths::PathName>& wanted) {
    std::map<paths::PathName, Located> found;
    if (wanted.empty()) return found;
    std::multimap<std::string_view, const paths::PathName*> by_unit;
    for (const paths::PathName& name : wanted)
        by_unit.emplace(name.unit_name, &name);

    now.units.for_each([&](const model::Unit& unit) {
        const auto [first, last] = by_unit.equal_range(unit.unit.unit_name);
        std::size_t in_table = 0;
        std::vector<Located*> ours;
        for (const model::Path& path : unit.paths)
            in_table += path.priority_group != 0 ? 1 : 0;
        for (auto at = first; at != last; ++at) {
            const model::Path* path = path_named(now, unit, *at->second);
            // A map of another unit may still have a disk that was given to this one.
            if (path == nullptr || path->identity == model::Identity::Changed) continue;
            Located& located = found[*at->second];
            located.device = path->device;
            located.gone = path->state == model::PathState::Removed;
            located.works = path->state == model::PathState::Okay;
            if (path->priority_group == 0) continue;
            located.map = unit.unit.name;
            ours.push_back(&located);
        }
        for (Located* each : ours)
            each->alone = ours.size() == in_table;
    });
    now.disks.for_each([&](const model::Disk& disk) {
        const auto [first, last] = by_unit.equal_range(disk.unit_name);
        for (auto at = first; at != last; ++at) {
            model::Path as_path;
            as_path.initiator_port = disk.initiator_port;
            as_path.target_port = disk.target_port;
            as_path.address = disk.address;
            if (!names(now, as_path, *at->second)) continue;
            Located& located = found[*at->second];
            located.device = disk.device;
            located.gone = false;
            located.works = disk.device_state == model::DeviceState::Running && !disk.trouble;
        }
    });
    return found;
}

std::set<paths::PathName> left_disabled(const model::Snapshot& now,
                                        const std::set<paths::PathName>& disabled) {
    std::set<paths::PathName> left;
    now.disks.for_each([&](const model::Disk& disk) {
        if (disk.exclusion != "property-blacklisted" ||
            disk.exclusion_detail.find(disabled_property) == std::string::npos)
            return;
        const auto* initiator = model::find(now.initiator_ports, disk.initiator_port);
        const auto* target = model::find(now.target_ports, disk.target_port);
        if (initiator == nullptr || target == nullptr) return;
        paths::PathName name{disk.unit_name, initiator->port_id, target->port_id, disk.address.lun};
        if (disabled.count(name) == 0) left.insert(std::move(name));
    });
    return left;
}

std::map<std::string, const model::Unit*> units_of(const model::Snapshot& now,
                                                   const std::set<std::string>& keys) {
    std::map<std::string, const model::Unit*> found;
    if (keys.empty()) return found;
    now.units.for_each([&](const model::Unit& unit) {
        if (keys.count(unit.unit.key) != 0) found[unit.unit.key] = &unit;
    });
    return found;
}

std::string table_contradiction(const model::Snapshot& now, const model::Unit& unit,
                                const paths::UnitIntent& wanted) {
    // A map without paths has no selector either.
    if (wanted.settings.selector && !unit.unit.selector.empty()) {
        const dm::Words arguments(unit.unit.selector_arguments);
        std::string has = unit.unit.selector + " " + std::to_string(arguments.size());
        if (!arguments.empty()) has += " " + arguments.text();
        if (!has_selector(unit.unit.selector, arguments, *wanted.settings.selector))
            return "the table of " + unit.unit.name + " has path selector \"" + has + "\"";
    }
    if (wanted.override_path) {
        const model::Path* path = path_named(now, unit, *wanted.override_path);
        if (path == nullptr || path->priority_group == 0) return {}; // it may come back
        const auto company =
            std::count_if(unit.paths.begin(), unit.paths.end(), [&](const model::Path& each) {
                return each.priority_group == path->priority_group;
            });
        if (company != 1)
            return "the table of " + unit.unit.name + " has the override path in one group with " +
                   std::to_string(company - 1) + " others";
    }
    return {};
}

} // namespace mpapi::multipathd
