// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server's mechanisms put together: NTLM with our accounts and, if configured, winbind's;
// Kerberos if there is a keytab; SPNEGO around both.
#pragma once

#include "clusprep/rpc/auth/accounts/guarded_accounts.hpp"
#include "clusprep/rpc/auth/security_context.hpp"

#include <systemd/sd-event.h>

namespace mpapi::rpc {

struct AcceptorSettings {
    std::string accounts;  // path of the accounts file; one that is not there means: no accounts
    std::string keytab;    // path; empty: the library's default
    bool ntlm = true;      // offer NTLM
    bool kerberos = true;  // offer Kerberos once the keytab has keys
    bool winbind = false;  // domain accounts by winbind
    std::string host_name; // as gethostname() has it, short or whole; UTF-8
    std::string domain;    // NetBIOS name of the domain; empty: in none
    OnFailedLogon failed_logon;
    Attempts::Limits attempts;
};

// One that lives as long as the server. Contexts need the loop only where winbind or a wait for the
// turn is involved. A Kerberos exchange reads the keytab and blocks on nothing else.
Result<std::unique_ptr<Acceptors>> make_acceptors(sd_event* loop, AcceptorSettings settings);

} // namespace mpapi::rpc
