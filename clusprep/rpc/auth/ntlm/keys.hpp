// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The keys of NTLMv2, MS-NLMP 3.3.2 and 3.4.5. Names as there; primitives from nettle.
#pragma once

#include "clusprep/rpc/auth/ntlm/messages.hpp"

#include <initializer_list>

namespace mpapi::rpc::ntlm {

// In time that depends on the sizes only.
bool equal_secrets(Bytes a, Bytes b);

Key md5(std::initializer_list<Bytes> text);
Key hmac_md5(const Key& key, std::initializer_list<Bytes> text);
Key rc4(const Key& key, const Key& text);

// NTOWFv1: MD4 of the password, which is what an accounts file holds.
Key nt_hash(std::u16string_view password);
// NTOWFv2 from it. The user's name is upper-cased here, the domain is as it was sent.
Key response_key(const Key& nt_hash, std::u16string_view user, std::u16string_view domain);

// NTProofStr over the server's challenge and the client's blob.
Key proof_of(const Key& response_key, const Challenge& server_challenge, Bytes blob);
// SessionBaseKey, which for NTLMv2 is the KeyExchangeKey too (3.4.5.1).
Key session_base_key(const Key& response_key, const Key& proof);

// The MIC of the third message, in which it is taken as zero (3.1.5.1.2).
Key mic_of(const Key& exported_session_key, Bytes negotiate, Bytes challenge, Bytes authenticate);

} // namespace mpapi::rpc::ntlm
