// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How often paths failed since the daemon started. Only paths that exist and have failed are kept.
#pragma once

#include "common/model/diff.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace mpapi::publish {

class Failures {
  public:
    void record(const std::vector<model::Event>& events);

    std::uint64_t total() const { return total_; }
    std::uint64_t of(model::Sequence path) const {
        const auto at = paths_.find(path);
        return at == paths_.end() ? 0 : at->second;
    }
    const std::unordered_map<model::Sequence, std::uint64_t>& paths() const { return paths_; }

  private:
    std::unordered_map<model::Sequence, std::uint64_t> paths_;
    std::uint64_t total_ = 0; // of paths that are gone too
};

} // namespace mpapi::publish
