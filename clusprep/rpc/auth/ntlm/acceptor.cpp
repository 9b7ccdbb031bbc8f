// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/ntlm/file_time.hpp"
#include "clusprep/rpc/auth/ntlm/flags.hpp"
#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "clusprep/rpc/little_endian.hpp"

namespace mpapi::rpc {

namespace {

// MaxLifetime, MS-NLMP 3.1.1.1: how far a response's time may be from ours. The challenge is what
// keeps a response from being sent again; this only holds clients to the specification.
constexpr std::uint64_t kMostSkew = 36 * std::uint64_t{3600} * 10'000'000;

Error refuse(std::string reason) {
    return {"accept NTLM", "", std::move(reason)};
}

Status check_flags(std::uint32_t flags, const char* message) {
    if (const auto missing = ntlm::kRequired & ~flags) {
        char text[16];
        std::snprintf(text, sizeof text, "%08x", missing);
        return refuse(std::string(message) + " lacks the required flags " + text);
    }
    return Done{};
}

} // namespace

NtlmAcceptor::NtlmAcceptor(NtlmAccounts& accounts, const NtlmHost& host, const NtlmSources& sources,
                           PeerAddress peer)
  : accounts_(accounts)
  , host_(host)
  , sources_(sources)
  , peer_(std::move(peer)) {}

void NtlmAcceptor::step(std::span<const std::uint8_t> token, StepDone done) {
    switch (std::exchange(expects_, Expects::Nothing)) {
    case Expects::Negotiate:
        done(challenge(token));
        return;
    case Expects::Authenticate:
        authenticate(token, std::move(done));
        return;
    case Expects::Nothing:
        done(refuse("no further token is expected"));
        return;
    }
}

Result<NtlmAcceptor::Token> NtlmAcceptor::challenge(std::span<const std::uint8_t> token) {
    const auto negotiate = ntlm::parse_negotiate(token);
    if (!negotiate) return negotiate.error();
    if (auto fine = check_flags(negotiate->flags, "NEGOTIATE"); !fine) return fine.error();
    flags_ = (negotiate->flags & ntlm::kGranted) | ntlm::kTargetInfo | ntlm::kTargetTypeServer;
    sources_.random(server_challenge_);

    const auto netbios_domain = ntlm::bytes_of(host_.netbios_domain);
    const auto netbios_computer = ntlm::bytes_of(host_.netbios_computer);
    const auto dns_domain = ntlm::bytes_of(host_.dns_domain);
    const auto dns_computer = ntlm::bytes_of(host_.dns_computer);
    std::vector<std::uint8_t> timestamp;
    put<std::uint64_t>(timestamp, ntlm::file_time(sources_.now()));
    const ntlm::AvPair pairs[] = {
        {ntlm::AvId::NetbiosDomain, netbios_domain},
        {ntlm::AvId::NetbiosComputer, netbios_computer},
        {ntlm::AvId::DnsDomain, dns_domain},
        {ntlm::AvId::DnsComputer, dns_computer},
        {ntlm::AvId::Timestamp, timestamp},
    };
    const auto target_info = ntlm::build_av_pairs(pairs);
    challenge_ =
        ntlm::build_challenge({flags_, server_challenge_, host_.netbios_computer, target_info});
    negotiate_.assign(token.begin(), token.end());
    expects_ = Expects::Authenticate;
    return challenge_;
}

void NtlmAcceptor::authenticate(std::span<const std::uint8_t> token, StepDone done) {
    auto message = ntlm::parse_authenticate(token);
    if (!message) return done(message.error());
    if (auto fine = check_flags(message->flags, "AUTHENTICATE"); !fine) return done(fine.error());
    flags_ &= message->flags;
    const std::uint64_t now = ntlm::file_time(sources_.now());
    const std::uint64_t then = message->response.timestamp;
    if ((now > then ? now - then : then - now) > kMostSkew)
        return done(refuse("the client's time is more than 36 hours from ours"));

    NtlmLogon logon{std::move(message->user),
                    std::move(message->domain),
                    std::move(message->workstation),
                    server_challenge_,
                    {message->nt_response.begin(), message->nt_response.end()},
                    peer_};
    authenticate_.assign(token.begin(), token.end());
    accounts_.verify(logon, [this, alive = std::weak_ptr<bool>(alive_),
                             done = std::move(done)](const Result<NtlmSession>& session) {
        if (alive.expired()) return;
        auto last = verified(session);
        done(std::move(last)); // may destroy us
    });
}

// The keys, and the MIC wherever the client promised one: without this check who is between could
// change the flags of the first two messages.
Result<NtlmAcceptor::Token> NtlmAcceptor::verified(const Result<NtlmSession>& session) {
    if (!session) return session.error();
    const auto message = ntlm::parse_authenticate(authenticate_);
    if (!message) return message.error();
    const auto key = ntlm::rc4(session->base_key, message->encrypted_session_key);
    if (message->mic &&
        !ntlm::equal_secrets(ntlm::mic_of(key, negotiate_, challenge_, authenticate_),
                             *message->mic))
        return refuse("the MIC of " + session->principal.name + " is wrong");
    establish(key, flags_, ntlm::Side::Server, session->principal);
    negotiate_ = challenge_ = authenticate_ = {};
    return Token{};
}

} // namespace mpapi::rpc
