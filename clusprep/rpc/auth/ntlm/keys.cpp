// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/keys.hpp"

#include "clusprep/rpc/auth/ntlm/text.hpp"

#include <nettle/arcfour.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/memops.h>
#include <string.h>

namespace mpapi::rpc::ntlm {

bool equal_secrets(Bytes a, Bytes b) {
    return a.size() == b.size() && ::memeql_sec(a.data(), b.data(), a.size()) != 0;
}

Key md5(std::initializer_list<Bytes> text) {
    md5_ctx context{};
    ::md5_init(&context);
    for (const Bytes part : text)
        ::md5_update(&context, part.size(), part.data());
    Key digest;
    ::md5_digest(&context, digest.size(), digest.data());
    return digest;
}

Key hmac_md5(const Key& key, std::initializer_list<Bytes> text) {
    hmac_md5_ctx context{};
    ::hmac_md5_set_key(&context, key.size(), key.data());
    for (const Bytes part : text)
        ::hmac_md5_update(&context, part.size(), part.data());
    Key digest;
    ::hmac_md5_digest(&context, digest.size(), digest.data());
    return digest;
}

Key rc4(const Key& key, const Key& text) {
    arcfour_ctx context{};
    ::arcfour_set_key(&context, key.size(), key.data());
    Key result;
    ::arcfour_crypt(&context, text.size(), result.data(), text.data());
    return result;
}

Key nt_hash(std::u16string_view password) {
    auto bytes = bytes_of(password);
    md4_ctx context{};
    ::md4_init(&context);
    ::md4_update(&context, bytes.size(), bytes.data());
    Key digest;
    ::md4_digest(&context, digest.size(), digest.data());
    ::explicit_bzero(bytes.data(), bytes.size());
    return digest;
}

Key response_key(const Key& nt_hash, std::u16string_view user, std::u16string_view domain) {
    return hmac_md5(nt_hash, {bytes_of(upper_case(user)), bytes_of(domain)});
}

Key proof_of(const Key& response_key, const Challenge& server_challenge, Bytes blob) {
    return hmac_md5(response_key, {server_challenge, blob});
}

Key session_base_key(const Key& response_key, const Key& proof) {
    return hmac_md5(response_key, {proof});
}

Key mic_of(const Key& exported_session_key, Bytes negotiate, Bytes challenge, Bytes authenticate) {
    constexpr Key zero{};
    if (authenticate.size() < kMicOffset + zero.size()) return zero;
    return hmac_md5(exported_session_key, {negotiate, challenge, authenticate.first(kMicOffset),
                                           zero, authenticate.subspan(kMicOffset + zero.size())});
}

} // namespace mpapi::rpc::ntlm
