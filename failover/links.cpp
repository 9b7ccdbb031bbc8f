// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/links.hpp"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace mpapi::failover {

Result<std::unique_ptr<Links>> Links::start(sd_event* loop, Netlink& netlink,
                                            const Wire::Rates& rates, Listener& listener) {
    std::unique_ptr<Links> links(new Links(loop, netlink, rates, listener));
    auto monitor = Monitor::start(loop, *links);
    if (!monitor) return monitor.error();
    links->monitor_ = *std::move(monitor);
    return links;
}

Status Links::look() {
    const auto found = netlink_.links();
    if (!found) return found.error();
    std::unordered_set<int> there;
    for (const LinkFacts& link : *found)
        there.insert(link.index);
    std::vector<int> gone;
    for (const auto& [index, facts] : links_)
        if (!there.contains(index)) gone.push_back(index);
    for (const int index : gone)
        link_gone(index);
    for (const LinkFacts& link : *found)
        link_is(link);
    return Done{};
}

const LinkFacts* Links::at(int index) const {
    const auto found = links_.find(index);
    return found == links_.end() ? nullptr : &found->second;
}

const LinkFacts* Links::named(const std::string& name) const {
    for (const auto& [index, facts] : links_)
        if (facts.name == name) return &facts;
    return nullptr;
}

Wire* Links::wire(int index) {
    const LinkFacts* const link = at(index);
    if (!link) return nullptr;
    auto& wire = wires_[index];
    if (!wire)
        wire = std::make_unique<Wire>(loop_, *link, rates_,
                                      [this, index](const Claim& claim) { heard(index, claim); });
    return wire.get();
}

void Links::hear() {
    for (const auto& [index, wire] : wires_)
        wire->hear();
}

std::uint64_t Links::malformed() const {
    std::uint64_t sum = malformed_before_;
    for (const auto& [index, wire] : wires_)
        sum += wire->malformed();
    return sum;
}

std::uint64_t Links::send_errors() const {
    std::uint64_t sum = send_errors_before_;
    for (const auto& [index, wire] : wires_)
        sum += wire->send_errors();
    return sum;
}

void Links::heard(int index, const Claim& claim) {
    const bool own = std::any_of(links_.begin(), links_.end(), [&](const auto& each) {
        return each.second.address == claim.from;
    });
    if (!own) listener_.heard(index, claim);
}

void Links::link_is(const LinkFacts& link) {
    const LinkFacts* const before = at(link.index);
    const bool renamed = before && before->name != link.name;
    links_.insert_or_assign(link.index, link);
    if (const auto wire = wires_.find(link.index); wire != wires_.end())
        wire->second->set_link(link);
    listener_.link_is(link, renamed);
}

void Links::link_gone(int index) {
    links_.erase(index);
    if (const auto wire = wires_.find(index); wire != wires_.end()) {
        malformed_before_ += wire->second->malformed();
        send_errors_before_ += wire->second->send_errors();
        wires_.erase(wire);
    }
    listener_.link_gone(index);
}

void Links::address_gone(const AddressFacts& address) {
    listener_.address_gone(address);
}

// One for each interface that changes and for each new one, which may be thousands. Those with
// negative numbers, for all and for those to come, are followed by one for each.
void Links::forwards_is(const ForwardingFacts& forwarding) {
    const LinkFacts* const before = at(forwarding.link);
    if (!before || before->forwards_v6 == forwarding.forwards_v6) return;
    LinkFacts link = *before;
    link.forwards_v6 = forwarding.forwards_v6;
    link_is(link);
}

void Links::overrun() {
    listener_.trouble(
        {"listen to", "the kernel's network events", "some were lost; everything is looked at"});
    if (auto looked = look(); !looked) listener_.trouble(looked.error());
    listener_.events_lost();
}

} // namespace mpapi::failover
