// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/ntlm/file_time.hpp"
#include "clusprep/rpc/auth/ntlm/flags.hpp"
#include "clusprep/rpc/auth/ntlm/keys.hpp"
#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "clusprep/rpc/little_endian.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>
#include <string.h>

namespace mpapi::rpc {

namespace {

Error fault(std::string reason) {
    return {"authenticate with NTLM", "", std::move(reason)};
}

} // namespace

Result<NtlmCredentials> NtlmCredentials::of(std::string_view user, std::string_view password) {
    auto name = ntlm::utf16_of(user);
    if (!name) return Error{"use name", std::string(user), "it is no well-formed UTF-8"};
    auto secret = ntlm::utf16_of(password);
    if (!secret) return Error{"use password", "", "it is no well-formed UTF-8"};
    NtlmCredentials credentials;
    credentials.nt_hash = ntlm::nt_hash(*secret);
    ::explicit_bzero(secret->data(), secret->size() * sizeof(char16_t));
    // A user principal name goes whole into the user's field, with no domain (MS-NLMP 2.2.1.3).
    const auto separator = name->find(u'\\');
    credentials.user = separator == name->npos ? *name : name->substr(separator + 1);
    if (separator != name->npos) credentials.domain = name->substr(0, separator);
    if (credentials.user.empty()) return Error{"use name", std::string(user), "it names no user"};
    if (credentials.user.size() > ntlm::kMostName || credentials.domain.size() > ntlm::kMostName)
        return Error{"use name", std::string(user), "it is too long"};
    return credentials;
}

NtlmInitiator::NtlmInitiator(NtlmCredentials credentials, const NtlmSources& sources,
                             std::string target)
  : credentials_(std::move(credentials))
  , sources_(sources)
  , target_(std::move(target)) {}

void NtlmInitiator::step(std::span<const std::uint8_t> token, StepDone done) {
    switch (std::exchange(makes_, Makes::Nothing)) {
    case Makes::Negotiate:
        negotiate_ = ntlm::build_negotiate(ntlm::kAsked);
        makes_ = Makes::Authenticate;
        done(negotiate_);
        return;
    case Makes::Authenticate:
        done(authenticate(token));
        return;
    case Makes::Nothing:
        done(fault("no further token is expected"));
        return;
    }
}

Result<NtlmInitiator::Token> NtlmInitiator::authenticate(std::span<const std::uint8_t> challenge) {
    const auto message = ntlm::parse_challenge(challenge);
    if (!message) return message.error();
    if ((message->flags & ntlm::kRequired) != ntlm::kRequired ||
        (message->flags & ntlm::kSeal) == 0)
        return fault("the server does not agree to NTLMv2 with 128-bit sealing");
    auto offered = ntlm::parse_av_pairs(message->target_info);
    if (!offered) return offered.error();

    // The server's pairs with ours added (3.1.5.1.2).
    std::uint64_t timestamp = ntlm::file_time(sources_.now());
    std::uint32_t av_flags = ntlm::kAvMicProvided;
    std::vector<ntlm::AvPair> pairs;
    for (const ntlm::AvPair& pair : *offered) {
        if (pair.id == ntlm::AvId::Timestamp && pair.value.size() == 8)
            timestamp = load<std::uint64_t>(pair.value, 0);
        if (pair.id == ntlm::AvId::Flags)
            av_flags |= load<std::uint32_t>(pair.value, 0);
        else if (pair.id != ntlm::AvId::TargetName && pair.id != ntlm::AvId::ChannelBindings)
            pairs.push_back(pair);
    }
    std::vector<std::uint8_t> av_flags_bytes;
    put<std::uint32_t>(av_flags_bytes, av_flags);
    const auto target = ntlm::utf16_of(target_);
    if (!target) return fault("the target's name is no well-formed UTF-8");
    const auto target_bytes = ntlm::bytes_of(*target);
    const std::array<std::uint8_t, 16> no_channel{};
    pairs.push_back({ntlm::AvId::Flags, av_flags_bytes});
    pairs.push_back({ntlm::AvId::ChannelBindings, no_channel});
    pairs.push_back({ntlm::AvId::TargetName, target_bytes});

    ntlm::Challenge client_challenge;
    sources_.random(client_challenge);
    const auto blob = ntlm::build_blob(timestamp, client_challenge, ntlm::build_av_pairs(pairs));
    const auto key =
        ntlm::response_key(credentials_.nt_hash, credentials_.user, credentials_.domain);
    const auto proof = ntlm::proof_of(key, message->server_challenge, blob);
    std::vector<std::uint8_t> response(proof.begin(), proof.end());
    response.insert(response.end(), blob.begin(), blob.end());
    if (response.size() > ntlm::kMostMessage / 2) return fault("the server's names are too long");

    ntlm::Key exported;
    sources_.random(exported);
    const std::uint32_t flags = message->flags & ntlm::kAsked;
    auto last = ntlm::build_authenticate({flags,
                                          credentials_.domain,
                                          credentials_.user,
                                          credentials_.workstation,
                                          response,
                                          {},
                                          ntlm::rc4(ntlm::session_base_key(key, proof), exported),
                                          {}});
    const auto mic = ntlm::mic_of(exported, negotiate_, challenge, last);
    std::copy(mic.begin(), mic.end(), last.begin() + ntlm::kMicOffset);

    const auto name =
        to_utf8(credentials_.domain.empty() ? credentials_.user
                                            : credentials_.domain + u"\\" + credentials_.user);
    if (!name) return fault("the user's name is no well-formed UTF-16");
    establish(exported, flags, ntlm::Side::Client, {*name, {}, AuthType::Ntlm});
    return last;
}

} // namespace mpapi::rpc
