// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/names.hpp"
#include "plugin/properties.hpp"
#include "plugin/proprietary.hpp"

#include <charconv>
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

MP_UINT32 seconds(std::string_view text) {
    MP_UINT32 value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

MP_LOAD_BALANCE_TYPE load_balance_of(const flat::Reader& snapshot, const flat::LogicalUnit& unit,
                                     const Settings& settings) {
    // One path in each priority group: the selector has nothing to choose from.
    if (settings["path_grouping_policy"] == "failover") return MP_LOAD_BALANCE_TYPE_FAILOVER_ONLY;
    const auto* algorithm = flat::find(snapshot.common().load_balances(), unit.load_balance);
    return algorithm ? MP_LOAD_BALANCE_TYPE{algorithm->type} : MP_LOAD_BALANCE_TYPE_UNKNOWN;
}

MP_XBOOL auto_failback_of(std::string_view failback) {
    if (failback.empty()) return MP_UNKNOWN;
    return failback == "manual" ? MP_FALSE : MP_TRUE;
}

MP_XBOOL auto_probing_of(const flat::Reader& snapshot, const Settings& settings) {
    const flat::SectionView common = snapshot.common();
    // Standalone the daemon itself would probe; observing, nobody is known to.
    if (common.text(common.manager().path_manager) != "multipathd") return MP_UNKNOWN;
    return settings["path_checker"] == "none" ? MP_FALSE : MP_TRUE;
}

std::string joined(const flat::SectionView& section, const flat::List& texts) {
    std::string all;
    for (const flat::Text& text : section.texts(texts))
        all.append(all.empty() ? "" : " ").append(section.text(text));
    return all;
}

} // namespace

bool describe(const flat::Reader& snapshot, MP_UINT32, Sequence sequence,
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

    // A "failback" of so many seconds is how long the way back is put off, not a polling rate.
    to.autoFailbackEnabled = auto_failback_of(settings["failback"]);
    to.autoProbingEnabled = auto_probing_of(snapshot, settings);
    if (to.autoProbingEnabled == MP_TRUE) {
        to.currentProbingPollingRate = seconds(settings["polling_interval"]);
        to.probingPollingRateMax =
            std::max(to.currentProbingPollingRate, seconds(settings["max_polling_interval"]));
    }

    Proprietary more(to);
    more.add("selector", section.text(unit.selector));
    more.add("selector args", section.text(unit.selector_arguments));
    more.add("features", joined(section, unit.features));
    more.add("hwhandler", section.text(unit.hardware_handler));
    more.add("grouping policy", settings["path_grouping_policy"]);
    more.add("failback", settings["failback"]);
    more.add("queueing", model::name_of(static_cast<model::Queueing>(unit.queueing)));
    more.add("serial number", section.text(unit.serial_number));
    return true;
}

} // namespace mpapi::plugin
