// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory that the peers of a server share: a bound for all of them, and a lower one for each, so
// that nobody can take what the others need.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace mpapi::rpc {

class Budget {
  public:
    Budget(std::size_t total, std::size_t share)
      : total_(total)
      , share_(share) {}

    // False, and nothing is taken, where it would be too much of all or of this one.
    [[nodiscard]] bool take(const std::string& owner, std::size_t bytes);
    // What was taken before.
    void give_back(const std::string& owner, std::size_t bytes);

  private:
    const std::size_t total_, share_;
    std::size_t used_ = 0;
    std::unordered_map<std::string, std::size_t> used_by_;
};

} // namespace mpapi::rpc
