// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/dsms.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace mpapi::node {

csvp::Dsm dsm(std::string name, std::string_view version) {
    csvp::Dsm result;
    result.name = std::move(name);
    for (std::uint32_t* number : {&result.major, &result.minor, &result.build, &result.qfe}) {
        const auto [end, error] =
            std::from_chars(version.data(), version.data() + version.size(), *number);
        if (error != std::errc{}) break;
        version.remove_prefix(static_cast<std::size_t>(end - version.data()));
        if (!version.starts_with('.')) break;
        version.remove_prefix(1);
    }
    return result;
}

std::vector<csvp::Dsm> find_dsms(const std::string& sys, const DsmVersions& versions) {
    std::vector<csvp::Dsm> found;
    if (!versions.driver.empty()) found.push_back(dsm("dm_multipath", versions.driver));
    if (!versions.tools.empty()) found.push_back(dsm("multipath-tools", versions.tools));

    utsname kernel{};
    ::uname(&kernel);
    std::vector<std::string> handlers;
    std::error_code none; // no modules, no handlers
    for (auto module = std::filesystem::directory_iterator(sys + "/module", none);
         !none && module != std::filesystem::directory_iterator(); module.increment(none))
        if (std::string name = module->path().filename(); name.starts_with("scsi_dh_"))
            handlers.push_back(std::move(name));
    std::sort(handlers.begin(), handlers.end());
    for (std::string& name : handlers)
        found.push_back(dsm(std::move(name), kernel.release));
    return found;
}

} // namespace mpapi::node
