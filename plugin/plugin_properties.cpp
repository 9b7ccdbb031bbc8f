// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/properties.hpp"
#include "plugin/proprietary.hpp"
#include "plugin/upkeep.hpp"

#include "plugin/build.h"

#include <cstring>

namespace mpapi::plugin {

namespace {

void take(const flat::Capabilities& from, MP_PLUGIN_PROPERTIES& to) {
    to.canSetTPGAccess = from.flags & flat::kSetAccessStates ? MP_TRUE : MP_FALSE;
    to.canOverridePaths = from.flags & flat::kOverridePaths ? MP_TRUE : MP_FALSE;
    to.maximumWeight = from.maximum_weight;
    to.autoFailbackSupport = support<MP_AUTOFAILBACK_SUPPORT>(from.auto_failback);
    to.failbackPollingRateMax = from.failback_rate_max;
    to.autoProbingSupport = support<MP_AUTOPROBING_SUPPORT>(from.auto_probing);
    to.probingPollingRateMax = from.probing_rate_max;
}

// What cannot be told is off: these two know no third value.
void take(const flat::Upkeep& from, MP_PLUGIN_PROPERTIES& to) {
    to.pluginAutoFailbackEnabled = is_on(from.auto_failback) == MP_TRUE ? MP_TRUE : MP_FALSE;
    to.currentFailbackPollingRate = from.failback_rate;
    to.pluginAutoProbingEnabled = is_on(from.auto_probing) == MP_TRUE ? MP_TRUE : MP_FALSE;
    to.currentProbingPollingRate = from.probing_rate;
}

} // namespace

void describe_plugin(const flat::Reader* snapshot, std::string_view why_none,
                     MP_PLUGIN_PROPERTIES& to) {
    std::memset(&to, 0, sizeof to);
    to.supportedMpVersion = MP_LIBVERSION;
    put(to.vendor, "mpapi");
    put(to.implementationVersion, MPAPI_BUILD_VERSION);
    put(to.fileName, MPAPI_BUILD_FILE);
    put(to.buildTime, MPAPI_BUILD_TIME);
    to.exposesPathDeviceFiles = MP_TRUE;

    to.autoFailbackSupport = MP_AUTOFAILBACK_SUPPORT_NONE;
    to.autoProbingSupport = MP_AUTOPROBING_SUPPORT_NONE;
    to.defaultloadBalanceType = MP_LOAD_BALANCE_TYPE_UNKNOWN;

    Proprietary more(to);
    if (snapshot == nullptr) {
        more.add("mpapid", why_none);
        return;
    }
    const flat::SectionView common = snapshot->common();
    if (const auto plugins = common.plugins(); !plugins.empty()) {
        const flat::Plugin& plugin = plugins.front();
        put(to.driverVendor, common.text(plugin.driver_vendor));
        put(to.driverName, common.text(plugin.driver_name));
        put(to.driverVersion, common.text(plugin.driver_version));
        put(to.deviceFileNamespace, common.text(plugin.device_file_namespace));
        take(plugin.capabilities, to);
        take(plugin.upkeep, to);
        to.defaultloadBalanceType = type_of(common, common.text(plugin.default_selector));
        more.add("selector", common.text(plugin.default_selector));
    }
    to.supportedLoadBalanceTypes = supported_load_balance_types(common);
    const flat::Manager manager = common.manager();
    more.add("mpapid", manager.ready ? "running" : "looking at what exists");
    more.add("path manager", common.text(manager.path_manager));
    more.add("manager reason", common.text(manager.path_manager_reason));
    more.add("device-mapper", common.text(manager.device_mapper));
    more.add("udev", common.text(manager.udev));
}

} // namespace mpapi::plugin
