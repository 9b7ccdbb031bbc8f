// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who may call: those an administrator named, by default nobody.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"

namespace mpapi::rpc {

// As the configuration has them; names are compared without regard to case (as upper_case() of
// ntlm/text.hpp), SIDs as text.
struct AllowList {
    std::vector<std::string> users;  // "NODE1\\alice", "DOMAIN\\alice", "alice@REALM"
    std::vector<std::string> groups; // SIDs, "S-1-5-32-544"
    std::vector<std::string> sids;   // of users or groups
};

// A bare "alice" is nobody: it would be Alice of every domain and realm at once.
bool is_allowed(const Principal& principal, const AllowList& list);

} // namespace mpapi::rpc
