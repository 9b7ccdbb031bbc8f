// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/addresses.hpp"

#include "common/system/clock.hpp"
#include "failover/admission.hpp"
#include "failover/kernel/tickle.hpp"

#include <algorithm>
#include <utility>

namespace mpapi::failover {

namespace {

constexpr char kOutlived[] = "its lifetime has ended";

Time now() {
    return std::chrono::steady_clock::now();
}

Refused not_managed(const std::string& key) {
    return {Refusal::NotManaged, key + " is not managed here."};
}

Refused failed(const Error& error) {
    return {Refusal::Failed, error.message() + "."};
}

} // namespace

Addresses::Addresses(sd_event* loop, const Config& config, Netlink netlink, Events events)
  : loop_(loop)
  , config_(config)
  , netlink_(std::move(netlink))
  , events_(std::move(events))
  , records_(config.state_directory)
  , late_(loop, netlink_, [this](const Error& error) { trouble(error); })
  , freezes_(loop, [this] { thawed(); }) {}

Result<std::unique_ptr<Addresses>> Addresses::start(sd_event* loop, const Config& config,
                                                    Events events) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    std::unique_ptr<Addresses> addresses(
        new Addresses(loop, config, *std::move(netlink), std::move(events)));
    auto links = Links::start(loop, addresses->netlink_, config.rates, *addresses);
    if (!links) return links.error();
    addresses->links_ = *std::move(links);
    // First listen, then look: nothing falls between.
    if (auto looked = addresses->links_->look(); !looked) return looked.error();
    return addresses;
}

Status Addresses::take_up() {
    const auto found = records_.read();
    if (!found) return found.error();
    for (const Error& error : found->errors)
        trouble(error);
    const auto there = netlink_.addresses(0);
    if (!there) return there.error();
    for (const Record& record : found->records) {
        const std::string key = record.wanted.key();
        if (addresses_.count(key) > 0) continue;
        if (!add(record.wanted).take_up(record, *there)) (void)give_back(key, kOutlived);
    }
    schedule();
    return Done{};
}

void Addresses::online(Wanted wanted, ManagedAddress::Answer answer) {
    const auto there = netlink_.addresses(0);
    if (!there) return answer(failed(there.error()));
    if (wanted.interface == "auto") {
        const auto found = find_interface(wanted.placement.address.ip, *there);
        if (const auto* refused = std::get_if<Refused>(&found)) return answer(*refused);
        if (const LinkFacts* const link = links_->at(std::get<int>(found)))
            wanted.interface = link->name;
    }
    const std::string key = wanted.key();
    const auto known = addresses_.find(key);
    if (known == addresses_.end() && addresses_.size() >= config_.addresses)
        return answer(Refused{Refusal::LimitsExceeded, std::to_string(addresses_.size()) +
                                                           " addresses are managed already."});
    if (known != addresses_.end() && known->second->engaged())
        return answer(Refused{Refusal::AlreadyManaged,
                              key + " is " +
                                  std::string(name_of(known->second->managed().state())) + " on " +
                                  known->second->wanted().interface + " already."});
    const LinkFacts* const link = links_->named(wanted.interface);
    if (const auto refused = objection(wanted, link, *there)) return answer(*refused);

    // Anew, but for what it went through: the same place and wish keeps its history. A link-local
    // one is known by the name of an interface that may have another name by now.
    if (known != addresses_.end()) {
        ManagedAddress& before = *known->second;
        before.supersede("is asked for anew.");
        if (before.wanted() != wanted || before.link() != link->index) {
            if (auto removed = before.clear(); !removed) return answer(failed(removed.error()));
            drop(key);
        }
    }
    const bool fresh = addresses_.count(key) == 0;
    ManagedAddress& address = fresh ? add(std::move(wanted)) : *addresses_.at(key);
    // On record first: what is killed after it is on the interface must be known for ours.
    if (auto written = records_.write({address.wanted(), std::nullopt, "", {}, 0}); !written) {
        if (fresh) drop(key);
        return answer(failed(written.error()));
    }
    address.go_online(std::move(answer));
    schedule();
}

std::variant<std::vector<Connection>, Refused> Addresses::offline(const std::string& key,
                                                                  bool reset) {
    return give_back(key, "given back", reset);
}

std::variant<std::vector<Connection>, Refused>
Addresses::give_back(const std::string& key, const std::string& reason, bool reset) {
    const auto found = addresses_.find(key);
    if (found == addresses_.end()) return not_managed(key);
    auto ended = found->second->go_offline(reason, reset);
    if (!ended) return failed(ended.error());
    if (auto removed = records_.remove(found->second->wanted()); !removed) trouble(removed.error());
    drop(key);
    schedule();
    return *std::move(ended);
}

void Addresses::remove_all() {
    std::vector<std::string> keys;
    for (const auto& [key, address] : addresses_)
        keys.push_back(key);
    for (const std::string& key : keys) {
        const auto removed = give_back(key, "given back");
        if (const auto* refused = std::get_if<Refused>(&removed))
            trouble({"give back", key, refused->text});
    }
}

std::optional<Refused> Addresses::announce(const std::string& key) {
    ManagedAddress* const address = held(key);
    if (!address) return Refused{Refusal::NotManaged, key + " is not online here."};
    address->managed().announce(now());
    schedule();
    return std::nullopt;
}

