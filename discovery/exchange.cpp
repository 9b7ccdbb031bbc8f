// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/exchange.hpp"

#include "discovery/network/ipv4.hpp"
#include "discovery/wire/messages.hpp"
#include "discovery/wire/packet.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::discovery {

namespace {

// Our address among the neighbours of the other; the first one where it is no neighbour.
std::uint32_t own_address_for(const Interface& interface, std::uint32_t other) {
    for (const Network& network : interface.networks)
        if (network.has_host(other)) return network.address;
    return interface.networks.front().address;
}

} // namespace

Exchange::Exchange(Responder& responder, Searches& searches, Settings settings, Means means)
  : responder_(responder)
  , searches_(searches)
  , settings_(std::move(settings))
  , means_(std::move(means)) {}

void Exchange::links_changed(const Interfaces& all) {
    chosen_ = choose(all, settings_.interfaces);
}

void Exchange::note(Outcome outcome, std::uint32_t other, const std::string& detail) {
    const auto now = means_.now();
    std::string about;
    if (tally_.due(outcome, now)) {
        about = (outcome == Outcome::Unsent ? "to " : "from ") + ipv4_text(other);
        if (!detail.empty()) about += ", " + detail;
    }
    if (const auto line = tally_.note(outcome, about, now)) means_.log(*line);
}

void Exchange::arrived(const Arrival& arrival) {
    const auto mail = open_mail(arrival);
    if (!mail) return note(Outcome::Malformed, arrival.from, mail.error().message());
    std::string detail;
    const Outcome outcome = take(*mail, detail);
    note(outcome, arrival.from, detail);
}

Outcome Exchange::take(const Mail& mail, std::string& detail) {
    const bool question = mail.to(kServiceMailslot);
    if (!question && !mail.to(kDiscovererMailslot)) return Outcome::OtherMailslot;
    const Interface* const interface = interface_of(chosen_, mail.interface, mail.from);
    if (interface == nullptr) return Outcome::Interface;
    if (!means_.names().mail.takes(mail)) return Outcome::OtherName;
    if (question) return respond(mail, *interface, detail);
    return searches_.take(mail, *interface, settings_.beyond_network);
}

Outcome Exchange::respond(const Mail& mail, const Interface& interface, std::string& detail) {
    const Names& names = means_.names();
    const auto answer = responder_.answer(mail, interface, names.full);
    if (answer.outcome != Outcome::Answered) return answer.outcome;
    Datagram datagram;
    datagram.type = Datagram::Type::DirectUnique;
    datagram.id = ++sent_;
    datagram.source_address = own_address_for(interface, mail.from);
    datagram.source = names.mail.own;
    datagram.destination = workstation_name(first_label(answer.asker));
    const auto packet = make_packet(datagram, kDiscovererMailslot, answer.message);
    const bool to_itself = datagram.source_address == mail.from;
    const bool near = is_neighbour(interface, mail.from) && !to_itself;
    const Status sent = packet ? means_.send(*packet, mail.from, near ? interface.index : 0,
                                             near ? datagram.source_address : 0)
                               : Status(packet.error());
    if (sent) return Outcome::Answered;
    detail = sent.error().message();
    return Outcome::Unsent;
}

Status Exchange::ask(const std::string& interface) {
    const Names& names = means_.names();
    const auto question = make_question(fitting(names.full, kLongestAsker));
    if (!question) return question.error();
    bool found = false, sent = false;
    Status last = Done{};
    for (const Interface& one : chosen_) {
        if (!interface.empty() && one.name != interface) continue;
        found = true;
        std::vector<std::uint32_t> asked; // two addresses of ours may be in one network
        for (const Network& network : one.networks) {
            if (std::find(asked.begin(), asked.end(), network.broadcast()) != asked.end()) continue;
            asked.push_back(network.broadcast());
            for (const NetbiosName& group : names.mail.groups) {
                Datagram datagram;
                datagram.type = Datagram::Type::DirectGroup;
                datagram.id = ++sent_;
                datagram.source_address = network.address;
                datagram.source = names.mail.own;
                datagram.destination = group;
                const auto packet = make_packet(datagram, kServiceMailslot, *question);
                if (!packet) return packet.error();
                last = means_.send(*packet, network.broadcast(), one.index, network.address);
                sent = sent || last.has_value();
                if (!last)
                    note(Outcome::Unsent, network.broadcast(),
                         one.name + ", " + last.error().message());
            }
        }
    }
    if (!found && !interface.empty())
        return Error{
            "ask on", interface,
            "it is no interface that is up, has an IPv4 network and is not left out by the "
            "configuration"};
    if (!found)
        return Error{"ask", "the network",
                     "no interface is up and has an IPv4 network, or all are left out by the "
                     "configuration"};
    return sent ? Status(Done{}) : last;
}

} // namespace mpapi::discovery
