// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The key that this node registers for persistent reservations: 64 random bits, drawn once and kept
// in the state directory, so that after a reboot the node still knows which registrations are its
// own and no other node has the same.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace mpapi::disks {

inline constexpr char kNodeKeyFile[] = "reservation-key";

struct NodeKey {
    std::uint64_t key = 0; // never 0
    std::string notice;    // a file that was no key, and was replaced; "" else
};

// `draw` yields 64 random bits. An empty directory keeps nothing. Fails when the file cannot be
// read or written: a key that is forgotten locks the node out of what it had reserved.
Result<NodeKey> node_key(const std::string& state_directory,
                         const std::function<std::uint64_t()>& draw);

} // namespace mpapi::disks
