// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/names.hpp"
#include "plugin/properties.hpp"
#include "plugin/proprietary.hpp"
#include "plugin/upkeep.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

namespace mpapi::plugin {

namespace {

// Settings of multipath-tools in force for a map; without multipathd there are only those that the
// map's own table says.
class Settings {
  public:
    explicit Settings(const flat::UnitView& view)
      : view_(view) {}

    // Empty where it is not known.
    std::string_view operator[](std::string_view name) const {
        for (const flat::Setting& setting : view_.section.settings_of(*view_.unit))
            if (view_.section.text(setting.name) == name) return view_.section.text(setting.value);
        return {};
    }

  private:
    const flat::UnitView& view_;
};

MP_LOAD_BALANCE_TYPE load_balance_of(const flat::Reader& snapshot, const flat::LogicalUnit& unit,
                                     const Settings& settings) {
    // One path in each priority group: the selector has nothing to choose from.
    if (settings["path_grouping_policy"] == "failover") return MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY;
    const auto* algorithm = flat::find(snapshot.common().load_balances(), unit.load_balance);
    return algorithm ? MP_LOAD_BALANCE_TYPE{algorithm->type} : MP_LOAD_BALANCE_TYPE_UNKNOWN;
}

// A rate and its maximum mean something only where it can be set.
void take(const flat::Reader& snapshot, const flat::Upkeep& upkeep,
          MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES& to) {
    to.autoFailbackEnabled = is_on(upkeep.auto_failback);
    to.currentFailbackPollingRate = upkeep.failback_rate;
    to.autoProbingEnabled = is_on(upkeep.auto_probing);
    to.currentProbingPollingRate = upkeep.probing_rate;
    const auto plugins = snapshot.common().plugins();
    if (plugins.empty()) return;
    const flat::Capabilities& can = plugins.front().capabilities;
    to.failbackPollingRateMax = can.failback_rate_max;
    to.probingPollingRateMax = can.probing_rate_max;
}

std::string selector_text(const flat::SectionView& section, const flat::LogicalUnit& unit) {
    const std::string_view selector = section.text(unit.selector);
    const std::string_view arguments = section.text(unit.selector_arguments);
    if (selector.empty()) return {};
    const auto count =
        arguments.empty() ? 0 : 1 + std::count(arguments.begin(), arguments.end(), ' ');
    std::string text(selector);
    text.append(" ").append(std::to_string(count));
    if (count != 0) text.append(" ").append(arguments);
    return text;
}

std::string joined(const flat::SectionView& section, const flat::List& texts) {
    std::string all;
    for (const flat::Text& text : section.texts(texts))
        all.append(all.empty() ? "" : " ").append(section.text(text));
    return all;
}

} // namespace

bool describe(const flat::Reader& snapshot, MP_UINT32 owner, Sequence sequence,
              MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES& to) {
    const auto view = snapshot.find_unit(sequence);
    if (!view) return false;
    const flat::SectionView& section = view->section;
    const flat::LogicalUnit& unit = *view->unit;
    const Settings settings(*view);
    std::memset(&to, 0, sizeof to);

    pad(to.vendor, section.text(unit.vendor));
    pad(to.product, section.text(unit.product));
    pad(to.revision, section.text(unit.revision));
    static_assert(static_cast<int>(model::NameType::DeviceSpecific) ==
                  MP_LU_NAME_TYPE_DEVICE_SPECIFIC);
    if (const auto name = section.text(unit.unit_name); !name.empty()) {
        put(to.name, name);
        if (unit.unit_name_type <= MP_LU_NAME_TYPE_DEVICE_SPECIFIC)
            to.nameType = static_cast<MP_LOGICAL_UNIT_NAME_TYPE>(unit.unit_name_type);
    } else {
        put(to.name, section.text(unit.key)); // no device has told a name yet
    }
    put(to.deviceFileName, "/dev/mapper/" + std::string(section.text(unit.name)));
    to.asymmetric = unit.flags & flat::kAsymmetric ? MP_TRUE : MP_FALSE;
    to.currentLoadBalanceType = load_balance_of(snapshot, unit, settings);
    to.logicalUnitGroupID = unit.logical_unit_group;

    if (unit.override_path != 0)
        to.overridePath = oid_of(MP_OBJECT_TYPE_PATH_LU, owner, unit.override_path);
    take(snapshot, unit.upkeep, to);

    Proprietary more(to);
    // As it can be set: with its arguments and their number, as a table has them.
    more.add("selector", selector_text(section, unit));
    more.add("features", joined(section, unit.features));
    more.add("hwhandler", section.text(unit.hardware_handler));
    more.add("grouping policy", settings["path_grouping_policy"]);
    more.add("failback", settings["failback"]);
    more.add("queueing", model::name_of(static_cast<model::Queueing>(unit.queueing)));
    more.add("serial number", section.text(unit.serial_number));
    return true;
}

} // namespace mpapi::plugin
