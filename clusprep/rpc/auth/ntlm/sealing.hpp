// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Signing and sealing with extended session security and key exchange, MS-NLMP 3.4.3 and 3.4.4.2,
// on PDUs as MS-RPCE 3.3.1.5.2.2 wants it: the checksum covers the plaintext of the whole PDU
// whether or not header signing was agreed on, only stub and padding are encrypted, and they take
// their part of the key stream before the checksum takes its own.
//
// A PDU is changed where it lies and copied nowhere.
#pragma once

#include "clusprep/rpc/auth/ntlm/key_stream.hpp"
#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include <nettle/hmac.h>

namespace mpapi::rpc::ntlm {

constexpr std::size_t kSignatureLength = 16;
using Signature = std::array<std::uint8_t, kSignatureLength>;

enum class Side { Client, Server };

// One direction: its signing key, its key stream, its count.
class Direction {
  public:
    Direction(const Key& session_key, Side from);

    // The signature of `pdu`, of which `sealed` (inside it, may be empty) is then encrypted.
    Signature protect(Bytes pdu, std::span<std::uint8_t> sealed);
    // Decrypts `sealed`, then says whether `signature` was made of the PDU.
    bool unprotect(Bytes pdu, std::span<std::uint8_t> sealed, Bytes signature);
    // After the mechListMIC of SPNEGO: the key stream begins anew, the count goes on.
    void restart();

  private:
    using Checksum = std::array<std::uint8_t, 8>;

    void begin_checksum();
    void add(Bytes part);
    Checksum end_checksum();
    // `blocks` of either, from where they begin; the checksum stands at the beginning of a block.
    void crypt_and_add(std::uint8_t* crypted, const std::uint8_t* added, std::size_t blocks);
    Signature sign(const Checksum& checksum);

    Key sealing_key_;
    hmac_md5_ctx hmac_{};
    KeyStream stream_;
    std::uint32_t sequence_ = 0;
};

} // namespace mpapi::rpc::ntlm
