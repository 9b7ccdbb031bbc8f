// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/managed_address.hpp"

#include "common/system/clock.hpp"
#include "failover/kernel/set_element.hpp"

#include <sched.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

namespace mpapi::failover {

namespace {

Time now() {
    return std::chrono::steady_clock::now();
}

std::uint64_t microseconds() {
    return static_cast<std::uint64_t>(now_realtime());
}

std::uint32_t draw(std::uint32_t bound) {
    std::uint32_t value = 0;
    // Without randomness delays are the shortest, and nonces are all one: it still works.
    if (::getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value) return 0;
    return value % bound;
}

Error no_link(const char* action) {
    return {action, "an interface", "it is not there"};
}

} // namespace

ManagedAddress::ManagedAddress(const Host& host, Wanted wanted)
  : host_(host)
  , wanted_(std::move(wanted))
  , managed_(wanted_.placement.address.ip, wanted_.wish, *this, draw)
  , since_(microseconds()) {
    bind(host_.links.named(wanted_.interface));
}

Record ManagedAddress::record() const {
    Record record{wanted_, std::nullopt, managed_.reason(), {}, met_};
    record.wanted.wish = managed_.wish();
    const State state = managed_.state();
    if (state == State::Conflict || state == State::Failed) record.ended = state;
    if (managed_.rival()) record.rival = managed_.rival()->from;
    return record;
}

bool ManagedAddress::is_among(const std::vector<AddressFacts>& there) const {
    return std::any_of(there.begin(), there.end(), [&](const AddressFacts& each) {
        return each.link == link_ && each.address == wanted_.placement.address;
    });
}

bool ManagedAddress::engaged() const {
    const State state = managed_.state();
    return is_held(state) || state == State::Probing || (state == State::Failed && placed_);
}

void ManagedAddress::go_online(Answer answer_to) {
    answer_ = std::move(answer_to);
    managed_.go_online(now());
    if (managed_.state() == State::Offline)
        answer(Refused{Refusal::InterfaceDown, key() + ": " + managed_.reason() + "."});
}

void ManagedAddress::supersede(const std::string& text) {
    answer(Refused{Refusal::Superseded, key() + " " + text});
}

Result<std::vector<Connection>> ManagedAddress::go_offline(const std::string& reason, bool reset) {
    supersede("was given back meanwhile.");
    reset_ = reset;
    const auto removed = managed_.go_offline(reason);
    reset_ = true; // it is still there where that failed
    if (!removed) return removed.error();
    return std::move(ended_);
}

bool ManagedAddress::take_up(const Record& record, const std::vector<AddressFacts>& there) {
    follow(there);
    const bool on_interface = is_among(there);
    // Whatever may have been begun is undone when it ends otherwise.
    placed_ = on_interface || !wanted_.set.empty();
    met_ = record.met;
    if (!record.rival.empty()) {
        Claim rival;
        rival.address = managed_.ip();
        rival.from = record.rival;
        managed_.remember(rival);
    }
    if (record.ended) {
        // Killed between the record and the removal, or somebody else put it there.
        if (auto removed = clear(); removed)
            managed_.stay(*record.ended, record.reason);
        else
            managed_.stay(State::Failed, removed.error().message());
        return true;
    }
    if (!on_interface && ends_by_itself()) return false;
    as_it_is_ = on_interface && ends_by_itself();
    managed_.take_up(on_interface, now());
    return true;
}

// Its interface may have been given another name while this program was away.
void ManagedAddress::follow(const std::vector<AddressFacts>& there) {
    if (is_among(there) || managed_.ip().link_local()) return;
    for (const AddressFacts& each : there) {
        if (!each.ours || each.address != wanted_.placement.address) continue;
        const LinkFacts* const link = host_.links.at(each.link);
        if (!link) continue;
        wanted_.interface = link->name;
        bind(link);
        return host_.listener.record_changed(*this);
    }
}

bool ManagedAddress::missing() {
    // Who gives it a lifetime wants it to end.
    if (ends_by_itself()) return false;
    managed_.lost(now());
    return true;
}

void ManagedAddress::bind(const LinkFacts* link) {
    link_ = link ? link->index : 0;
    managed_.link(link ? link->state() : LinkState{}, now());
}

void ManagedAddress::link_is(const LinkFacts& link, bool renamed) {
    if (link_ == link.index) {
        // What it is known by has an interface's name only for link-local ones, and stays.
        if (renamed && !managed_.ip().link_local()) {
            wanted_.interface = link.name;
            host_.listener.record_changed(*this);
            host_.listener.changed(*this, managed_.state());
        }
        managed_.link(link.state(), now());
        if (link.notify_peers) managed_.announce(now());
    } else if (link_ == 0 && wanted_.interface == link.name) {
        bind(&link);
    }
}

void ManagedAddress::link_gone(int index) {
    if (link_ != index) return;
    managed_.link({}, now());
    link_ = 0;
}

Status ManagedAddress::add(const Ip& ip) {
    placed_ = true;
    Wire* const wire = host_.links.wire(link_);
    if (!wire) return no_link("add to");
    if (!wanted_.set.empty())
        if (auto opened = add_to_set(wanted_.set, ip); !opened) return opened;
    if (!std::exchange(as_it_is_, false))
        if (auto added = host_.netlink.add(link_, wanted_.placement); !added) return added;
    return wire->watch(ip, false);
}

Status ManagedAddress::remove(const Ip& ip) {
    ended_.clear();
    if (Wire* const wire = host_.links.wire(link_)) wire->forget(ip);
    if (!placed_) return Done{};
    if (!wanted_.set.empty())
        if (auto closed = remove_from_set(wanted_.set, ip); !closed)
            host_.listener.trouble(closed.error());
    // Looked for while the address still serves: it takes longest.
    const auto sockets = sockets_of({ip});
    if (!sockets) host_.listener.trouble(sockets.error());
    // That may have used up the time slice: on a busy machine others have their turn now, and not
    // between the removal and the answer.
    ::sched_yield();
    // The kernel resets their peers for as long as the address is there.
    if (sockets && reset_) end(*sockets);
    if (const LinkFacts* const link = host_.links.at(link_))
        if (auto removed = host_.netlink.remove(*link, wanted_.placement.address); !removed)
            return removed;
    placed_ = false;
    if (sockets && !reset_) end(*sockets);
    host_.late.end_of(ip);
    return Done{};
}

// What cannot be destroyed would end by itself: no reason to keep the address.
void ManagedAddress::end(const std::vector<OpenSocket>& sockets) {
    if (auto destroyed = destroy(sockets))
        ended_ = *std::move(destroyed);
    else
        host_.listener.trouble(destroyed.error());
}

Result<std::chrono::nanoseconds> ManagedAddress::probe(const Ip& ip, const Nonce& nonce) {
    Wire* const wire = host_.links.wire(link_);
    if (!wire) return no_link("probe on");
    // Who has the address is in its solicited-node group by that.
    if (!is_held(managed_.state()))
        if (auto watched = wire->watch(ip, true); !watched) return watched.error();
    return wire->probe(ip, nonce);
}

Status ManagedAddress::announce(const Ip& ip, Forms forms) {
    Wire* const wire = host_.links.wire(link_);
    return wire ? wire->announce(ip, forms) : no_link("announce on");
}

void ManagedAddress::changed(State before) {
    const State state = managed_.state();
    if (before != state) since_ = microseconds();
    const auto ended = [](State each) { return each == State::Conflict || each == State::Failed; };
    if (ended(before) != ended(state) || managed_.wish() != wanted_.wish) {
        wanted_.wish = managed_.wish();
        host_.listener.record_changed(*this);
    }
    if (is_held(state)) answer(key());
    if (state == State::Conflict)
        answer(Refused{Refusal::Conflict, key() + " is in use: " + managed_.reason() + "."});
    if (state == State::Failed)
        answer(Refused{Refusal::Failed, key() + ": " + managed_.reason() + "."});
    if (state == State::Offline && before != State::Offline)
        answer(Refused{Refusal::InterfaceDown, key() + ": " + managed_.reason() + "."});
    host_.listener.changed(*this, before);
}

void ManagedAddress::conflict(const Claim& claim) {
    met_ = microseconds();
    host_.listener.conflict(*this, claim);
}

void ManagedAddress::answer(const std::variant<std::string, Refused>& with) {
    if (const Answer then = std::exchange(answer_, nullptr)) then(with);
}

} // namespace mpapi::failover
