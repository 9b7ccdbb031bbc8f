// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/sealing.hpp"

#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/little_endian.hpp"

#include <algorithm>
#include <string_view>

namespace mpapi::rpc::ntlm {

namespace {

// With the NUL at the end (3.4.5.2, 3.4.5.3).
Key derive(const Key& session_key, const char* constant) {
    const std::string_view text(constant);
    return md5({session_key,
                {reinterpret_cast<const std::uint8_t*>(text.data()), text.size() + 1}}); // NUL
}

} // namespace

Direction::Direction(const Key& session_key, Side from)
  : sealing_key_(
        derive(session_key, from == Side::Client
                                ? "session key to client-to-server sealing key magic constant"
                                : "session key to server-to-client sealing key magic constant")) {
    const Key signing_key =
        derive(session_key, from == Side::Client
                                ? "session key to client-to-server signing key magic constant"
                                : "session key to server-to-client signing key magic constant");
    ::hmac_md5_set_key(&hmac_, signing_key.size(), signing_key.data());
    restart();
}

void Direction::restart() {
    ::arcfour_set_key(&stream_, sealing_key_.size(), sealing_key_.data());
}

std::array<std::uint8_t, 8> Direction::checksum(Bytes pdu) {
    std::array<std::uint8_t, 4> sequence{};
    store<std::uint32_t>(sequence, 0, sequence_);
    ::hmac_md5_update(&hmac_, sequence.size(), sequence.data());
    ::hmac_md5_update(&hmac_, pdu.size(), pdu.data());
    std::array<std::uint8_t, 8> digest{};
    ::hmac_md5_digest(&hmac_, digest.size(), digest.data()); // and is ready for the next
    return digest;
}

Signature Direction::sign(const std::array<std::uint8_t, 8>& checksum) {
    Signature signature{};
    store<std::uint32_t>(signature, 0, 1); // version
    ::arcfour_crypt(&stream_, checksum.size(), signature.data() + 4, checksum.data());
    store<std::uint32_t>(signature, 12, sequence_++);
    return signature;
}

Signature Direction::protect(Bytes pdu, std::span<std::uint8_t> sealed) {
    const auto digest = checksum(pdu);
    ::arcfour_crypt(&stream_, sealed.size(), sealed.data(), sealed.data());
    return sign(digest);
}

bool Direction::unprotect(Bytes pdu, std::span<std::uint8_t> sealed, Bytes signature) {
    ::arcfour_crypt(&stream_, sealed.size(), sealed.data(), sealed.data());
    return equal_secrets(sign(checksum(pdu)), signature);
}

} // namespace mpapi::rpc::ntlm
