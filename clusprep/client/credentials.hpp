// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who asks: a Kerberos ticket where there is one, else a name and a password that is typed without
// an echo or read from a descriptor. Never from the command line or the environment, where others
// can read it.
#pragma once

#include "clusprep/client/grammar.hpp"
#include "clusprep/rpc/auth/initiators.hpp"

#include <memory>

namespace mpapi::client {

struct Credentials {
    rpc::AuthType type = rpc::AuthType::Kerberos;
    std::unique_ptr<rpc::Initiators> initiators;
};

// May ask at the terminal, and wait.
Result<Credentials> credentials_for(const Connection& connection, const std::string& node);

// The first line, or all of it, of at most 1 KiB; what follows a newline is not read.
Result<std::string> read_secret_line(int fd);

} // namespace mpapi::client
