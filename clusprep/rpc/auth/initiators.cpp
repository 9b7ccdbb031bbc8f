// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/initiators.hpp"

#include "clusprep/rpc/auth/kerberos/context.hpp"
#include "clusprep/rpc/auth/spnego/context.hpp"

namespace mpapi::rpc {

namespace {

class AllInitiators final : public Initiators {
  public:
    explicit AllInitiators(InitiatorSettings settings)
      : settings_(std::move(settings)) {}

    Result<std::unique_ptr<SecurityContext>> initiate(AuthType type,
                                                      const std::string& target_host) override {
        const MakeMechanism ntlm = [this, target_host]() -> Result<std::unique_ptr<Mechanism>> {
            if (!settings_.ntlm)
                return Error{"authenticate with NTLM", "", "no user and password were given"};
            return std::unique_ptr<Mechanism>(std::make_unique<NtlmInitiator>(
                *settings_.ntlm, sources_, settings_.service + "/" + target_host));
        };
        const MakeMechanism kerberos = [this, target_host]() -> Result<std::unique_ptr<Mechanism>> {
            auto opened =
                KerberosInitiator::open(settings_.ticket_cache, settings_.service, target_host);
            if (!opened) return std::move(opened).error();
            return std::unique_ptr<Mechanism>(std::move(*opened));
        };
        switch (type) {
        case AuthType::Ntlm:
            return as_context(ntlm());
        case AuthType::Kerberos:
            return as_context(kerberos());
        case AuthType::Spnego:
            return std::unique_ptr<SecurityContext>(std::make_unique<SpnegoInitiator>(
                SpnegoMechanisms{settings_.kerberos ? kerberos : MakeMechanism{},
                                 settings_.ntlm ? ntlm : MakeMechanism{}}));
        case AuthType::None:
            break;
        }
        return Error{"authenticate", "type " + std::to_string(int(type)), "there is no such"};
    }

  private:
    static Result<std::unique_ptr<SecurityContext>>
    as_context(Result<std::unique_ptr<Mechanism>> mechanism) {
        if (!mechanism) return std::move(mechanism).error();
        return std::unique_ptr<SecurityContext>(std::move(*mechanism));
    }

    const InitiatorSettings settings_;
    const NtlmSources sources_ = NtlmSources::of_the_system();
};

} // namespace

std::unique_ptr<Initiators> make_initiators(InitiatorSettings settings) {
    return std::make_unique<AllInitiators>(std::move(settings));
}

} // namespace mpapi::rpc
