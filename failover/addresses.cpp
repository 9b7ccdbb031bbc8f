// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/addresses.hpp"

#include "common/system/clock.hpp"
#include "common/text/printable.hpp"
#include "failover/kernel/set_element.hpp"
#include "failover/kernel/tickle.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <sched.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

namespace mpapi::failover {

namespace {

// After the removal of an address, in microseconds.
constexpr std::uint64_t kSweep = 1'000'000;
// Late by more than two beats, the process was not running: stopped, frozen, or the machine slept
// (CLOCK_BOOTTIME goes on in its sleep).
constexpr std::uint64_t kBeat = 1'000'000, kFrozen = 3'000'000;

Time now() {
    return std::chrono::steady_clock::now();
}

std::uint64_t draw(std::uint32_t bound) {
    std::uint32_t value = 0;
    // Without randomness delays are the shortest, and nonces are all one: it still works.
    if (::getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value) return 0;
    return value % bound;
}

std::uint64_t microseconds() {
    return static_cast<std::uint64_t>(now_realtime());
}

} // namespace

Addresses::Entry::Entry(Addresses& owner, Wanted wanted)
  : owner_(owner)
  , wanted_(std::move(wanted))
  , managed_(wanted_.placement.address.ip, wanted_.wish, *this,
             [](std::uint32_t bound) { return static_cast<std::uint32_t>(draw(bound)); })
  , since_(microseconds()) {}

Record Addresses::Entry::record() const {
    Record record{wanted_, std::nullopt, managed_.reason(), {}, met_};
    record.wanted.wish = managed_.wish();
    const State state = managed_.state();
    if (state == State::Conflict || state == State::Failed) record.ended = state;
    if (managed_.rival()) record.rival = managed_.rival()->from;
    return record;
}

Status Addresses::Entry::add(const Ip& ip) {
    placed_ = true;
    if (!wanted_.set.empty())
        if (auto opened = add_to_set(wanted_.set, ip); !opened) return opened;
    if (!std::exchange(as_it_is_, false))
        if (auto added = owner_.netlink_.add(link_, wanted_.placement); !added) return added;
    return owner_.wire(link_).watch(ip, false);
}

Status Addresses::Entry::remove(const Ip& ip) {
    ended_.clear();
    if (const auto wire = owner_.wires_.find(link_); wire != owner_.wires_.end())
        wire->second->forget(ip);
    if (!placed_) return Done{};
    if (!wanted_.set.empty())
        if (auto closed = remove_from_set(wanted_.set, ip); !closed) owner_.trouble(closed.error());
    // Looked for while the address still serves: it takes longest.
    const auto sockets = sockets_of({ip});
    if (!sockets) owner_.trouble(sockets.error());
    // That may have used up the time slice: on a busy machine others have their turn now, and not
    // between the removal and the answer.
    ::sched_yield();
    // The kernel resets their peers for as long as the address is there.
    if (sockets && reset_) end(*sockets);
    const auto link = owner_.links_.find(link_);
    if (link != owner_.links_.end()) {
        auto removed = owner_.netlink_.remove(link->second, wanted_.placement.address);
        if (!removed) return removed;
    }
    placed_ = false;
    if (sockets && !reset_) end(*sockets);
    owner_.sweep(ip);
    return Done{};
}

// What cannot be destroyed would end by itself: no reason to keep the address.
void Addresses::Entry::end(const std::vector<OpenSocket>& sockets) {
    if (auto destroyed = destroy(sockets))
        ended_ = *std::move(destroyed);
    else
        owner_.trouble(destroyed.error());
}

Result<std::chrono::nanoseconds> Addresses::Entry::probe(const Ip& ip, const Nonce& nonce) {
    if (auto watched = owner_.wire(link_).watch(ip, true); !watched) return watched.error();
    return owner_.wire(link_).probe(ip, nonce);
}

Status Addresses::Entry::announce(const Ip& ip, Forms forms) {
    return owner_.wire(link_).announce(ip, forms);
}

void Addresses::Entry::changed(State before) {
    const State state = managed_.state();
    if (before != state) since_ = microseconds();
    const auto ended = [](State each) { return each == State::Conflict || each == State::Failed; };
    if (ended(before) != ended(state) || managed_.wish() != wanted_.wish) {
        wanted_.wish = managed_.wish();
        owner_.write(*this);
    }
    if (is_held(state)) answer(std::nullopt);
    if (state == State::Conflict)
        answer(Refused{Refusal::Conflict, key() + " is in use: " + managed_.reason() + "."});
    if (state == State::Failed)
        answer(Refused{Refusal::Failed, key() + ": " + managed_.reason() + "."});
    if (state == State::Offline && before != State::Offline)
        answer(Refused{Refusal::InterfaceDown, key() + ": " + managed_.reason() + "."});
    owner_.events_.changed(*this, before);
}

void Addresses::Entry::conflict(const Claim& claim) {
    met_ = microseconds();
    owner_.events_.conflict(*this, claim);
}

void Addresses::Entry::answer(const std::optional<Refused>& refused) {
    if (const Answer then = std::exchange(answer_, nullptr)) then(refused);
}

Addresses::Addresses(sd_event* loop, const Config& config, Netlink netlink, Events events)
  : loop_(loop)
  , config_(config)
  , netlink_(std::move(netlink))
  , events_(std::move(events))
  , records_(config.state_directory) {}

Addresses::~Addresses() = default;

Result<std::unique_ptr<Addresses>> Addresses::start(sd_event* loop, const Config& config,
                                                    Events events) {
    auto netlink = Netlink::open();
    if (!netlink) return netlink.error();
    std::unique_ptr<Addresses> addresses(
        new Addresses(loop, config, *std::move(netlink), std::move(events)));
    // First listen, then look: nothing falls between.
    auto monitor = Monitor::start(loop, *addresses);
    if (!monitor) return monitor.error();
    addresses->monitor_ = *std::move(monitor);
    if (auto looked = addresses->look(); !looked) return looked.error();
    return addresses;
}

Status Addresses::look() {
    const auto links = netlink_.links();
    if (!links) return links.error();
    std::vector<int> gone;
    for (const auto& [index, facts] : links_)
        if (std::none_of(links->begin(), links->end(), [&, wanted = index](const LinkFacts& each) {
                return each.index == wanted;
            }))
            gone.push_back(index);
    for (const int index : gone)
        link_gone(index);
    for (const LinkFacts& link : *links)
        link_is(link);
    return Done{};
}

Status Addresses::take_up() {
    auto found = records_.read();
    if (!found) return found.error();
    for (const Error& error : found->errors)
        trouble(error);
    const auto there = netlink_.addresses(0);
    if (!there) return there.error();
    for (Record& record : found->records) {
        if (entries_.count(record.wanted.key()) > 0) continue;
        Entry& entry = add(std::move(record.wanted));
        const std::string key = entry.key();
        const Prefixed& address = entry.wanted_.placement.address;
        const bool on_interface =
            std::any_of(there->begin(), there->end(), [&](const AddressFacts& each) {
                return each.link == entry.link_ && each.address == address;
            });
        // Whatever may have been begun is undone when it ends otherwise.
        entry.placed_ = on_interface || !entry.wanted_.set.empty();
        entry.met_ = record.met;
        if (!record.rival.empty()) {
            Claim rival;
            rival.address = address.ip;
            rival.from = record.rival;
            entry.managed_.remember(rival);
        }
        if (record.ended) {
            // Killed between the record and the removal, or somebody else put it there.
            if (auto removed = entry.remove(address.ip); removed)
                entry.managed_.stay(*record.ended, record.reason);
            else
                entry.managed_.stay(State::Failed, removed.error().message());
        } else if (!on_interface && entry.wanted_.placement.lifetime.count() > 0) {
            (void)give_back(key, "its lifetime has ended");
        } else {
            entry.as_it_is_ = on_interface && entry.wanted_.placement.lifetime.count() > 0;
            entry.managed_.take_up(on_interface, now());
        }
    }
    schedule();
    return Done{};
}

const LinkFacts* Addresses::link_named(const std::string& name) const {
    for (const auto& [index, facts] : links_)
        if (facts.name == name) return &facts;
    return nullptr;
}

// The one that has an address of the narrowest network that this one is in.
std::optional<Refused> Addresses::choose_interface(Wanted& wanted) const {
    if (wanted.interface != "auto") return std::nullopt;
    const auto there = netlink_.addresses(0);
    if (!there) return Refused{Refusal::Failed, there.error().message() + "."};
    const Ip& ip = wanted.placement.address.ip;
    const AddressFacts* best = nullptr;
    bool several = false;
    for (const AddressFacts& each : *there) {
        if (each.address.ip == ip || !each.address.contains(ip) || each.address.ip.link_local())
            continue;
        if (best && best->address.length > each.address.length) continue;
        several = best && best->address.length == each.address.length && best->link != each.link;
        best = &each;
    }
    const auto link = best ? links_.find(best->link) : links_.end();
    if (link == links_.end() || several)
        return Refused{Refusal::NoInterface,
                       std::string(several ? "Several interfaces have" : "No interface has") +
                           " an address of the network of " + ip.text() + "; name one."};
    wanted.interface = link->second.name;
    return std::nullopt;
}

std::optional<Refused> Addresses::check(const Wanted& wanted,
                                        const std::vector<AddressFacts>& there) const {
    const Ip& ip = wanted.placement.address.ip;
    const LinkFacts* const link = link_named(wanted.interface);
    if (!link)
        return Refused{Refusal::NoSuchInterface, "There is no interface " + wanted.interface + "."};
    if (printable(link->name) != link->name)
        return Refused{Refusal::WrongInterface, "Its name cannot be kept on record."};
    const bool infiniband = link->hardware_type == ARPHRD_INFINIBAND && ip.v4();
    if ((link->hardware_type != ARPHRD_ETHER && !infiniband) ||
        (link->flags & (IFF_LOOPBACK | IFF_NOARP)) != 0)
        return Refused{Refusal::WrongInterface,
                       wanted.interface + " has no neighbours that could be told of an address."};
    const std::string& label = wanted.placement.label;
    if (!label.empty() && (!ip.v4() || label.size() >= IFNAMSIZ || label.find('/') != label.npos ||
                           printable(label) != label || !label.starts_with(wanted.interface)))
        return Refused{Refusal::InvalidOption,
                       "label: expected up to 15 characters that begin with " + wanted.interface +
                           ", and IPv4."};
    if (std::any_of(there.begin(), there.end(), [&](const AddressFacts& each) {
            return each.address.ip == ip &&
                   (ip.v4() || !ip.link_local() || each.link == link->index);
        }))
        return Refused{Refusal::HostsOwn, ip.text() + " is an address of this host already."};
    if (!link->state().usable())
        return Refused{Refusal::InterfaceDown,
                       wanted.interface +
                           ((link->flags & IFF_UP) != 0 ? " has no carrier." : " is down.")};
    return std::nullopt;
}

void Addresses::online(Wanted wanted, Answer answer) {
    if (const auto refused = choose_interface(wanted)) return answer(refused);
    const std::string key = wanted.key();
    const auto known = entries_.find(key);
    if (known != entries_.end()) {
        const State state = known->second->managed_.state();
        if (is_held(state) || state == State::Probing ||
            (state == State::Failed && known->second->placed_))
            return answer(Refused{Refusal::AlreadyManaged,
                                  key + " is " + std::string(name_of(state)) + " on " +
                                      known->second->wanted_.interface + " already."});
    } else if (entries_.size() >= config_.addresses) {
        return answer(Refused{Refusal::LimitsExceeded,
                              std::to_string(entries_.size()) + " addresses are managed already."});
    }
    const auto there = netlink_.addresses(0);
    if (!there) return answer(Refused{Refusal::Failed, there.error().message() + "."});
    if (const auto refused = check(wanted, *there)) return answer(refused);

    // Anew, but for what it went through: the same place and wish keeps its history. A link-local
    // one is known by the name of an interface that may have another name by now.
    if (known != entries_.end()) {
        Entry& before = *known->second;
        before.answer(Refused{Refusal::Superseded, key + " is asked for anew."});
        const LinkFacts* const link = link_named(wanted.interface);
        if (before.wanted_ != wanted || !link || before.link_ != link->index) {
            if (auto removed = before.remove(before.managed_.ip()); !removed)
                return answer(Refused{Refusal::Failed, removed.error().message() + "."});
            drop(key);
        }
    }
    const bool fresh = entries_.count(key) == 0;
    Entry& entry = fresh ? add(std::move(wanted)) : *entries_.at(key);
    // On record first: what is killed after it is on the interface must be known for ours.
    if (auto written = records_.write({entry.wanted_, std::nullopt, "", {}, 0}); !written) {
        if (fresh) drop(key);
        return answer(Refused{Refusal::Failed, written.error().message() + "."});
    }
    entry.answer_ = std::move(answer);
    entry.managed_.go_online(now());
    if (entry.managed_.state() == State::Offline)
        entry.answer(Refused{Refusal::InterfaceDown, key + ": " + entry.managed_.reason() + "."});
    schedule();
}

std::variant<std::vector<Connection>, Refused> Addresses::offline(const std::string& key,
                                                                  bool reset) {
    const auto set = [&](bool value) {
        if (const auto found = entries_.find(key); found != entries_.end())
            found->second->reset_ = value;
    };
    set(reset);
    auto ended = give_back(key, "given back");
    set(true); // it is still there where that failed
    return ended;
}

std::variant<std::vector<Connection>, Refused> Addresses::give_back(const std::string& key,
                                                                    const std::string& reason) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return Refused{Refusal::NotManaged, key + " is not managed here."};
    Entry& entry = *found->second;
    entry.answer(Refused{Refusal::Superseded, key + " was given back meanwhile."});
    if (auto removed = entry.managed_.go_offline(reason); !removed)
        return Refused{Refusal::Failed, removed.error().message() + "."};
    if (auto removed = records_.remove(entry.wanted_); !removed) trouble(removed.error());
    auto ended = std::move(entry.ended_);
    drop(key);
    schedule();
    return ended;
}

