// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/context.hpp"

#include "clusprep/rpc/auth/ntlm/flags.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cstdlib>

namespace mpapi::rpc {

NtlmSources NtlmSources::of_the_system() {
    return {[] { return std::chrono::system_clock::now(); },
            [](std::span<std::uint8_t> bytes) {
                // Up to 256 bytes come whole or not at all (getrandom(2)).
                if (::getrandom(bytes.data(), bytes.size(), 0) !=
                    static_cast<ssize_t>(bytes.size()))
                    std::abort();
            }};
}

void NtlmMechanism::establish(const ntlm::Key& exported_session_key, std::uint32_t flags,
                              ntlm::Side side, Principal principal) {
    const auto other = side == ntlm::Side::Client ? ntlm::Side::Server : ntlm::Side::Client;
    session_.emplace(Session{ntlm::Direction(exported_session_key, side),
                             ntlm::Direction(exported_session_key, other),
                             (flags & ntlm::kSeal) != 0});
    principal_ = std::move(principal);
}

Status NtlmMechanism::usable(AuthLevel level, std::size_t pdu, std::size_t offset,
                             std::size_t length, std::size_t signature) const {
    if (!session_) return Error{"protect PDU", "", "NTLM is not complete"};
    if (level == AuthLevel::Privacy && !session_->sealing)
        return Error{"protect PDU", "", "NTLM was negotiated without sealing"};
    if (offset > pdu || length > pdu - offset) return Error{"protect PDU", "", "no such bytes"};
    if (signature != ntlm::kSignatureLength)
        return Error{"protect PDU", "", "an NTLM signature has 16 bytes"};
    return Done{};
}

Status NtlmMechanism::protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                              std::size_t length, std::span<std::uint8_t> signature) {
    if (auto fine = usable(level, pdu.size(), offset, length, signature.size()); !fine) return fine;
    const auto made = session_->sending.protect(
        pdu, pdu.subspan(offset, level == AuthLevel::Privacy ? length : 0));
    std::copy(made.begin(), made.end(), signature.begin());
    return Done{};
}

Status NtlmMechanism::unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                                std::size_t length, std::span<const std::uint8_t> signature) {
    if (auto fine = usable(level, pdu.size(), offset, length, signature.size()); !fine) return fine;
    if (!session_->receiving.unprotect(
            pdu, pdu.subspan(offset, level == AuthLevel::Privacy ? length : 0), signature))
        return Error{"check PDU", "", "its NTLM signature is wrong"};
    return Done{};
}

Result<NtlmMechanism::Token> NtlmMechanism::make_mic(std::span<const std::uint8_t> text) {
    if (!session_) return Error{"sign", "mechanism list", "NTLM is not complete"};
    const auto mic = session_->sending.protect(text, {});
    session_->sending.restart();
    return Token(mic.begin(), mic.end());
}

Status NtlmMechanism::check_mic(std::span<const std::uint8_t> text,
                                std::span<const std::uint8_t> mic) {
    if (!session_) return Error{"check", "mechanism list", "NTLM is not complete"};
    if (!session_->receiving.unprotect(text, {}, mic))
        return Error{"check", "mechanism list", "its NTLM signature is wrong"};
    session_->receiving.restart();
    return Done{};
}

} // namespace mpapi::rpc
