// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/multipath_driver.hpp"

#include <sys/utsname.h>

#include <array>
#include <fstream>
#include <iterator>

namespace mpapi::kernel {
namespace {

// Those of Linux up to 6.18, and the module each is in.
struct Selector {
    const char* name;
    const char* module;
};
constexpr std::array selectors{
    Selector{"round-robin", "dm_round_robin"},
    Selector{"queue-length", "dm_queue_length"},
    Selector{"service-time", "dm_service_time"},
    Selector{"historical-service-time", "dm_historical_service_time"},
    Selector{"io-affinity", "dm_io_affinity"},
};

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// To modprobe '-' and '_' are one in module names.
bool same_module_name(std::string_view a, std::string_view b) {
    const auto plain = [](char c) { return c == '-' ? '_' : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (plain(a[i]) != plain(b[i])) return false;
    return true;
}

} // namespace

bool names_module(std::string_view content, std::string_view module) {
    while (!content.empty()) {
        const auto end = content.find('\n');
        auto line = content.substr(0, end);
        content = end == std::string_view::npos ? std::string_view() : content.substr(end + 1);
        // kernel/drivers/md/dm-service-time.ko.xz: kernel/drivers/md/dm-multipath.ko.xz …
        line = line.substr(0, line.find(':'));
        line = line.substr(line.find_last_of('/') + 1);
        const auto suffix = line.find(".ko");
        if (suffix != std::string_view::npos && same_module_name(line.substr(0, suffix), module))
            return true;
    }
    return false;
}

std::string module_folder() {
    utsname system{};
    if (::uname(&system) != 0) return {};
    return std::string("/lib/modules/") + system.release;
}

std::vector<std::string> find_selectors(const Sysfs& sysfs, const std::string& modules) {
    const auto loadable = read_file(modules + "/modules.dep");
    const auto built_in = read_file(modules + "/modules.builtin");
    std::vector<std::string> found;
    for (const auto& selector : selectors) {
        const bool there = sysfs.exists(std::string("module/") + selector.module) ||
                           names_module(loadable, selector.module) ||
                           names_module(built_in, selector.module);
        if (there) found.emplace_back(selector.name);
    }
    return found;
}

model::Plugin describe_multipath_driver(std::vector<std::string> found,
                                        std::string target_version) {
    model::Plugin plugin;
    plugin.name = "dm_multipath";
    plugin.driver_name = "dm_multipath";
    plugin.driver_vendor = "Linux";
    plugin.driver_version = std::move(target_version);
    plugin.device_file_namespace = "/dev/mapper/*";
    plugin.load_balance = std::move(found);
    return plugin;
}

} // namespace mpapi::kernel