std::optional<Refused> Addresses::announce(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || !is_held(found->second->managed_.state()))
        return Refused{Refusal::NotManaged, key + " is not online here."};
    found->second->managed_.announce(now());
    schedule();
    return std::nullopt;
}

std::optional<Refused> Addresses::set_policy(const std::string& key, Policy policy) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return Refused{Refusal::NotManaged, key + " is not managed here."};
    found->second->managed_.set_policy(policy);
    return std::nullopt;
}

std::variant<std::uint32_t, Refused> Addresses::tickle(const std::string& key,
                                                       const std::vector<Connection>& connections) {
    const auto found = entries_.find(key);
    if (found == entries_.end() || !is_held(found->second->managed_.state()))
        return Refused{Refusal::NotManaged, key + " is not online here."};
    std::uint32_t sent = 0;
    std::optional<Error> first; // there may be thousands
    for (const Connection& each : connections) {
        auto status = send_tickle(found->second->managed_.ip(), each);
        if (status)
            ++sent;
        else if (!first)
            first = status.error();
    }
    if (first) trouble(*first);
    return sent;
}

void Addresses::remove_all() {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_)
        keys.push_back(key);
    for (const std::string& key : keys) {
        const auto removed = give_back(key, "given back");
        if (const auto* refused = std::get_if<Refused>(&removed))
            trouble({"give back", key, refused->text});
    }
}

