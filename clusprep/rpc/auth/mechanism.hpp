// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What SPNEGO needs of the mechanisms inside it beyond a security context: the mechListMIC
// (RFC 4178 5), which is computed by the mechanism that was chosen.
#pragma once

#include "clusprep/rpc/auth/security_context.hpp"

namespace mpapi::rpc {

class Mechanism : public SecurityContext {
  public:
    // complete() only, and before the first protect() or unprotect().
    virtual Result<Token> make_mic(std::span<const std::uint8_t> text) = 0;
    virtual Status check_mic(std::span<const std::uint8_t> text,
                             std::span<const std::uint8_t> mic) = 0;
};

} // namespace mpapi::rpc
