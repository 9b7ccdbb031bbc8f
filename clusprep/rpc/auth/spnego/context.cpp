// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/spnego/context.hpp"

namespace mpapi::rpc {

namespace {

Error not_complete(const char* action) {
    return {action, "PDU", "SPNEGO is not complete"};
}

} // namespace

void SpnegoContext::sign_header(bool negotiated) {
    sign_header_ = negotiated;
    if (chosen_) chosen_->sign_header(negotiated);
}

std::size_t SpnegoContext::signature_length(AuthLevel level, std::size_t data_length) const {
    return complete_ ? chosen_->signature_length(level, data_length) : 0;
}

Status SpnegoContext::protect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                              std::size_t length, std::span<std::uint8_t> signature) {
    if (!complete_) return not_complete("protect");
    return chosen_->protect(level, pdu, offset, length, signature);
}

Status SpnegoContext::unprotect(AuthLevel level, std::span<std::uint8_t> pdu, std::size_t offset,
                                std::size_t length, std::span<const std::uint8_t> signature) {
    if (!complete_) return not_complete("check");
    return chosen_->unprotect(level, pdu, offset, length, signature);
}

bool SpnegoContext::offers(spnego::Mechanism mechanism) const {
    return static_cast<bool>(mechanism == spnego::Mechanism::Ntlm ? mechanisms_.ntlm
                                                                  : mechanisms_.kerberos);
}

Status SpnegoContext::choose(spnego::Mechanism mechanism) {
    if (!offers(mechanism)) return Error{"negotiate", "", "no such mechanism is offered"};
    auto made = mechanism == spnego::Mechanism::Ntlm ? mechanisms_.ntlm() : mechanisms_.kerberos();
    if (!made) return std::move(made).error();
    chosen_ = std::move(*made);
    if (sign_header_) chosen_->sign_header(*sign_header_);
    return Done{};
}

} // namespace mpapi::rpc
