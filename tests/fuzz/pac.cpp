// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A PAC's logon information: what it yields are SIDs, none twice.
#include "clusprep/rpc/auth/kerberos/pac.hpp"

#include <cstdlib>
#include <set>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto sids = mpapi::rpc::sids_of_pac({data, size});
    if (!sids) return 0;
    std::set<std::string> seen;
    for (const auto& sid : *sids)
        if (!sid.starts_with("S-1-") || !seen.insert(sid).second) std::abort();
    return 0;
}
