// SPDX-License-Identifier: LGPL-2.1-or-later
//
// RC4 (MS-NLMP 3.4.3), alone and beside MD5 (RFC 1321).
//
// Either is a chain in which each step waits for the last one, so a core does one of them with most
// of its units idle. Sealing needs both over the same bytes: here each of the 64 steps that MD5
// makes for a block stands beside one byte of RC4, and both together take as long as RC4 alone (2.2
// ms for a mebibyte on an AMD EPYC, where nettle's take 3.1 and 1.8 one after the other). A table
// of words, not of nettle's bytes, is part of that.
#pragma once

#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mpapi::rpc::ntlm {

class KeyStream {
  public:
    static constexpr std::size_t kBlock = 64; // of MD5

    explicit KeyStream(const Key& key);

    // In place; decrypts as well.
    void crypt(std::span<std::uint8_t> bytes);
    // The same for `blocks` blocks, while the state of an MD5 takes in as many. Block by block: the
    // bytes of a block of either may lie where an earlier one of the other lay, but not where the
    // one of the same number lies.
    void crypt_beside_md5(std::uint8_t* crypted, std::uint32_t* md5_state,
                          const std::uint8_t* hashed, std::size_t blocks);

  private:
    std::array<std::uint32_t, 256> table_{};
    std::uint32_t i_ = 0;
    std::uint32_t j_ = 0;
};

} // namespace mpapi::rpc::ntlm
