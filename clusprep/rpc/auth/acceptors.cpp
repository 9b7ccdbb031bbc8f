// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/acceptors.hpp"

#include "clusprep/rpc/auth/accounts/local_accounts.hpp"
#include "clusprep/rpc/auth/accounts/winbind_accounts.hpp"
#include "clusprep/rpc/auth/kerberos/context.hpp"
#include "clusprep/rpc/auth/ntlm/context.hpp"
#include "clusprep/rpc/auth/ntlm/text.hpp"
#include "clusprep/rpc/auth/spnego/context.hpp"
#include "common/text/utf16.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

constexpr std::size_t kMostNetbiosName = 15;

// A host whose name tells no domain has none to tell.
NtlmHost host_of(const std::string& name, const std::string& domain) {
    const auto dns = to_utf16(name);
    const auto dot = dns.find(u'.');
    NtlmHost host;
    host.netbios_computer = ntlm::upper_case(dns.substr(0, std::min(dot, kMostNetbiosName)));
    host.netbios_domain =
        domain.empty() ? host.netbios_computer : ntlm::upper_case(to_utf16(domain));
    host.dns_computer = dns;
    host.dns_domain = dot == dns.npos ? u"" : dns.substr(dot + 1);
    return host;
}

ntlm::Key random_key(const NtlmSources& sources) {
    ntlm::Key key;
    sources.random(key);
    return key;
}

class AllAcceptors final : public Acceptors {
  public:
    AllAcceptors(sd_event* loop, AcceptorSettings settings,
                 std::unique_ptr<WinbindAccounts> winbind)
      : settings_(std::move(settings))
      , host_(host_of(settings_.host_name, settings_.domain))
      , timers_(loop)
      , local_(settings_.accounts, to_utf8(host_.netbios_computer).value_or(std::string{}),
               random_key(sources_))
      , winbind_(std::move(winbind))
      , routed_(local_, winbind_.get(),
                {host_.netbios_computer, ntlm::upper_case(host_.dns_computer)})
      , guarded_(routed_, timers_, settings_.failed_logon, settings_.attempts) {}

    Result<std::unique_ptr<SecurityContext>> accept(AuthType type,
                                                    const PeerAddress& peer) override {
        switch (type) {
        case AuthType::Ntlm:
            if (settings_.ntlm) return as_context(ntlm(peer));
            break;
        case AuthType::Kerberos:
            if (settings_.kerberos) return as_context(kerberos());
            break;
        case AuthType::Spnego: {
            SpnegoMechanisms offered;
            if (settings_.ntlm) offered.ntlm = [this, peer] { return ntlm(peer); };
            if (settings_.kerberos && has_keys()) offered.kerberos = [this] { return kerberos(); };
            return std::unique_ptr<SecurityContext>(
                std::make_unique<SpnegoAcceptor>(std::move(offered)));
        }
        case AuthType::None:
            break;
        }
        return Error{"accept authentication", "type " + std::to_string(int(type)),
                     "it is not offered"};
    }

  private:
    static Result<std::unique_ptr<SecurityContext>>
    as_context(Result<std::unique_ptr<Mechanism>> mechanism) {
        if (!mechanism) return std::move(mechanism).error();
        return std::unique_ptr<SecurityContext>(std::move(*mechanism));
    }

    Result<std::unique_ptr<Mechanism>> ntlm(const PeerAddress& peer) {
        return std::unique_ptr<Mechanism>(
            std::make_unique<NtlmAcceptor>(guarded_, host_, sources_, peer));
    }

    // A keytab may come while we run: it is looked for until there is one.
    bool has_keys() {
        if (keys_) return true;
        auto opened = KerberosKeys::open(settings_.keytab);
        if (opened)
            keys_ = std::make_unique<KerberosKeys>(std::move(*opened));
        else
            no_keys_ = std::move(opened).error();
        return keys_ != nullptr;
    }

    Result<std::unique_ptr<Mechanism>> kerberos() {
        if (!has_keys()) return no_keys_;
        return std::unique_ptr<Mechanism>(std::make_unique<KerberosAcceptor>(*keys_));
    }

    const AcceptorSettings settings_;
    const NtlmSources sources_ = NtlmSources::of_the_system();
    const NtlmHost host_;
    LoopTimers timers_;
    LocalAccounts local_;
    const std::unique_ptr<WinbindAccounts> winbind_;
    RoutedAccounts routed_;
    GuardedAccounts guarded_;
    std::unique_ptr<KerberosKeys> keys_;
    Error no_keys_;
};

} // namespace

Result<std::unique_ptr<Acceptors>> make_acceptors(sd_event* loop, AcceptorSettings settings) {
    std::unique_ptr<WinbindAccounts> winbind;
    if (settings.winbind) {
        auto started = WinbindAccounts::start(loop);
        if (!started) return std::move(started).error();
        winbind = std::move(*started);
    }
    return std::unique_ptr<Acceptors>(
        std::make_unique<AllAcceptors>(loop, std::move(settings), std::move(winbind)));
}

} // namespace mpapi::rpc
