// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/adapters.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/socket.h> // before the following, which need it

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>

#include <cerrno>
#include <set>

using namespace mpapi;
using namespace mpapi::node;

namespace {

constexpr std::uint8_t kOperUnknown = 0, kOperUp = 6;

LinkFacts ethernet(int index, const std::string& name) {
    LinkFacts link;
    link.index = index;
    link.name = name;
    link.driver = "virtio_net";
    link.bus = "0000:00:03.0";
    link.flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST;
    link.hardware_type = ARPHRD_ETHER;
    link.operstate = kOperUp;
    link.address = {2, 0, 0, 0, 0, 7};
    return link;
}

AddressFacts v4(int link, std::uint8_t last, unsigned flags = IFA_F_PERMANENT) {
    AddressFacts facts{link, {{}, 24}, flags};
    facts.address.address.bytes = {192, 0, 2, last};
    return facts;
}

Result<ndr::Guid> numbered(const std::string& name, unsigned number) {
    return ndr::Guid{static_cast<std::uint32_t>(std::hash<std::string>()(name)),
                     1,
                     static_cast<std::uint16_t>(number + 1),
                     {}};
}

std::vector<csvp::Adapter> made(const NetworkFacts& facts) {
    auto result = adapters(facts, numbered);
    assert_ok(result);
    return *std::move(result);
}

csvp::Adapter only(const LinkFacts& link, std::vector<AddressFacts> addresses = {},
                   std::vector<GatewayFacts> gateways = {}) {
    return made({{link}, std::move(addresses), std::move(gateways)}).at(0);
}

void an_adapter_has_what_the_kernel_says(void**) {
    LinkFacts link = ethernet(2, "eth0");
    csvp::IpAddress gateway;
    gateway.bytes = {192, 0, 2, 254};
    const csvp::Adapter adapter =
        only(link, {v4(2, 1), v4(2, 2), v4(3, 9)}, {{2, gateway}, {2, gateway}, {3, gateway}});
    assert_text_equal(adapter.name, "eth0");
    assert_text_equal(adapter.friendly_name, "eth0");
    assert_text_equal(adapter.description, "virtio_net at 0000:00:03.0");
    assert_int_equal(adapter.type, 6);
    assert_int_equal(adapter.tunnel_type, 0);
    assert_int_equal(adapter.oper_status, 1);
    assert_int_equal(adapter.addresses.size(), 2);
    assert_int_equal(adapter.addresses[1].address.bytes[3], 2);
    assert_int_equal(adapter.addresses[1].prefix_length, 24);
    assert_int_equal(adapter.gateways.size(), 1);
    assert_true(adapter.hardware_address == link.address);
    assert_false(adapter.dhcp);
    assert_false(adapter.cluster);
    link.alias = "Storage network";
    assert_text_equal(only(link).friendly_name, "Storage network");
}

void types_are_those_of_iana(void**) {
    struct Case {
        const char* kind;
        unsigned hardware;
        std::uint32_t type, tunnel;
    };
    for (const Case& each : {
             Case{"", ARPHRD_ETHER, 6, 0},
             {"bond", ARPHRD_ETHER, 6, 0},
             {"vlan", ARPHRD_ETHER, 6, 0},
             {"bridge", ARPHRD_ETHER, 6, 0},
             {"veth", ARPHRD_ETHER, 6, 0},
             {"tun", ARPHRD_ETHER, 6, 0}, // a tap
             {"", ARPHRD_LOOPBACK, 24, 0},
             {"tun", ARPHRD_NONE, 131, 1},
             {"ipip", ARPHRD_TUNNEL, 131, 2},
             {"ip6tnl", ARPHRD_TUNNEL6, 131, 2},
             {"sit", ARPHRD_SIT, 131, 2},
             {"", ARPHRD_TUNNEL, 131, 2},
             {"gre", ARPHRD_IPGRE, 131, 3},
             {"gretap", ARPHRD_ETHER, 131, 3},
             {"vxlan", ARPHRD_ETHER, 131, 8},
             {"geneve", ARPHRD_ETHER, 131, 8},
             {"wireguard", ARPHRD_NONE, 131, 8},
             {"", ARPHRD_INFINIBAND, 199, 0},
             {"", ARPHRD_PPP, 23, 0},
             {"", 9999, 1, 0},
         }) {
        LinkFacts link = ethernet(2, "x");
        link.kind = each.kind;
        link.hardware_type = each.hardware;
        const csvp::Adapter adapter = only(link);
        if (adapter.type != each.type || adapter.tunnel_type != each.tunnel)
            fail_msg("%s of hardware type %u: %u, %u", each.kind, each.hardware, adapter.type,
                     adapter.tunnel_type);
    }
    LinkFacts wireless = ethernet(2, "wlan0");
    wireless.wireless = true;
    assert_int_equal(only(wireless).type, 71);
}

void states_are_those_of_rfc_2863(void**) {
    struct Case {
        std::uint8_t operstate;
        unsigned flags;
        std::uint32_t status;
    };
    constexpr unsigned up = IFF_UP, running = IFF_UP | IFF_RUNNING;
    for (const Case& each : {
             Case{kOperUp, running, 1},
             {kOperUnknown, running, 1},
             {kOperUnknown, up, 2},
             {kOperUnknown, 0, 2},
             {2, up, 2},
             {3, up, 7},
             {3, 0, 2}, // switched off by the administrator
             {4, up, 3},
             {5, up, 5},
             {1, up, 6},
             {1, 0, 6},
             {200, up, 4},
         }) {
        LinkFacts link = ethernet(2, "x");
        link.operstate = each.operstate;
        link.flags = each.flags;
        const csvp::Adapter adapter = only(link);
        if (adapter.oper_status != each.status)
            fail_msg("operstate %d, flags %x: %u", each.operstate, each.flags, adapter.oper_status);
    }
}

void an_address_with_a_lifetime_is_of_dhcp(void**) {
    assert_true(only(ethernet(2, "x"), {v4(2, 1), v4(2, 2, 0)}).dhcp);
    AddressFacts autoconfigured{2, {{csvp::AddressFamily::V6, {0x20, 1}, 0}, 64}, 0};
    assert_false(only(ethernet(2, "x"), {autoconfigured}).dhcp);
}

void an_address_that_is_not_in_use_is_left_out(void**) {
    const csvp::Adapter adapter =
        only(ethernet(2, "x"), {v4(2, 1, IFA_F_PERMANENT | IFA_F_TENTATIVE),
                                v4(2, 2, IFA_F_PERMANENT | IFA_F_DADFAILED), v4(2, 3)});
    assert_int_equal(adapter.addresses.size(), 1);
    assert_int_equal(adapter.addresses[0].address.bytes[3], 3);
}

void one_without_a_default_route_suits_as_a_private_network(void**) {
    const LinkFacts link = ethernet(2, "x");
    assert_true(only(link, {v4(2, 1)}).internal);
    assert_false(only(link).internal);
    assert_false(only(link, {v4(2, 1)}, {{2, {}}}).internal);
    LinkFacts down = link;
    down.flags = 0;
    assert_false(only(down, {v4(2, 1)}).internal);
    LinkFacts tunnel = link;
    tunnel.kind = "vxlan";
    assert_false(only(tunnel, {v4(2, 1)}).internal);
}

void a_loopback_has_no_hardware_address(void**) {
    LinkFacts link = ethernet(1, "lo");
    link.hardware_type = ARPHRD_LOOPBACK;
    link.driver = link.bus = "";
    link.address.assign(6, 0);
    const csvp::Adapter adapter = only(link);
    assert_true(adapter.hardware_address.empty());
    assert_text_equal(adapter.description, "loopback");
}

void ids_stay_and_are_no_two_the_same(void**) {
    std::set<ndr::Guid> seen;
    for (const char* name : {"eth0", "eth1", "a", "abcdefghijklmno"})
        for (const unsigned number : {0u, 1u}) {
            const auto id = adapter_id(name, number);
            if (!id && id.error().errnum == ENOENT) return; // no machine id here
            assert_ok(id);
            assert_true(*id == *adapter_id(name, number));
            assert_false(id->is_nil());
            assert_true(seen.insert(*id).second);
        }
    assert_false(adapter_id("", 0).has_value());
    assert_false(adapter_id("abcdefghijklmnop", 0).has_value());
}

void an_id_that_cannot_be_made_is_an_error(void**) {
    const auto none = adapters({{ethernet(2, "x")}, {}, {}}, [](const std::string&, unsigned) {
        return Result<ndr::Guid>(Error{"make", "id", "", EIO});
    });
    assert_int_equal(none.error().errnum, EIO);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_has_what_the_kernel_says),
        cmocka_unit_test(types_are_those_of_iana),
        cmocka_unit_test(states_are_those_of_rfc_2863),
        cmocka_unit_test(an_address_with_a_lifetime_is_of_dhcp),
        cmocka_unit_test(an_address_that_is_not_in_use_is_left_out),
        cmocka_unit_test(one_without_a_default_route_suits_as_a_private_network),
        cmocka_unit_test(a_loopback_has_no_hardware_address),
        cmocka_unit_test(ids_stay_and_are_no_two_the_same),
        cmocka_unit_test(an_id_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
