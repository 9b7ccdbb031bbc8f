// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The programs run by the kernel, on a pair of sockets of this test.
#include "common/system/handle.hpp"
#include "failover/arp/packet.hpp"
#include "failover/kernel/filter.hpp"
#include "failover/nd/packet.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

using namespace mpapi;
using namespace mpapi::failover;

namespace {

using Bytes = std::vector<std::uint8_t>;

const HardwareAddress kOther = *HardwareAddress::parse("02:00:00:00:00:0b");
const Ip kWatched = *Ip::parse("192.0.2.7"), kElse = *Ip::parse("192.0.2.8");
const Ip kWatched6 = *Ip::parse("2001:db8::7"), kElse6 = *Ip::parse("2001:db8::8");

class Pair {
  public:
    explicit Pair(std::vector<sock_filter> filter) {
        int fds[2];
        assert_int_equal(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
        here_.reset(fds[0]);
        there_.reset(fds[1]);
        const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
        if (::setsockopt(fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0)
            fail_msg("%zu instructions: %s", filter.size(), std::strerror(errno));
    }
    bool passes(const Bytes& packet) {
        // Over UNIX sockets what is dropped is told to the sender.
        if (::send(here_.get(), packet.data(), packet.size(), 0) < 0) return false;
        Bytes received(packet.size() + 1);
        const ssize_t got = ::recv(there_.get(), received.data(), received.size(), 0);
        return got == static_cast<ssize_t>(packet.size());
    }

  private:
    Fd here_, there_;
};

Bytes claim(const Ip& ip) {
    return arp::encode(arp::announcement(ip, kOther, 1, arp::Operation::Reply));
}
Bytes wish(const Ip& ip) {
    return arp::encode(arp::probe(ip, kOther, 1));
}

void arp_about_our_addresses_passes_and_no_other(void**) {
    Pair pair(arp_filter({kWatched}, 6));
    assert_true(pair.passes(claim(kWatched)));
    assert_true(pair.passes(wish(kWatched)));
    assert_false(pair.passes(claim(kElse)));
    assert_false(pair.passes(wish(kElse)));
    // A question for us is answered by the kernel.
    auto question = arp::announcement(kElse, kOther, 1, arp::Operation::Request);
    question.target_ip = kWatched;
    assert_false(pair.passes(arp::encode(question)));
}

void malformed_arp_passes_to_be_counted(void**) {
    Pair pair(arp_filter({kWatched}, 6));
    Bytes packet = claim(kElse);
    packet[4] = 7;
    assert_true(pair.passes(packet));
    packet = claim(kElse);
    packet[3] = 1;
    assert_true(pair.passes(packet));
    packet.resize(20);
    assert_true(pair.passes(packet));
}

void arp_of_other_links_has_its_places_elsewhere(void**) {
    const auto infiniband =
        *HardwareAddress::parse("80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0f:b5:11");
    Pair pair(arp_filter({kWatched}, 20));
    for (const Ip& ip : {kWatched, kElse}) {
        const bool watched = ip == kWatched;
        assert_true(watched == pair.passes(arp::encode(arp::announcement(
                                   ip, infiniband, 32, arp::Operation::Request))));
        assert_true(watched == pair.passes(arp::encode(arp::probe(ip, infiniband, 32))));
    }
}

void hundreds_of_addresses_fit_and_more_let_all_pass(void**) {
    std::vector<Ip> many;
    for (unsigned i = 0; i < kMostFiltered; ++i)
        many.push_back(
            *Ip::parse("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)));
    Pair pair(arp_filter(many, 6));
    for (const Ip& each : {many.front(), many[500], many.back()}) {
        assert_true(pair.passes(claim(each)));
        assert_true(pair.passes(wish(each)));
    }
    assert_false(pair.passes(claim(kWatched)));
    assert_false(pair.passes(wish(kWatched)));
    many.push_back(*Ip::parse("10.1.0.1"));
    Pair all(arp_filter(many, 6));
    assert_true(all.passes(claim(kWatched)));
}

void neighbour_discovery_about_our_addresses_passes_and_no_other(void**) {
    Pair pair(nd_filter({kWatched6}));
    assert_true(pair.passes(nd::advertisement(kWatched6, kOther, false)));
    assert_true(pair.passes(nd::solicitation(kWatched6, Nonce{})));
    assert_false(pair.passes(nd::advertisement(kElse6, kOther, false)));
    assert_false(pair.passes(nd::solicitation(kElse6, Nonce{})));
}

void what_is_no_neighbour_discovery_is_dropped(void**) {
    Pair pair(nd_filter({kWatched6}));
    Bytes packet = nd::advertisement(kWatched6, kOther, false);
    packet[6] = 17;
    assert_false(pair.passes(packet));
    packet = nd::advertisement(kWatched6, kOther, false);
    packet[40] = 134;
    assert_false(pair.passes(packet));
    packet.resize(40);
    assert_false(pair.passes(packet));
    packet = nd::advertisement(kElse6, kOther, false);
    packet.resize(60);
    assert_true(pair.passes(packet)); // malformed: counted
}

void without_addresses_nothing_well_formed_passes(void**) {
    Pair pair(arp_filter({}, 6));
    assert_false(pair.passes(claim(kWatched)));
    assert_false(pair.passes(wish(kWatched)));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(arp_about_our_addresses_passes_and_no_other),
        cmocka_unit_test(malformed_arp_passes_to_be_counted),
        cmocka_unit_test(arp_of_other_links_has_its_places_elsewhere),
        cmocka_unit_test(hundreds_of_addresses_fit_and_more_let_all_pass),
        cmocka_unit_test(neighbour_discovery_about_our_addresses_passes_and_no_other),
        cmocka_unit_test(what_is_no_neighbour_discovery_is_dropped),
        cmocka_unit_test(without_addresses_nothing_well_formed_passes),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
