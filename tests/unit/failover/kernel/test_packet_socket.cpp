// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Packets between the two ends of a wire, in a network namespace of this test's own. Needs root.
#include "failover/kernel/packet_socket.hpp"

#include "failover/arp/packet.hpp"
#include "failover/kernel/filter.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/failover/two_ends.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <linux/if_ether.h>
#include <net/if.h>
#include <poll.h>

#include <fstream>

using namespace mpapi;
using namespace mpapi::failover;

namespace {

const Ip kElse = *Ip::parse("203.0.113.1");

// Of socket options, in bytes; the default of Linux before 6.7. Others before that have no such
// number for each network.
void have_room(int size) {
    std::ofstream("/proc/sys/net/core/optmem_max") << size;
}

Result<PacketSocket> open_on(const char* name, const std::vector<Ip>& addresses) {
    return PacketSocket::open(static_cast<int>(::if_nametoindex(name)), ETH_P_ARP,
                              arp_filter(addresses, 6));
}

// Of networks whose numbers the kernel's own programs need two instructions for.
std::vector<Ip> many(unsigned from) {
    std::vector<Ip> addresses;
    for (unsigned i = from; i < from + kMostFiltered; ++i)
        addresses.push_back(
            *Ip::parse("192.168." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)));
    return addresses;
}

// What of these announcements arrives; the last of them does.
std::vector<Ip> arrived(PacketSocket& there, PacketSocket& here, const std::vector<Ip>& sent) {
    for (const Ip& each : sent)
        assert_ok(there.send(
            kAll, arp::encode(arp::announcement(each, kThere, 1, arp::Operation::Request))));
    std::vector<Ip> got;
    std::uint8_t buffer[512];
    while (got.empty() || got.back() != sent.back()) {
        pollfd waits{here.fd(), POLLIN, 0};
        if (::poll(&waits, 1, 10'000) != 1) fail_msg("the last one has not arrived");
        const auto received = here.receive(buffer);
        assert_ok(received);
        if (*received) got.push_back(arp::parse((*received)->bytes)->sender_ip);
    }
    return got;
}

void what_is_filtered_is_not_received(void**) {
    const std::vector<Ip> addresses{*Ip::parse("192.0.2.7"), *Ip::parse("192.0.2.8")};
    auto here = open_on("here", addresses), there = open_on("there", {});
    assert_ok(here);
    assert_ok(there);
    assert_true(arrived(*there, *here, {kElse, addresses[0], kElse, addresses[1]}) == addresses);
}

void hundreds_of_addresses_have_room_and_can_be_replaced(void**) {
    have_room(20480);
    auto here = open_on("here", many(0)), there = open_on("there", {});
    assert_ok(here);
    assert_ok(there);
    assert_true(arrived(*there, *here, {kElse, many(0)[999]}).size() == 1);
    for (const unsigned from : {500u, 1000u}) {
        const auto now = many(from);
        assert_ok(here->set_filter(arp_filter(now, 6)));
        assert_true(arrived(*there, *here, {kElse, many(0)[0], now[0], now[999]}).size() == 2);
    }
    have_room(131072);
}

// Whoever is asked must be heard.
void where_there_is_no_room_everything_is_received(void**) {
    have_room(20480);
    auto here = open_on("here", {kElse}), there = open_on("there", {});
    assert_ok(here);
    assert_ok(there);
    have_room(2048);
    assert_ok(here->set_filter(arp_filter(many(0), 6)));
    assert_true(arrived(*there, *here, {kElse, many(0)[0]}).size() == 2);
    assert_ok(open_on("here", many(0)));
    have_room(131072);
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_filtered_is_not_received),
        cmocka_unit_test(hundreds_of_addresses_have_room_and_can_be_replaced),
        cmocka_unit_test(where_there_is_no_room_everything_is_received),
    };
    return cmocka_run_group_tests(tests, make_network, nullptr);
}
