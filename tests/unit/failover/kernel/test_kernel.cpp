// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernel's side of it, in a network namespace of this test's own. Needs root.
#include "common/system/handle.hpp"
#include "failover/kernel/connections.hpp"
#include "failover/kernel/late_connections.hpp"
#include "failover/kernel/monitor.hpp"
#include "failover/kernel/netlink.hpp"
#include "failover/kernel/set_element.hpp"
#include "failover/kernel/tickle.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::failover;

namespace {

void run(const char* command) {
    if (std::system(command) != 0) fail_msg("%s", command);
}

int make_network(void**) {
    run("ip link set lo up");
    run("ip link add there type veth peer name here");
    run("ip link set here address 02:00:00:00:00:0a");
    run("ip link set here up && ip link set there up");
    return 0;
}

Prefixed prefixed(const char* text) {
    return std::get<Prefixed>(Prefixed::parse(text));
}

class World {
  public:
    World()
      : netlink(Netlink::open()) {
        assert_ok(netlink);
    }
    LinkFacts link(const char* name = "here") {
        const auto links = netlink->links();
        assert_ok(links);
        const auto found = std::find_if(links->begin(), links->end(),
                                        [&](const LinkFacts& each) { return each.name == name; });
        assert_true(found != links->end());
        return *found;
    }
    bool has(const char* address) {
        const auto there = netlink->addresses(link().index);
        assert_ok(there);
        return std::any_of(there->begin(), there->end(), [&](const AddressFacts& each) {
            return each.address == prefixed(address);
        });
    }
    void add(const char* address) {
        Placement placement;
        placement.address = prefixed(address);
        assert_ok(netlink->add(link().index, placement));
    }

    Result<Netlink> netlink;
};

void an_interface_is_described(void**) {
    World world;
    const LinkFacts link = world.link();
    assert_text_equal(link.address.text(), "02:00:00:00:00:0a");
    assert_text_equal(link.broadcast.text(), "ff:ff:ff:ff:ff:ff");
    assert_true(link.state().usable());
    assert_int_equal(link.hardware_type, 1);
    assert_false(link.forwards_v6);
    run("ip link set there down");
    assert_false(world.link().state().carrier);
    run("ip link set there up");
}

void a_port_of_a_bridge_is_known(void**) {
    World world;
    assert_false(world.link().port);
    run("ip link add bridge type bridge && ip link set there master bridge");
    assert_true(world.link("there").port);
    assert_false(world.link("bridge").port);
    run("ip link del bridge");
    assert_false(world.link("there").port);
}

void our_addresses_are_known_from_others(void**) {
    World world;
    world.add("192.0.2.7/24");
    run("ip addr add 192.0.2.8/24 dev here");
    const auto there = world.netlink->addresses(world.link().index);
    assert_ok(there);
    for (const AddressFacts& each : *there)
        assert_true(each.ours == (each.address == prefixed("192.0.2.7/24")));
    for (const char* each : {"192.0.2.7/24", "192.0.2.8/24"})
        assert_ok(world.netlink->remove(world.link(), prefixed(each)));
}

// net/wireless/wext-core.c
void an_event_of_a_radio_says_nothing_of_the_interface(void**) {
    ifinfomsg head{};
    head.ifi_index = 2;
    head.ifi_flags = IFF_UP | IFF_LOWER_UP;
    for (const bool radio : {false, true}) {
        const std::unique_ptr<nl_msg, DropWith<nlmsg_free>> message(
            nlmsg_alloc_simple(RTM_NEWLINK, 0));
        assert_int_equal(nlmsg_append(message.get(), &head, sizeof head, NLMSG_ALIGNTO), 0);
        assert_int_equal(nla_put_string(message.get(), IFLA_IFNAME, "wlan0"), 0);
        const std::uint8_t event[8]{};
        if (radio) assert_int_equal(nla_put(message.get(), IFLA_WIRELESS, 8, event), 0);
        assert_true(read_link(nlmsg_hdr(message.get())).has_value() == !radio);
    }
}

struct Heard final : Monitor::Listener {
    void link_is(const LinkFacts&) override {}
    void link_gone(int) override {}
    void address_gone(const AddressFacts&) override {}
    void forwards_is(const ForwardingFacts& forwarding) override {
        forwardings.push_back(forwarding);
    }
    void overrun() override { fail_msg("%s", "events were lost"); }