// What was connected between the look at the sockets and the removal would stay, with nobody at its
// other end. Later, for whoever waits for the removal waits for an address.
void Addresses::sweep(const Ip& ip) {
    to_sweep_.push_back(ip);
    if (sweeper_) return;
    sd_event_source* source = nullptr;
    const int r =
        sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC, kSweep, 0, swept, this);
    if (r < 0) return trouble({"wait for", "the last connections of an address", "", -r});
    sweeper_.reset(source);
}

int Addresses::swept(sd_event_source*, std::uint64_t, void* userdata) {
    Addresses& self = *static_cast<Addresses*>(userdata);
    self.sweeper_.reset();
    std::vector<Ip> gone = std::exchange(self.to_sweep_, {});
    const auto there = self.netlink_.addresses(0);
    if (!there) return 0;
    std::erase_if(gone, [&](const Ip& ip) {
        return std::any_of(there->begin(), there->end(),
                           [&](const AddressFacts& each) { return each.address.ip == ip; });
    });
    if (gone.empty()) return 0;
    if (const auto sockets = sockets_of(gone))
        if (auto destroyed = destroy(*sockets); !destroyed) self.trouble(destroyed.error());
    return 0;
}

const Addresses::Entry* Addresses::find(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second.get();
}

std::vector<const Addresses::Entry*> Addresses::all() const {
    std::vector<const Entry*> all;
    for (const auto& [key, entry] : entries_)
        all.push_back(entry.get());
    return all;
}

