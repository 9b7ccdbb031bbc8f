// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/show_devices.hpp"

#include <algorithm>

namespace mpapi::multipath_conf {

namespace {

constexpr std::size_t most_devices = 65536;

WatchState state_of(std::string_view text) noexcept {
    if (text == "devnode whitelisted, monitored") return WatchState::Monitored;
    if (text == "devnode whitelisted, unmonitored") return WatchState::Allowed;
    if (text == "devnode blacklisted, unmonitored") return WatchState::DevnodeBlacklisted;
    if (text == "hidden, unmonitored") return WatchState::Hidden;
    if (text == "foreign, monitored") return WatchState::Foreign;
    return WatchState::Unknown;
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t start = text.find_first_not_of(' ');
    if (start == std::string_view::npos) return {};
    return text.substr(start, text.find_last_not_of(' ') - start + 1);
}

} // namespace

std::map<std::string, WatchState, std::less<>> parse_show_devices(std::string_view reply) {
    std::map<std::string, WatchState, std::less<>> devices;
    while (!reply.empty() && devices.size() < most_devices) {
        const std::size_t end = std::min(reply.find('\n'), reply.size());
        const std::string_view line = reply.substr(0, end);
        reply.remove_prefix(std::min(end + 1, reply.size()));
        if (!line.starts_with(' ')) continue; // the heading
        const std::string_view text = trimmed(line);
        const std::size_t blank = text.find(' ');
        if (blank == std::string_view::npos) continue;
        devices.insert_or_assign(std::string(text.substr(0, blank)),
                                 state_of(trimmed(text.substr(blank))));
    }
    return devices;
}

} // namespace mpapi::multipath_conf
