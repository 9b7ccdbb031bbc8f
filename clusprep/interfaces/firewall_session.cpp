// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/firewall_session.hpp"

namespace mpapi::csvp {

void FirewallSession::on(InitializeAdapterConfiguration, NoParameters,
                         const Responder<InitializeAdapterConfiguration>& respond) {
    snapshot_.reset(); // a failure leaves none: the old one is not what the client asked for
    machine_.node().network().adapter_firewalls(
        [self = shared_from_this(), respond](Outcome<std::vector<AdapterFirewall>> firewalls) {
            if (!firewalls) return respond(firewalls.failure());
            self->snapshot_ = std::move(*firewalls);
            auto out = respond.out();
            out.adapters = static_cast<std::uint32_t>(self->snapshot_->size());
            respond(out);
        });
}

void FirewallSession::on(GetNextAdapterFirewallConfiguration,
                         GetNextAdapterFirewallConfiguration::In in,
                         const Responder<GetNextAdapterFirewallConfiguration>& respond) {
    if (!snapshot_) return respond(Hresult::Unexpected);
    if (in.index >= snapshot_->size()) return respond(Hresult::InvalidParameter);
    const AdapterFirewall& firewall = (*snapshot_)[in.index];
    auto out = respond.out();
    out.adapter = firewall.adapter;
    out.profile = firewall.profile;
    out.server_rules_enabled = firewall.server ? 1 : 0;
    out.management_rules_enabled = firewall.management ? 1 : 0;
    out.common_rules_enabled = firewall.common ? 1 : 0;
    respond(out);
}

} // namespace mpapi::csvp
