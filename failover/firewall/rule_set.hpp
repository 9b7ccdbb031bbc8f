// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether an nftables rule set, as libnftables prints it in JSON (libnftables-json(5)), lets a
// packet in that comes to this host. Pure, bounded, and total: any text gives a judgement.
//
// The packet is one of many: its source is somewhere in a network. So a match is true, false or not
// known, and what is not known is taken for the worse: a rule that may drop drops, one that may
// accept does not. Whatever the evaluator does not understand is not known. So "let in" is certain
// within what the rule set says, and a no has a reason to be told.
//
// What is judged: base chains of the hooks ingress, prerouting and input, of the families netdev,
// inet, ip and ip6, in the order of their priorities; a verdict accept ends one base chain only, as
// in the kernel (nft(8), "accept"). Matches by interface, addresses, protocol, ports, ICMP types,
// TCP flags, connection state (the packet begins one) and fib; named and anonymous sets, maps of
// verdicts, concatenations; jump, goto and return. NAT in prerouting that may hit the packet is a
// no: it goes elsewhere. The packet begins a connection; that the rest of it is let in is not
// looked at. Rules of the family bridge are not known. Rules made by iptables-nft with matches that
// nftables has no words for
// ("xt") are not known, and neither are marks, limits, quotas and sets that packets change.
#pragma once

#include "common/result.hpp"
#include "failover/firewall/packet.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace mpapi::failover::firewall {

class RuleSet {
  public:
    static constexpr std::size_t kMostBytes = std::size_t{8} << 20;

    // An error is no rule set at all. What is malformed inside of one is found by judge().
    static Result<RuleSet> parse(std::string_view json);
    RuleSet(RuleSet&&) noexcept;
    RuleSet& operator=(RuleSet&&) noexcept;
    ~RuleSet();

    // Takes a bounded number of steps; a rule set that needs more is not judged. `vrf`: the device
    // of the VRF that the adapter is in: prerouting comes once for the adapter and once for that,
    // input for that only.
    Judgement judge(const Packet& packet, const std::string& vrf = "") const;

  private:
    struct Content;
    explicit RuleSet(std::unique_ptr<const Content> content);
    std::unique_ptr<const Content> content_;
};

} // namespace mpapi::failover::firewall