std::uint64_t Addresses::malformed() const {
    std::uint64_t sum = malformed_before_;
    for (const auto& [index, wire] : wires_)
        sum += wire->malformed();
    return sum;
}

std::uint64_t Addresses::send_errors() const {
    std::uint64_t sum = send_errors_before_;
    for (const auto& [index, wire] : wires_)
        sum += wire->send_errors();
    return sum;
}

Addresses::Entry& Addresses::add(Wanted wanted) {
    auto made = std::make_unique<Entry>(*this, std::move(wanted));
    Entry& entry = *made;
    entries_.emplace(entry.key(), std::move(made));
    bind(entry);
    events_.added(entry);
    return entry;
}

void Addresses::drop(const std::string& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    const std::unique_ptr<Entry> entry = std::move(found->second);
    entries_.erase(found);
    events_.removed(*entry);
}

void Addresses::bind(Entry& entry) {
    const LinkFacts* const link = link_named(entry.wanted_.interface);
    entry.link_ = link ? link->index : 0;
    entry.managed_.link(link ? link->state() : LinkState{}, now());
}

Wire& Addresses::wire(int index) {
    auto& wire = wires_[index];
    if (!wire)
        wire = std::make_unique<Wire>(loop_, links_.at(index), config_.rates,
                                      [this, index](const Claim& claim) { heard(index, claim); });
    return *wire;
}

