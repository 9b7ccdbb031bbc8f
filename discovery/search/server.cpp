// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/search/server.hpp"

#include "discovery/wire/ascii.hpp"

#include <algorithm>

namespace mpapi::discovery {

Collection::Change Collection::add(const Server& server, Time now) {
    const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return same_name(entry.server.name, server.name);
    });
    if (known != entries_.end()) {
        const bool moved =
            known->server.address != server.address || known->server.interface != server.interface;
        *known = {server, now, 0};
        return {moved ? News::Moved : News::None, std::nullopt};
    }
    Change change{News::Added, std::nullopt};
    if (entries_.size() >= most_) {
        const auto last =
            std::min_element(entries_.begin(), entries_.end(),
                             [](const Entry& a, const Entry& b) { return a.heard < b.heard; });
        change.gone = last->server;
        entries_.erase(last);
    }
    entries_.push_back({server, now, 0});
    return change;
}

std::vector<Server> Collection::search_ended(Time since, std::string_view interface) {
    std::vector<Server> gone;
    std::erase_if(entries_, [&](Entry& entry) {
        const bool asked = interface.empty() || entry.server.interface == interface;
        if (!asked || entry.heard >= since || ++entry.missed < kMisses) return false;
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
