// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/interface.hpp"

#include "discovery/network/ipv4.hpp"

#include "../../cmocka.hpp"

using namespace mpapi::discovery;

namespace {

constexpr std::uint32_t kOwn = 0x0a000001; // 10.0.0.1

Interfaces some() {
    return {{1, "lo", true, true, {{0x7f000001, 8}}},
            {2, "eth0", true, false, {{kOwn, 24}}},
            {3, "eth0.7", true, false, {{0xc0a80001, 16}, {0xc0a90001, 31}}},
            {4, "eth1", false, false, {{0x0a010001, 24}}},
            {5, "tun0", true, false, {{0x0a020001, 32}}}};
}

void a_network_has_hosts_and_a_broadcast_address(void**) {
    const Network network{kOwn, 24};
    assert_int_equal(network.broadcast(), 0x0a0000ff);
    assert_true(network.has_host(0x0a0000fe));
    assert_false(network.has_host(0x0a0000ff));
    assert_false(network.has_host(0x0a000000));
    assert_false(network.has_host(0x0a000101));
    assert_int_equal((Network{kOwn, 31}).broadcast(), 0);
    assert_true((Network{kOwn, 31}).has_host(0x0a000000));
    assert_int_equal((Network{kOwn, 0}).broadcast(), 0xffffffff);
    assert_text_equal(ipv4_text(kOwn), "10.0.0.1");
    assert_text_equal(ipv4_text(0xffffff00), "255.255.255.0");
}

void those_are_chosen_that_can_broadcast(void**) {
    const auto chosen = choose(some(), {});
    assert_int_equal(chosen.size(), 2);
    assert_text_equal(chosen[0].name, "eth0");
    assert_text_equal(chosen[1].name, "eth0.7");
    assert_int_equal(chosen[1].networks.size(), 1);
}

void patterns_leave_out_the_others(void**) {
    assert_int_equal(choose(some(), {"eth0"}).size(), 1);
    assert_int_equal(choose(some(), {"eth0*"}).size(), 2);
    assert_int_equal(choose(some(), {"wlan*", "eth?"}).size(), 1);
    assert_int_equal(choose(some(), {"nothing"}).size(), 0);
}

void a_packet_belongs_to_the_interface_that_it_came_in_on(void**) {
    const auto chosen = choose(some(), {});
    assert_text_equal(interface_of(chosen, 3, 0x0a000002)->name, "eth0.7");
    assert_null(interface_of(chosen, 4, 0x0a010002)); // left out
    assert_null(interface_of(chosen, 99, 0x0a000002));
}

void what_we_sent_ourselves_belongs_to_the_interface_of_its_address(void**) {
    const auto chosen = choose(some(), {});
    assert_text_equal(interface_of(chosen, 1, kOwn)->name, "eth0");
    assert_text_equal(interface_of(chosen, 0, 0xc0a80001)->name, "eth0.7");
}

void an_unknown_interface_is_found_by_the_network_of_the_sender(void**) {
    const auto chosen = choose(some(), {});
    assert_text_equal(interface_of(chosen, 0, 0xc0a81234)->name, "eth0.7");
    assert_null(interface_of(chosen, 0, 0x08080808));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_network_has_hosts_and_a_broadcast_address),
        cmocka_unit_test(those_are_chosen_that_can_broadcast),
        cmocka_unit_test(patterns_leave_out_the_others),
        cmocka_unit_test(a_packet_belongs_to_the_interface_that_it_came_in_on),
        cmocka_unit_test(what_we_sent_ourselves_belongs_to_the_interface_of_its_address),
        cmocka_unit_test(an_unknown_interface_is_found_by_the_network_of_the_sender),
    };
    return cmocka_run_group_tests_name("interfaces", tests, nullptr, nullptr);
}
