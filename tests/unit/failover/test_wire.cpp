// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The wire of one interface, and who speaks on its other end, in a network namespace of this test's
// own. Needs root.
#include "failover/wire.hpp"

#include "failover/arp/packet.hpp"
#include "failover/kernel/filter.hpp"
#include "failover/kernel/netlink.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/failover/two_ends.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <linux/if_ether.h>
#include <poll.h>

#include <algorithm>

using namespace mpapi;
using namespace mpapi::failover;

namespace {

const Ip kOne = *Ip::parse("192.0.2.7"), kOther = *Ip::parse("192.0.2.8");

LinkFacts link(const char* name) {
    auto netlink = Netlink::open();
    assert_ok(netlink);
    const auto links = netlink->links();
    assert_ok(links);
    const auto found = std::find_if(links->begin(), links->end(),
                                    [&](const LinkFacts& each) { return each.name == name; });
    assert_true(found != links->end());
    return *found;
}

PacketSocket open_on(const char* name, const std::vector<Ip>& addresses) {
    auto socket = PacketSocket::open(link(name).index, ETH_P_ARP, arp_filter(addresses, 6));
    assert_ok(socket);
    return *std::move(socket);
}

class World {
  public:
    World()
      : there_(open_on("there", {}))
      // The kernel serves the one that was opened last first.
      , witness_(open_on("here", {kOther})) {
        sd_event* loop = nullptr;
        assert_true(sd_event_new(&loop) >= 0);
        loop_.reset(loop);
        wire.emplace(loop, link("here"), Wire::Rates{},
                     [this](const Claim& claim) { heard.push_back(claim.address); });
    }
    void says(const Ip& ip) {
        assert_ok(there_.send(
            kAll, arp::encode(arp::announcement(ip, kThere, 1, arp::Operation::Reply))));
    }
    // Until that one about the other address has arrived, and all before it.
    void arrive() {
        pollfd waits{witness_.fd(), POLLIN, 0};
        if (::poll(&waits, 1, 10'000) != 1) fail_msg("it has not arrived");
    }
    long heard_of(const Ip& ip) { return std::count(heard.begin(), heard.end(), ip); }

    std::vector<Ip> heard;
    std::optional<Wire> wire;

  private:
    EventLoop loop_;
    PacketSocket there_, witness_;
};

void an_answer_behind_a_storm_about_another_address_is_heard(void**) {
    World world;
    for (const Ip& each : {kOne, kOther})
        assert_ok(world.wire->watch(each, false));
    assert_ok(world.wire->announce(kOther, Forms::Both));
    for (int i = 0; i < 500; ++i)
        world.says(kOne);
    world.says(kOther);
    world.arrive();
    world.wire->hear();
    assert_int_equal(world.heard_of(kOne), 500);
    assert_int_equal(world.heard_of(kOther), 1);
}

void who_is_asked_is_heard_from_the_first_probe_on(void**) {
    World world;
    assert_ok(world.wire->watch(kOne, true));
    assert_ok(world.wire->probe(kOne, Nonce{}));
    assert_ok(world.wire->watch(kOther, true));
    assert_ok(world.wire->probe(kOther, Nonce{}));
    world.says(kOther);
    world.arrive();
    world.wire->hear();
    assert_int_equal(world.heard_of(kOther), 1);
    assert_int_equal(world.heard_of(kOne), 0);
}

void what_is_forgotten_is_not_heard_of(void**) {
    World world;
    for (const Ip& each : {kOne, kOther})
        assert_ok(world.wire->watch(each, false));
    assert_ok(world.wire->announce(kOther, Forms::Both));
    world.wire->forget(kOne);
    world.says(kOne);
    world.says(kOther);
    world.arrive();
    world.wire->hear();
    assert_int_equal(world.heard_of(kOne), 0);
    assert_int_equal(world.heard_of(kOther), 1);
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_behind_a_storm_about_another_address_is_heard),
        cmocka_unit_test(who_is_asked_is_heard_from_the_first_probe_on),
        cmocka_unit_test(what_is_forgotten_is_not_heard_of),
    };
    return cmocka_run_group_tests(tests, make_network, nullptr);
}
