// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/search/server.hpp"

#include "discovery/wire/ascii.hpp"

#include <algorithm>

namespace mpapi::discovery {

Collection::Change Collection::add(const Server& server) {
    const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return same_name(entry.server.name, server.name);
    });
    if (known != entries_.end()) {
        const bool moved =
            known->server.address != server.address || known->server.interface != server.interface;
        *known = {server, 0};
        return {moved ? News::Moved : News::None, std::nullopt};
    }
    Change change{News::Added, std::nullopt};
    if (entries_.size() >= most_) {
        const auto last =
            std::min_element(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
                return a.server.heard < b.server.heard;
            });
        change.gone = last->server;
        entries_.erase(last);
    }
    entries_.push_back({server, 0});
    return change;
}

std::vector<Server> Collection::search_ended(std::chrono::system_clock::time_point since,
                                             std::string_view interface) {
    std::vector<Server> gone;
    std::erase_if(entries_, [&](Entry& entry) {
        const bool asked = interface.empty() || entry.server.interface == interface;
        if (!asked || entry.server.heard >= since || ++entry.missed < kMisses) return false;
        gone.push_back(entry.server);
        return true;
    });
    return gone;
}

std::vector<Server> Collection::servers() const {
    std::vector<Server> made;
    made.reserve(entries_.size());
    for (const Entry& entry : entries_)
        made.push_back(entry.server);
    return made;
}

} // namespace mpapi::discovery
