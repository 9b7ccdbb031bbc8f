// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who was found, over one search or many: each server once, by its name without case, as the daemon
// has it. Pure.
#pragma once

#include "discovery/client/found.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mpapi::discovery {

class Roll {
  public:
    // Whether it is news: a server that was not there, or was at another address or interface.
    bool add(const Found& found);
    // Whether it was there.
    bool remove(std::string_view name);

    // Null where it is not there. Until the next call of the two above.
    Found* find(std::string_view name);
    // In the order in which they were found.
    const std::vector<Found>& all() const { return all_; }

  private:
    std::vector<Found> all_;
};

} // namespace mpapi::discovery