bool Addresses::is_own(const HardwareAddress& address) const {
    return std::any_of(links_.begin(), links_.end(),
                       [&](const auto& each) { return each.second.address == address; });
}

void Addresses::heard(int index, const Claim& claim) {
    if (is_own(claim.from)) return;
    for (const auto& [key, entry] : entries_)
        if (entry->link_ == index && entry->managed_.ip() == claim.address) {
            entry->managed_.heard(claim, now());
            break;
        }
    schedule();
}

void Addresses::link_is(const LinkFacts& link) {
    const auto before = links_.find(link.index);
    const bool renamed = before != links_.end() && before->second.name != link.name;
    links_.insert_or_assign(link.index, link);
    if (const auto wire = wires_.find(link.index); wire != wires_.end())
        wire->second->set_link(link);
    for (const auto& [key, entry] : entries_) {
        if (entry->link_ == link.index) {
            // What it is known by has an interface's name only for link-local ones, and stays.
            if (renamed && !entry->managed_.ip().link_local()) {
                entry->wanted_.interface = link.name;
                write(*entry);
                events_.changed(*entry, entry->managed_.state());
            }
            entry->managed_.link(link.state(), now());
            if (link.notify_peers) entry->managed_.announce(now());
        } else if (entry->link_ == 0 && entry->wanted_.interface == link.name) {
            bind(*entry);
        }
    }
    schedule();
}

