// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/adapters/adapter.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/socket.h> // before the following, which need it

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>

using namespace mpapi;
using namespace mpapi::failover;
using adapters::Adapter;
using adapters::Driver;

namespace {

constexpr std::uint8_t kOperUnknown = 0, kOperUp = 6;

LinkFacts ethernet(int index, const std::string& name) {
    LinkFacts link;
    link.index = index;
    link.name = name;
    link.flags = IFF_UP | IFF_RUNNING | IFF_BROADCAST;
    link.hardware_type = ARPHRD_ETHER;
    link.operstate = kOperUp;
    link.address = *HardwareAddress::parse("02:00:00:00:00:07");
    return link;
}

AddressFacts v4(int link, std::uint8_t last, unsigned flags = IFA_F_PERMANENT) {
    return {link, {{AF_INET, {192, 0, 2, last}}, 24}, flags};
}

Adapter only(const LinkFacts& link, std::vector<AddressFacts> addresses = {},
             std::vector<GatewayFacts> gateways = {}, const Driver& driver = {}) {
    return adapters::make({{link}, {driver}, std::move(addresses), std::move(gateways)}).at(0);
}

void an_adapter_has_what_the_kernel_says(void**) {
    LinkFacts link = ethernet(2, "eth0");
    link.alias = "Storage network";
    const Ip gateway{AF_INET, {192, 0, 2, 254}};
    const Adapter adapter =
        only(link, {v4(2, 1), v4(2, 2), v4(3, 9)}, {{2, gateway}, {2, gateway}, {3, gateway}},
             {"virtio_net", "0000:00:03.0", false});
    assert_int_equal(adapter.index, 2);
    assert_text_equal(adapter.name, "eth0");
    assert_text_equal(adapter.alias, "Storage network");
    assert_text_equal(adapter.driver, "virtio_net");
    assert_text_equal(adapter.bus, "0000:00:03.0");
    assert_int_equal(adapter.type, 6);
    assert_int_equal(adapter.tunnel_type, 0);
    assert_text_equal(std::string(adapter.status), "up");
    assert_int_equal(adapter.addresses.size(), 2);
    assert_text_equal(adapter.addresses[1].text(), "192.0.2.2/24");
    assert_int_equal(adapter.gateways.size(), 1);
    assert_text_equal(adapter.hardware_address.text(), "02:00:00:00:00:07");
    assert_false(adapter.dhcp);
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
        const Adapter adapter = only(link);
        if (adapter.type != each.type || adapter.tunnel_type != each.tunnel)
            fail_msg("%s of hardware type %u: %u, %u", each.kind, each.hardware, adapter.type,
                     adapter.tunnel_type);
    }
    assert_int_equal(only(ethernet(2, "wlan0"), {}, {}, {"", "", true}).type, 71);
}

void states_are_those_of_rfc_2863(void**) {
    struct Case {
        std::uint8_t operstate;
        unsigned flags;
        const char* status;
    };
    constexpr unsigned up = IFF_UP, running = IFF_UP | IFF_RUNNING;
    for (const Case& each : {
             Case{kOperUp, running, "up"},
             {kOperUnknown, running, "up"},
             {kOperUnknown, up, "down"},
             {kOperUnknown, 0, "down"},
             {2, up, "down"},
             {3, up, "lower-layer-down"},
             {3, 0, "down"}, // switched off by the administrator
             {4, up, "testing"},
             {5, up, "dormant"},
             {1, up, "not-present"},
             {1, 0, "not-present"},
             {200, up, "unknown"},
         }) {
        LinkFacts link = ethernet(2, "x");
        link.operstate = each.operstate;
        link.flags = each.flags;
        const Adapter adapter = only(link);
        if (std::string(adapter.status) != each.status)
            fail_msg("operstate %d, flags %x: %s", each.operstate, each.flags, adapter.status);
    }
}

void an_address_with_a_lifetime_is_of_dhcp(void**) {
    assert_true(only(ethernet(2, "x"), {v4(2, 1), v4(2, 2, 0)}).dhcp);
    AddressFacts managed = v4(2, 2, 0);
    managed.ours = true;
    assert_false(only(ethernet(2, "x"), {v4(2, 1), managed}).dhcp);
    const AddressFacts autoconfigured{2, {{AF_INET6, {0x20, 1}}, 64}, 0};
    assert_false(only(ethernet(2, "x"), {autoconfigured}).dhcp);
}

void an_address_that_is_not_in_use_is_left_out(void**) {
    const Adapter adapter =
        only(ethernet(2, "x"), {v4(2, 1, IFA_F_PERMANENT | IFA_F_TENTATIVE),
                                v4(2, 2, IFA_F_PERMANENT | IFA_F_DADFAILED), v4(2, 3)});
    assert_int_equal(adapter.addresses.size(), 1);
    assert_text_equal(adapter.addresses[0].text(), "192.0.2.3/24");
}

void a_loopback_has_no_hardware_address(void**) {
    LinkFacts link = ethernet(1, "lo");
    link.hardware_type = ARPHRD_LOOPBACK;
    link.address = *HardwareAddress::parse("00:00:00:00:00:00");
    assert_true(only(link).hardware_address.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_has_what_the_kernel_says),
        cmocka_unit_test(types_are_those_of_iana),
        cmocka_unit_test(states_are_those_of_rfc_2863),
        cmocka_unit_test(an_address_with_a_lifetime_is_of_dhcp),
        cmocka_unit_test(an_address_that_is_not_in_use_is_left_out),
        cmocka_unit_test(a_loopback_has_no_hardware_address),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
