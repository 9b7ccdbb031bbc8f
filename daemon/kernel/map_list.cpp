// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/map_list.hpp"

namespace mpapi::kernel {

MapListNews compare_map_lists(const KnownMaps& before, const std::vector<ListedMap>& now,
                              const std::set<model::DeviceNumber>& asked, bool all) {
    MapListNews news;
    std::set<model::DeviceNumber> listed;
    for (const auto& map : now) {
        if (!listed.insert(map.number).second) continue;
        const auto known = before.find(map.number);
        bool read = known == before.end() || asked.count(map.number) != 0;
        if (!read) {
            const auto& last = known->second;
            // The same number under another name: renamed, or removed and made again.
            read =
                last.name != map.name || last.kind == MapKind::Undecided ||
                (last.kind == MapKind::Multipath && (all || last.event_number != map.event_number));
        }
        if (read) news.to_read.push_back(map.number);
    }
    for (const auto& [number, map] : before)
        if (listed.count(number) == 0) news.gone.push_back(number);
    return news;
}

} // namespace mpapi::kernel