void Addresses::link_gone(int index) {
    links_.erase(index);
    for (const auto& [key, entry] : entries_)
        if (entry->link_ == index) {
            entry->managed_.link({}, now());
            entry->link_ = 0;
        }
    if (const auto wire = wires_.find(index); wire != wires_.end()) {
        malformed_before_ += wire->second->malformed();
        send_errors_before_ += wire->second->send_errors();
        wires_.erase(wire);
    }
    schedule();
}

void Addresses::missing(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
        Entry& entry = *entries_.at(key);
        // Who gives it a lifetime wants it to end.
        if (entry.wanted_.placement.lifetime.count() > 0)
            (void)give_back(key, "its lifetime has ended");
        else
            entry.managed_.lost(now());
    }
    schedule();
}

void Addresses::address_gone(const AddressFacts& address) {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_) {
        if (entry->link_ != address.link || entry->wanted_.placement.address != address.address ||
            !is_held(entry->managed_.state()))
            continue;
        // It may be word of a removal of ours, after which it came back.
        const auto there = netlink_.addresses(address.link);
        if (there && std::any_of(there->begin(), there->end(), [&](const AddressFacts& each) {
                return each.address == address.address;
            }))
            continue;
        keys.push_back(key);
    }
    missing(keys);
}

void Addresses::settings_changed() {
    if (auto looked = look(); !looked) trouble(looked.error());
}

void Addresses::overrun() {
    trouble(
        {"listen to", "the kernel's network events", "some were lost; everything is looked at"});
    if (auto looked = look(); !looked) trouble(looked.error());
    const auto there = netlink_.addresses(0);
    if (!there) return trouble(there.error());
    std::vector<std::string> keys;
    for (const auto& [key, entry] : entries_) {
        if (!is_held(entry->managed_.state())) continue;
        const AddressFacts wanted{entry->link_, entry->wanted_.placement.address, 0};
        if (std::none_of(there->begin(), there->end(), [&](const AddressFacts& each) {
                return each.link == wanted.link && each.address == wanted.address;
            }))
            keys.push_back(key);
    }
    missing(keys);
}

void Addresses::write(const Entry& entry) {
    if (auto written = records_.write(entry.record()); !written) trouble(written.error());
}

void Addresses::trouble(const Error& error) {
    events_.trouble(error);
}

void Addresses::schedule() {
    std::optional<Time> first;
    bool held = false;
    for (const auto& [key, entry] : entries_) {
        held = held || is_held(entry->managed_.state());
        if (const auto next = entry->managed_.next(); next && (!first || *next < *first))
            first = next;
    }
    if (held && !heart_) watch_for_freezes();
    if (!held) heart_.reset();
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
    for (const auto& [index, wire] : self.wires_)
        wire->hear();
    for (const auto& [key, entry] : self.entries_)
        if (const auto next = entry->managed_.next(); next && *next <= now())
            entry->managed_.due(now());
    self.schedule();
    return 0;
}

void Addresses::watch_for_freezes() {
    sd_event_source* source = nullptr;
    if (sd_event_now(loop_, CLOCK_BOOTTIME, &last_beat_) < 0) return;
    const int r =
        sd_event_add_time_relative(loop_, &source, CLOCK_BOOTTIME, kBeat, kBeat / 4, beat, this);
    if (r < 0) return trouble({"watch for", "freezes", "", -r});
    heart_.reset(source);
}

int Addresses::beat(sd_event_source* source, std::uint64_t, void* userdata) {
    Addresses& self = *static_cast<Addresses*>(userdata);
    std::uint64_t time = 0;
    if (sd_event_now(self.loop_, CLOCK_BOOTTIME, &time) < 0) return 0;
    const bool frozen = time - self.last_beat_ > kFrozen;
    self.last_beat_ = time;
    sd_event_source_set_time(source, time + kBeat);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    if (!frozen) return 0;
    ++self.freezes_;
    for (const auto& [key, entry] : self.entries_)
        entry->managed_.announce(now());
    self.schedule();
    return 0;
}

} // namespace mpapi::failover
