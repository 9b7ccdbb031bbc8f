// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Connections of one client that belong together (C706 9.3.2.2, 12.6.4.3): a group is there as
// long as one of its connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace mpapi::rpc {

class AssociationGroups {
  public:
    // 0 makes a group. Another number joins that group; nothing when there is none.
    std::optional<std::uint32_t> join(std::uint32_t group);
    void leave(std::uint32_t group);

  private:
    std::map<std::uint32_t, std::size_t> members_;
    std::uint32_t last_ = 0;
};

} // namespace mpapi::rpc
