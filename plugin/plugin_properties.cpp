// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/properties.hpp"
#include "plugin/proprietary.hpp"

#include "plugin/build.h"

#include <cstring>

namespace mpapi::plugin {

void describe_plugin(const flat::Reader* snapshot, std::string_view why_none,
                     MP_PLUGIN_PROPERTIES& to) {
    std::memset(&to, 0, sizeof to);
    to.supportedMpVersion = MP_LIBVERSION;
    put(to.vendor, "mpapi");
    put(to.implementationVersion, MPAPI_BUILD_VERSION);
    put(to.fileName, MPAPI_BUILD_FILE);
    put(to.buildTime, MPAPI_BUILD_TIME);
    to.exposesPathDeviceFiles = MP_TRUE;

    // What cannot be changed through the daemon yet: the others (canSetTPGAccess, canOverridePaths,
    // onlySupportsSpecifiedProducts, maximumWeight) are 0 or false, too.
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
