// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/policy.hpp"

namespace mpapi::daemon {

namespace {
constexpr std::size_t kGiven = 16;
}

model::Shared<std::vector<model::Setting>> TablePolicy::settings(const model::LogicalUnit& unit,
                                                                 model::Transport) {
    std::vector<model::Setting> settings;
    auto add = [&](const char* name, std::string value) {
        settings.push_back({name, std::move(value), "table", "", 0, "", ""});
    };
    std::string features;
    for (const std::string& word : unit.features)
        features += (features.empty() ? "" : " ") + word;
    add("features",
        std::to_string(unit.features.size()) + (features.empty() ? "" : " " + features));
    add("hardware_handler", unit.hardware_handler.empty() ? "0" : "1 " + unit.hardware_handler);
    add("no_path_retry", unit.queue_if_no_path ? "queue" : "fail");
    add("path_selector", unit.selector_arguments.empty()
                             ? unit.selector + " 0"
                             : unit.selector + " " + unit.selector_arguments);
    for (const auto& each : given_)
        if (*each == settings) return each;
    if (given_.size() < kGiven) return given_.emplace_back(std::move(settings));
    return given_[next_++ % kGiven] = std::move(settings);
}

MultipathPolicy::Exclusion TablePolicy::exclusion(const UnmappedDisk& disk) {
    if (!disk.holders.empty()) {
        std::string names;
        for (const std::string& holder : disk.holders)
            names += (names.empty() ? "" : ", ") + holder;
        return {"in-use", "in use by " + names};
    }
    if (disk.multipath_member == false)
        return {"not-a-path", "udev says that it is no path of a multipath device"};
    return {"no-map", "nobody made a map of it"};
}

} // namespace mpapi::daemon
