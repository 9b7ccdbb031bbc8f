// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/association_groups.hpp"

namespace mpapi::rpc {

std::optional<std::uint32_t> AssociationGroups::join(std::uint32_t group) {
    if (group == 0) {
        do
            ++last_;
        while (last_ == 0 || members_.contains(last_));
        members_[last_] = 1;
        return last_;
    }
    const auto found = members_.find(group);
    if (found == members_.end()) return std::nullopt;
    ++found->second;
    return group;
}

void AssociationGroups::leave(std::uint32_t group) {
    const auto found = members_.find(group);
    if (found != members_.end() && --found->second == 0) members_.erase(found);
}

} // namespace mpapi::rpc
