// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NTLM: the first byte says which side the rest is for. Its messages are cut by a length of two
// bytes before each. Accounts that take everybody lead the acceptor as far as it goes; without a
// response that parses it must not get there.
#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/ntlm/flags.hpp"
#include "clusprep/rpc/little_endian.hpp"

#include <cstdlib>

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

class Everybody final : public NtlmAccounts {
  public:
    void verify(const NtlmLogon& logon, Verified done) override {
        if (logon.user.empty() || logon.user.size() > ntlm::kMostName) std::abort();
        if (!ntlm::parse_response(logon.response)) std::abort();
        asked = true;
        done(NtlmSession{{}, {"NODE1\\x", {}, AuthType::Ntlm}});
    }
    bool asked = false;
};

NtlmSources sources() {
    return {[] { return std::chrono::system_clock::time_point(std::chrono::seconds(1700000000)); },
            [](std::span<std::uint8_t> bytes) {
                for (auto& byte : bytes)
                    byte = 0x55;
            }};
}

void check_messages(std::span<const std::uint8_t> bytes) {
    (void)ntlm::parse_negotiate(bytes);
    (void)ntlm::parse_av_pairs(bytes);
    if (const auto challenge = ntlm::parse_challenge(bytes)) {
        const auto again = ntlm::build_challenge(*challenge);
        const auto parsed = ntlm::parse_challenge(again);
        // Fields may overlap as sent and do not as built, so it may grow too long.
        if (again.size() > ntlm::kMostMessage) return;
        if (!parsed || parsed->target_name != challenge->target_name ||
            parsed->target_info.size() != challenge->target_info.size())
            std::abort();
    }
    if (const auto message = ntlm::parse_authenticate(bytes)) {
        const auto again = ntlm::build_authenticate(*message);
        const auto parsed = ntlm::parse_authenticate(again);
        if (again.size() > ntlm::kMostMessage) return;
        if (!parsed || parsed->user != message->user || parsed->domain != message->domain ||
            parsed->encrypted_session_key != message->encrypted_session_key)
            std::abort();
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::span<const std::uint8_t> rest(data + 1, size - 1);
    if (data[0] % 3 == 0) {
        check_messages(rest);
        return 0;
    }
    const auto fixed = sources();
    const NtlmHost host{u"NODE1", u"NODE1", u"node1.example.org", u"example.org"};
    Everybody accounts;
    NtlmAcceptor acceptor(accounts, host, fixed, "192.0.2.1");
    NtlmInitiator initiator({u"alice", u"DOM", {}, u""}, fixed, "host/node1");
    const bool accepts = data[0] % 3 == 1;
    NtlmMechanism& context = accepts ? static_cast<NtlmMechanism&>(acceptor) : initiator;
    if (!accepts) initiator.step({}, [](const Result<SecurityContext::Token>&) {});
    while (rest.size() >= 2) {
        const std::size_t length =
            std::min<std::size_t>(load<std::uint16_t>(rest, 0), rest.size() - 2);
        // A copy of its own, so that a byte too many is seen.
        const std::vector<std::uint8_t> token(rest.begin() + 2,
                                              rest.begin() + 2 + static_cast<long>(length));
        rest = rest.subspan(2 + length);
        int answers = 0;
        context.step(token, [&](const Result<SecurityContext::Token>& answer) {
            ++answers;
            if (answer && answer->size() > ntlm::kMostMessage + 1024) std::abort();
        });
        if (answers != 1) std::abort();
    }
    if (accepts && context.complete() && !accounts.asked) std::abort();
    return 0;
}
