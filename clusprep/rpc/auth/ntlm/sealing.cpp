// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/sealing.hpp"

#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/little_endian.hpp"

#include <algorithm>
#include <string_view>

namespace mpapi::rpc::ntlm {

namespace {

constexpr std::size_t kBlock = KeyStream::kBlock;
constexpr std::size_t kSequence = 4; // bytes of the count in front of what is summed up

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
                                : "session key to server-to-client sealing key magic constant"))
  , stream_(sealing_key_) {
    const Key signing_key =
        derive(session_key, from == Side::Client
                                ? "session key to client-to-server signing key magic constant"
                                : "session key to server-to-client signing key magic constant");
    ::hmac_md5_set_key(&hmac_, signing_key.size(), signing_key.data());
}

void Direction::restart() {
    stream_ = KeyStream(sealing_key_);
}

void Direction::begin_checksum() {
    std::array<std::uint8_t, kSequence> sequence{};
    store<std::uint32_t>(sequence, 0, sequence_);
    add(sequence);
}

void Direction::add(Bytes part) {
    ::hmac_md5_update(&hmac_, part.size(), part.data());
}

Direction::Checksum Direction::end_checksum() {
    Checksum digest{};
    ::hmac_md5_digest(&hmac_, digest.size(), digest.data()); // and is ready for the next
    return digest;
}

void Direction::crypt_and_add(std::uint8_t* crypted, const std::uint8_t* added,
                              std::size_t blocks) {
    stream_.crypt_beside_md5(crypted, hmac_.state.state, added, blocks);
    hmac_.state.count += blocks;
}

Signature Direction::sign(const Checksum& checksum) {
    Signature signature{};
    store<std::uint32_t>(signature, 0, 1); // version
    const auto encrypted = std::span(signature).subspan(4, checksum.size());
    std::copy(checksum.begin(), checksum.end(), encrypted.begin());
    stream_.crypt(encrypted);
    store<std::uint32_t>(signature, 12, sequence_++);
    return signature;
}

// What is added to the checksum must not be encrypted yet: encryption follows behind.
Signature Direction::protect(Bytes pdu, std::span<std::uint8_t> sealed) {
    begin_checksum();
    const std::size_t begin =
        sealed.empty() ? 0 : static_cast<std::size_t>(sealed.data() - pdu.data());
    // To the end of the first block that leaves a block of what is sealed behind it.
    const std::size_t lead = (begin + 2 * kBlock + kSequence - 1) / kBlock * kBlock - kSequence;
    std::size_t added = std::min(lead, pdu.size());
    add(pdu.first(added));
    const std::size_t blocks = std::min(pdu.size() - added, sealed.size()) / kBlock;
    crypt_and_add(sealed.data(), pdu.data() + added, blocks);
    add(pdu.subspan(added + blocks * kBlock));
    const auto digest = end_checksum();
    stream_.crypt(sealed.subspan(blocks * kBlock));
    return sign(digest);
}

// What is added to the checksum must be decrypted already: decryption goes ahead.
bool Direction::unprotect(Bytes pdu, std::span<std::uint8_t> sealed, Bytes signature) {
    const std::size_t ahead = std::min(2 * kBlock, sealed.size());
    stream_.crypt(sealed.first(ahead));
    begin_checksum();
    const std::size_t added = std::min(kBlock - kSequence, pdu.size());
    add(pdu.first(added));
    const std::size_t blocks = std::min(pdu.size() - added, sealed.size() - ahead) / kBlock;
    crypt_and_add(sealed.data() + ahead, pdu.data() + added, blocks);
    stream_.crypt(sealed.subspan(ahead + blocks * kBlock));
    add(pdu.subspan(added + blocks * kBlock));
    return equal_secrets(sign(end_checksum()), signature);
}

} // namespace mpapi::rpc::ntlm
