// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client's mechanisms put together: NTLM with a name and a password, Kerberos with the tickets
// of a credential cache, SPNEGO around what there is.
//
// Kerberos asks the KDC in the first step of a context and waits for it.
#pragma once

#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/security_context.hpp"

#include <optional>

namespace mpapi::rpc {

struct InitiatorSettings {
    std::optional<NtlmCredentials> ntlm; // NtlmCredentials::of(); none: NTLM is not offered
    bool kerberos = true;                // with tickets, if there are any
    std::string ticket_cache;            // "FILE:/…"; empty: the library's default
    // Of the service principal SERVICE/HOST; RPCSS and RestrictedKrbHost are usual too, a server
    // that has a key for one of them mostly has for all.
    std::string service = "host";
};

std::unique_ptr<Initiators> make_initiators(InitiatorSettings settings);

} // namespace mpapi::rpc
