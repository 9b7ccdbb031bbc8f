// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/roll.hpp"

#include "discovery/wire/ascii.hpp"

#include <algorithm>

namespace mpapi::discovery {

Found* Roll::find(std::string_view name) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const Found& each) { return same_name(each.name, name); });
    return found == all_.end() ? nullptr : &*found;
}

bool Roll::add(const Found& found) {
    Found* const known = find(found.name);
    if (known == nullptr) {
        all_.push_back(found);
        return true;
    }
    if (known->address == found.address && known->interface == found.interface) return false;
    *known = found;
    return true;
}

bool Roll::remove(std::string_view name) {
    return std::erase_if(all_, [&](const Found& each) { return same_name(each.name, name); }) > 0;
}

} // namespace mpapi::discovery
