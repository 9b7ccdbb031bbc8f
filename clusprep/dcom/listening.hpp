// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Listening TCP sockets, and who has the port that we cannot have: Samba's own endpoint mapper or
// another RPC service may sit on 135, and the administrator must be told which.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::dcom {

// `address` is one of IPv4 or IPv6; "::" takes IPv4 as well where it can. Port 0: any free one.
// When the port is taken the error's reason says by whom, as far as /proc tells.
Result<Fd> listen_on(const std::string& address, std::uint16_t port);

// The same port on each address; 0: one that is free on all of them.
Result<std::vector<Fd>> listen_on_all(const std::vector<std::string>& addresses,
                                      std::uint16_t port);

struct Holder {
    std::uint32_t uid = 0;
    std::uint64_t inode = 0;
    bool operator==(const Holder&) const = default;
};
// Who listens on a port, from the text of /proc/net/tcp or tcp6.
std::vector<Holder> listeners_of(std::string_view table, std::uint16_t port);

} // namespace mpapi::dcom