std::optional<Refused> Addresses::set_policy(const std::string& key, Policy policy) {
    const auto found = addresses_.find(key);
    if (found == addresses_.end()) return not_managed(key);
    found->second->managed().set_policy(policy);
    return std::nullopt;
}

std::variant<std::uint32_t, Refused> Addresses::tickle(const std::string& key,
                                                       const std::vector<Connection>& connections) {
    const ManagedAddress* const address = held(key);
    if (!address) return Refused{Refusal::NotManaged, key + " is not online here."};
    std::uint32_t sent = 0;
    std::optional<Error> first; // there may be thousands
    for (const Connection& each : connections) {
        auto status = send_tickle(address->managed().ip(), each);
        if (status)
            ++sent;
        else if (!first)
            first = status.error();
    }
    if (first) trouble(*first);
    return sent;
}

const ManagedAddress* Addresses::find(const std::string& key) const {
    const auto found = addresses_.find(key);
    return found == addresses_.end() ? nullptr : found->second.get();
}

std::vector<const ManagedAddress*> Addresses::all() const {
    std::vector<const ManagedAddress*> all;
    for (const auto& [key, address] : addresses_)
        all.push_back(address.get());
    return all;
}

Addresses::Statistics Addresses::statistics() const {
    return {links_->malformed(), links_->send_errors(), freezes_.count()};
}

ManagedAddress* Addresses::held(const std::string& key) {
    const auto found = addresses_.find(key);
    if (found == addresses_.end() || !is_held(found->second->managed().state())) return nullptr;
    return found->second.get();
}

ManagedAddress& Addresses::add(Wanted wanted) {
    const ManagedAddress::Host host{netlink_, *links_, late_, *this};
    auto made = std::make_unique<ManagedAddress>(host, std::move(wanted));
    ManagedAddress& address = *made;
    addresses_.emplace(address.key(), std::move(made));
    events_.added(address);
    return address;
}

void Addresses::drop(const std::string& key) {
    const auto found = addresses_.find(key);
    if (found == addresses_.end()) return;
    const std::unique_ptr<ManagedAddress> address = std::move(found->second);
    addresses_.erase(found);
    events_.removed(*address);
}

void Addresses::link_is(const LinkFacts& link, bool renamed) {
    for (const auto& [key, address] : addresses_)
        address->link_is(link, renamed);
    schedule();
}

void Addresses::link_gone(int index) {
    for (const auto& [key, address] : addresses_)
        address->link_gone(index);
    schedule();
}

void Addresses::heard(int index, const Claim& claim) {
    for (const auto& [key, address] : addresses_)
        if (address->link() == index && address->managed().ip() == claim.address) {
            address->managed().heard(claim, now());
            break;
        }
    schedule();
}

void Addresses::address_gone(const AddressFacts& gone) {
    std::vector<std::string> keys;
    for (const auto& [key, address] : addresses_) {
        if (!is_held(address->managed().state()) || !address->is_among({gone})) continue;
        // It may be word of a removal of ours, after which it came back.
        if (const auto there = netlink_.addresses(gone.link); there && address->is_among(*there))
            continue;
        keys.push_back(key);
    }
    missing(keys);
}

void Addresses::events_lost() {
    const auto there = netlink_.addresses(0);
    if (!there) return trouble(there.error());
    std::vector<std::string> keys;
    for (const auto& [key, address] : addresses_)
        if (is_held(address->managed().state()) && !address->is_among(*there)) keys.push_back(key);
    missing(keys);
}

void Addresses::missing(const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
        if (!addresses_.at(key)->missing()) (void)give_back(key, kOutlived);
    schedule();
}

void Addresses::changed(const ManagedAddress& address, State before) {
    events_.changed(address, before);
}

void Addresses::record_changed(const ManagedAddress& address) {
    if (auto written = records_.write(address.record()); !written) trouble(written.error());
}

void Addresses::conflict(const ManagedAddress& address, const Claim& claim) {
    events_.conflict(address, claim);
}

void Addresses::trouble(const Error& error) {
    events_.trouble(error);
}

// One timer for all of them.
void Addresses::schedule() {
    std::optional<Time> first;
    bool any_held = false;
    for (const auto& [key, address] : addresses_) {
        any_held = any_held || is_held(address->managed().state());
        if (const auto next = address->managed().next(); next && (!first || *next < *first))
            first = next;
    }
    if (!any_held)
        freezes_.end();
    else if (auto watched = freezes_.watch(); !watched)
        trouble(watched.error());
    if (!first) {
        timer_.reset();
        return;
    }
    const std::uint64_t at = to_usec(*first) + 1; // rounded up
    if (timer_) {
        sd_event_source_set_time(timer_.get(), at);
        sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
        return;
    }
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, at, 1, due, this);
    if (r < 0) return trouble({"wait for", "the next probe or announcement", "", -r});
    timer_.reset(source);
}

int Addresses::due(sd_event_source*, std::uint64_t, void* userdata) {
    Addresses& self = *static_cast<Addresses*>(userdata);
    // On a busy machine an answer may wait to be read when the time for answers is over.
    self.links_->hear();
    for (const auto& [key, address] : self.addresses_)
        if (const auto next = address->managed().next(); next && *next <= now())
            address->managed().due(now());
    self.schedule();
    return 0;
}

void Addresses::thawed() {
    for (const auto& [key, address] : addresses_)
        address->managed().announce(now());
    schedule();
}

} // namespace mpapi::failover