    bool has(const ForwardingFacts& wanted) const {
        return std::find(forwardings.begin(), forwardings.end(), wanted) != forwardings.end();
    }
    std::vector<ForwardingFacts> forwardings;
};

// So nothing is looked up, whatever number of interfaces comes.
void whether_an_interface_forwards_is_told_of_each(void**) {
    World world;
    sd_event* raw = nullptr;
    assert_true(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    Heard heard;
    const auto monitor = Monitor::start(loop.get(), heard);
    assert_ok(monitor);
    const auto listen = [&] {
        while (sd_event_run(loop.get(), 0) > 0) {
        }
    };
    run("echo 1 >/proc/sys/net/ipv6/conf/all/forwarding");
    listen();
    const int here = world.link("here").index, there = world.link("there").index;
    assert_true(heard.has({here, true}));
    assert_true(heard.has({there, true}));
    run("ip link add fresh type bridge");
    listen();
    assert_true(heard.has({world.link("fresh").index, true}));
    run("ip link del fresh && echo 0 >/proc/sys/net/ipv6/conf/here/forwarding");
    listen();
    assert_true(heard.has({here, false}));
    assert_false(heard.has({there, false}));
    run("echo 0 >/proc/sys/net/ipv6/conf/all/forwarding");
}

void an_address_is_added_and_removed(void**) {
    World world;
    for (const char* address : {"192.0.2.7/24", "2001:db8::7/64", "192.0.2.8/32"}) {
        world.add(address);
        world.add(address); // as it is
        assert_true(world.has(address));
        assert_ok(world.netlink->remove(world.link(), prefixed(address)));
        assert_false(world.has(address));
        assert_ok(world.netlink->remove(world.link(), prefixed(address)));
    }
}

void an_ipv6_address_is_usable_at_once(void**) {
    World world;
    world.add("2001:db8::7/64");
    const auto there = world.netlink->addresses(world.link().index);
    assert_ok(there);
    for (const AddressFacts& each : *there)
        if (each.address == prefixed("2001:db8::7/64"))
            assert_int_equal(each.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED), 0);
    assert_ok(world.netlink->remove(world.link(), prefixed("2001:db8::7/64")));
}

void a_prefix_that_is_another_is_another_address(void**) {
    World world;
    world.add("192.0.2.7/24");
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/25")));
    assert_true(world.has("192.0.2.7/24"));
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/24")));
}

// As it is with an MTU below the least of IPv6.
void an_interface_without_ipv6_has_none_of_its_addresses(void**) {
    World world;
    world.add("2001:db8::7/64");
    run("ip link set here mtu 1000");
    assert_false(world.has("2001:db8::7/64"));
    assert_ok(world.netlink->remove(world.link(), prefixed("2001:db8::7/64")));
    run("ip link set here mtu 1500");
}

void secondaries_outlive_their_primary(void**) {
    World world;
    assert_false(world.link().promotes_secondaries);
    world.add("192.0.2.7/24");
    world.add("192.0.2.8/24");
    world.add("192.0.2.9/24");
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/24")));
    assert_false(world.has("192.0.2.7/24"));
    assert_true(world.has("192.0.2.8/24"));
    assert_true(world.has("192.0.2.9/24"));
    assert_false(world.link().promotes_secondaries); // as it was
    for (const char* each : {"192.0.2.8/24", "192.0.2.9/24"})
        assert_ok(world.netlink->remove(world.link(), prefixed(each)));
}

void what_the_kernel_refuses_is_told(void**) {
    World world;
    Placement placement;
    placement.address = prefixed("192.0.2.7/24");
    const auto added = world.netlink->add(4711, placement);
    assert_false(added.has_value());
    assert_contains(added.error().message(), "192.0.2.7/24");
    LinkFacts nowhere;
    nowhere.index = 4711;
    assert_ok(world.netlink->remove(nowhere, placement.address));
}

struct Ends {
    Fd listening, client, server;
};

Ends connect_to(const sockaddr_in& address) {
    Ends ends;
    ends.listening.reset(::socket(AF_INET, SOCK_STREAM, 0));
    assert_int_equal(
        ::bind(ends.listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
        0);
    assert_int_equal(::listen(ends.listening.get(), 1), 0);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(ends.listening.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    ends.client.reset(::socket(AF_INET, SOCK_STREAM, 0));
    assert_int_equal(
        ::connect(ends.client.get(), reinterpret_cast<const sockaddr*>(&bound), sizeof bound), 0);
    ends.server.reset(::accept(ends.listening.get(), nullptr, nullptr));
    assert_true(static_cast<bool>(ends.server));
    return ends;
}

void connections_of_an_address_end_and_no_others(void**) {
    World world;
    world.add("192.0.2.7/24");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0xc0000207);
    const Ends ours = connect_to(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const Ends others = connect_to(address);

    const auto sockets = sockets_of({*Ip::parse("192.0.2.7"), *Ip::parse("2001:db8::7")});
    assert_ok(sockets);
    const auto ended = destroy(*sockets);
    assert_ok(ended);
    assert_int_equal(ended->size(), 2); // both ends are of this host
    char byte = 0;
    assert_int_equal(::recv(ours.server.get(), &byte, 1, MSG_DONTWAIT), -1);
    // By its own end, or by what the end of the other one sent.
    assert_true(errno == ECONNABORTED || errno == ECONNRESET);
    assert_int_equal(::recv(others.server.get(), &byte, 1, MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    int listens = 0;
    socklen_t size = sizeof listens;
    ::getsockopt(ours.listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    assert_int_equal(listens, 1);
    assert_int_equal(sockets_of({*Ip::parse("192.0.2.7")})->size(), 0);
    assert_ok(destroy(*sockets)); // they have ended
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/24")));
}

void a_connection_of_both_families_ends_as_one_of_ipv4(void**) {
    World world;
    world.add("192.0.2.7/24");
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    const auto mapped = *Ip::parse("::ffff:192.0.2.7");
    std::copy(mapped.octets.begin(), mapped.octets.end(), address.sin6_addr.s6_addr);
    const Fd listening(::socket(AF_INET6, SOCK_STREAM, 0));
    socklen_t size = sizeof address;
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    assert_int_equal(::bind(listening.get(), name, size), 0);
    assert_int_equal(::listen(listening.get(), 1), 0);
    assert_int_equal(::getsockname(listening.get(), name, &size), 0);
    const Fd client(::socket(AF_INET6, SOCK_STREAM, 0));
    assert_int_equal(::connect(client.get(), name, size), 0);

    const auto sockets = sockets_of({*Ip::parse("192.0.2.7")});
    assert_ok(sockets);
    assert_int_equal(sockets->size(), 2);
    const auto ended = destroy(*sockets);
    assert_ok(ended);
    for (const Connection& each : *ended)
        assert_true(each.peer == *Ip::parse("192.0.2.7"));
    assert_int_equal(sockets_of({*Ip::parse("192.0.2.7")})->size(), 0);
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/24")));
}

void a_tickle_is_an_acknowledgement_of_nothing(void**) {
    const auto segment =
        tickle_segment(*Ip::parse("192.0.2.7"), {80, *Ip::parse("192.0.2.9"), 40000});
    const std::uint8_t expected[16] = {0, 80, 0x9c, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 4, 0};
    assert_memory_equal(segment.data(), expected, sizeof expected);
    // RFC 9293 3.1, summed over the pseudo-header and the segment: all ones.
    std::uint32_t sum = 6 + 20 + 0xc000 + 0x0207 + 0xc000 + 0x0209;
    for (std::size_t i = 0; i < segment.size(); i += 2)
        sum += static_cast<std::uint32_t>(segment[i] << 8 | segment[i + 1]);
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    assert_int_equal(sum, 0xffff);
}

void a_tickle_leaves_only_from_an_address_of_this_host(void**) {
    World world;
    const Connection connection{80, *Ip::parse("192.0.2.9"), 40000};
    assert_false(send_tickle(*Ip::parse("192.0.2.7"), connection).has_value());
    world.add("192.0.2.7/24");
    assert_ok(send_tickle(*Ip::parse("192.0.2.7"), connection));
    assert_false(send_tickle(*Ip::parse("2001:db8::7"), connection).has_value());
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/24")));
}

void names_of_sets_are_no_commands(void**) {
    for (const char* name : {"inet filter services", "ip my-table a_set", "ip6 t s"})
        if (!is_set_name(name)) fail_msg("%s was refused", name);
    for (const char* name :
         {"", "inet filter", "inet filter services more", "inet  filter services", "inet filter s;",
          "inet filter {", "tcp filter services", "inet fil\nter s", "inet filter \"s\"",
          "inet 1 s"})
        if (is_set_name(name)) fail_msg("%s was taken", name);
}

void a_set_that_is_not_there_is_an_error_when_it_is_needed(void**) {
    const Ip ip = *Ip::parse("192.0.2.7");
    const auto added = add_to_set("inet no such", ip);
    assert_false(added.has_value());
    assert_contains(added.error().message(), "inet no such");
    assert_ok(remove_from_set("inet no such", ip));
    assert_false(add_to_set("inet filter s; flush ruleset", ip).has_value());
    assert_false(remove_from_set("inet filter s; flush ruleset", ip).has_value());
}

void what_a_loop_that_has_ended_left_is_looked_for_at_the_end(void**) {
    World world;
    world.add("192.0.2.7/24");
    const Fd late(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in from{AF_INET, 0, {::inet_addr("192.0.2.7")}, {}};
    sockaddr_in to{AF_INET, htons(7), {::inet_addr("192.0.2.9")}, {}};
    assert_int_equal(::bind(late.get(), reinterpret_cast<sockaddr*>(&from), sizeof from), 0);
    assert_int_equal(::connect(late.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    assert_ok(world.netlink->remove(world.link(), prefixed("192.0.2.7/24")));
    sd_event* raw = nullptr;
    assert_true(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    assert_true(sd_event_exit(raw, 0) >= 0 && sd_event_loop(raw) == 0);
    std::string troubles;
    {
        LateConnections connections(raw, *world.netlink,
                                    [&](const Error& error) { troubles += error.message(); });
        connections.end_of(*Ip::parse("192.0.2.7"));
    }
    assert_text_equal(troubles, "");
    int error = 0;
    socklen_t size = sizeof error;
    assert_int_equal(::getsockopt(late.get(), SOL_SOCKET, SO_ERROR, &error, &size), 0);
    assert_int_equal(error, ECONNABORTED);
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_interface_is_described),
        cmocka_unit_test(a_port_of_a_bridge_is_known),
        cmocka_unit_test(our_addresses_are_known_from_others),
        cmocka_unit_test(an_event_of_a_radio_says_nothing_of_the_interface),
        cmocka_unit_test(whether_an_interface_forwards_is_told_of_each),
        cmocka_unit_test(an_address_is_added_and_removed),
        cmocka_unit_test(an_ipv6_address_is_usable_at_once),
        cmocka_unit_test(a_prefix_that_is_another_is_another_address),
        cmocka_unit_test(an_interface_without_ipv6_has_none_of_its_addresses),
        cmocka_unit_test(secondaries_outlive_their_primary),
        cmocka_unit_test(what_the_kernel_refuses_is_told),
        cmocka_unit_test(connections_of_an_address_end_and_no_others),
        cmocka_unit_test(a_connection_of_both_families_ends_as_one_of_ipv4),
        cmocka_unit_test(a_tickle_is_an_acknowledgement_of_nothing),
        cmocka_unit_test(a_tickle_leaves_only_from_an_address_of_this_host),
        cmocka_unit_test(names_of_sets_are_no_commands),
        cmocka_unit_test(a_set_that_is_not_there_is_an_error_when_it_is_needed),
        cmocka_unit_test(what_a_loop_that_has_ended_left_is_looked_for_at_the_end),
    };
    return cmocka_run_group_tests(tests, make_network, nullptr);
}
