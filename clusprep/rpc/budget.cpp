// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/budget.hpp"

namespace mpapi::rpc {

bool Budget::take(const std::string& owner, std::size_t bytes) {
    if (bytes == 0) return true;
    const auto known = used_by_.find(owner);
    const std::size_t own = known == used_by_.end() ? 0 : known->second;
    if (bytes > total_ - used_ || own > share_ || bytes > share_ - own) return false;
    used_ += bytes;
    used_by_[owner] += bytes;
    return true;
}

void Budget::give_back(const std::string& owner, std::size_t bytes) {
    if (bytes == 0) return;
    used_ -= bytes;
    const auto own = used_by_.find(owner);
    own->second -= bytes;
    if (own->second == 0) used_by_.erase(own);
}

} // namespace mpapi::rpc
