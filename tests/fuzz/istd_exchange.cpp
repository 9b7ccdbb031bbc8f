// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A packet of anybody's on its whole way, while a search listens: the first byte says who sent it,
// and where it came in. Whatever it is, at most one packet is sent for it, to the address that it
// came from, which is a neighbour's or our own, and that packet is an answer with our name.
#include "discovery/exchange.hpp"
#include "discovery/wire/messages.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t kOwn = 0x0a000001;
// A neighbour on each network, a stranger, ourselves, all of the network.
constexpr std::array<std::uint32_t, 5> kSenders{0x0a000002, 0x0a010002, 0x08080808, kOwn,
                                                0x0a0000ff};
constexpr std::array<int, 4> kInterfaces{0, 2, 3, 7};

bool may_be_answered(std::uint32_t from) {
    return from == kSenders[0] || from == kSenders[1] || from == kOwn;
}

void check_answer(OctetView packet) {
    const auto datagram = parse_datagram(packet);
    if (!datagram || packet.size() > kLargestDatagram ||
        datagram->type != Datagram::Type::DirectUnique)
        std::abort();
    const auto write = parse_mailslot_write(datagram->data);
    if (!write || write->mailslot != kDiscovererMailslot) std::abort();
    const auto read = read_answer(write->data);
    if (read.flaw != Flaw::None || read.name != "node1.example.org") std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::uint32_t from = kSenders[data[0] % kSenders.size()];
    const int interface = kInterfaces[data[0] / kSenders.size() % kInterfaces.size()];
    unsigned sent = 0;
    const auto now = [] { return RateLimit::Time{1h}; };
    const Names names = names_of("node1.example.org", {"EXAMPLE"}, "", "", "", "");
    Responder responder({5, 10, 100}, false, {now, [] { return true; }});
    Searches searches({now, [] { return std::chrono::system_clock::time_point{}; }});
    Exchange exchange(responder, searches, {},
                      {now, [&]() -> const Names& { return names; },
                       [&](OctetView packet, std::uint32_t to, int, std::uint32_t) {
                           if (++sent > 1 || to != from || !may_be_answered(from)) std::abort();
                           check_answer(packet);
                           return Status(Done{});
                       },
                       [](const std::string&) {}});
    exchange.links_changed(
        {{2, "eth0", true, false, {{kOwn, 24}}}, {3, "eth1", true, false, {{0x0a010001, 24}}}});
    const auto quietly = [](const std::string&) { return Status(Done{}); };
    if (!searches.begin({}, quietly)) std::abort();

    const OctetView packet(data + 1, size - 1);
    exchange.arrived(
        {from, interface, packet.first(std::min(packet.size(), kLargestDatagram + 1))});

    std::uint64_t counted = 0;
    for (std::size_t each = 0; each < kOutcomes; ++each)
        counted += exchange.tally().count(static_cast<Outcome>(each));
    const auto& found = searches.collection();
    if (counted != 1 || exchange.tally().count(Outcome::Answered) != sent ||
        exchange.tally().count(Outcome::Heard) != found.size())
        std::abort();
    for (const Server& server : found.servers())
        if (server.address != from || !is_computer_name(server.name)) std::abort();
    return 0;
}
