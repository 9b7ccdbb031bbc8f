// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Interfaces and addresses as the kernel may tell of them, and what is wanted there.
#include "failover/admission.hpp"

#include "tests/unit/cmocka.hpp"

#include <linux/if.h>
#include <linux/if_arp.h>

using namespace mpapi::failover;

namespace {

constexpr unsigned kUsable = IFF_UP | IFF_LOWER_UP;

AddressFacts on(int link, const char* address) {
    return {link, std::get<Prefixed>(Prefixed::parse(address)), 0};
}

LinkFacts ethernet(unsigned flags = kUsable, unsigned type = ARPHRD_ETHER) {
    LinkFacts link;
    link.index = 2;
    link.name = "eth0";
    link.flags = flags;
    link.hardware_type = type;
    return link;
}

Wanted wanted(const char* address, const std::string& label = "") {
    Wanted wanted;
    wanted.placement.address = std::get<Prefixed>(Prefixed::parse(address));
    wanted.placement.label = label;
    wanted.interface = "eth0";
    return wanted;
}

// Of its objection the kind's name; "well" where there is none.
std::string judged(const Wanted& wanted, const LinkFacts& link,
                   const std::vector<AddressFacts>& there = {}) {
    const auto refused = objection(wanted, &link, there);
    return refused ? name_of(refused->kind) : "well";
}

int found(const char* ip, const std::vector<AddressFacts>& there) {
    const auto found = find_interface(*Ip::parse(ip), there);
    return std::holds_alternative<int>(found) ? std::get<int>(found) : 0;
}

void the_narrowest_network_is_found(void**) {
    const std::vector<AddressFacts> there{on(1, "10.0.0.1/8"), on(2, "10.1.0.1/16"),
                                          on(3, "10.2.0.1/16"), on(4, "2001:db8::1/64")};
    assert_int_equal(found("10.1.2.3", there), 2);
    assert_int_equal(found("10.9.2.3", there), 1);
    assert_int_equal(found("2001:db8::7", there), 4);
    assert_int_equal(found("192.0.2.7", there), 0);
}

void of_two_interfaces_in_one_network_none_is_chosen(void**) {
    const std::vector<AddressFacts> there{on(1, "10.1.0.1/16"), on(2, "10.1.0.2/16")};
    assert_int_equal(found("10.1.2.3", there), 0);
    assert_int_equal(found("10.1.2.3", {on(1, "10.1.0.1/16"), on(1, "10.1.0.2/16")}), 1);
    assert_int_equal(found("10.1.2.3", {there[0], there[1], on(3, "10.1.2.1/24")}), 3);
}

void every_interface_has_link_local_addresses(void**) {
    assert_int_equal(found("fe80::7", {on(1, "fe80::1/64")}), 0);
}

void an_interface_has_neighbours_and_is_up(void**) {
    const Wanted v4 = wanted("192.0.2.7/24"), v6 = wanted("2001:db8::7/64");
    assert_string_equal(judged(v4, ethernet()).c_str(), "well");
    assert_string_equal(judged(v6, ethernet()).c_str(), "well");
    assert_string_equal(judged(v4, ethernet(kUsable, ARPHRD_INFINIBAND)).c_str(), "well");
    assert_string_equal(judged(v6, ethernet(kUsable, ARPHRD_INFINIBAND)).c_str(), "WrongInterface");
    assert_string_equal(judged(v4, ethernet(kUsable, ARPHRD_PPP)).c_str(), "WrongInterface");
    assert_string_equal(judged(v4, ethernet(kUsable | IFF_NOARP)).c_str(), "WrongInterface");
    LinkFacts port = ethernet();
    port.port = true; // its frames are the bridge's or the bond's
    assert_string_equal(judged(v4, port).c_str(), "WrongInterface");
    assert_string_equal(judged(v4, ethernet(IFF_UP)).c_str(), "InterfaceDown");
    assert_string_equal(judged(v4, ethernet(0)).c_str(), "InterfaceDown");
    assert_true(objection(v4, nullptr, {})->kind == Refusal::NoSuchInterface);
}

void an_address_of_the_host_s_own_is_not_taken(void**) {
    const LinkFacts link = ethernet();
    assert_string_equal(judged(wanted("192.0.2.7/24"), link, {on(9, "192.0.2.7/32")}).c_str(),
                        "HostsOwn");
    assert_string_equal(judged(wanted("2001:db8::7/64"), link, {on(9, "2001:db8::7/64")}).c_str(),
                        "HostsOwn");
    // A link-local one is another on each link.
    assert_string_equal(judged(wanted("fe80::7/64"), link, {on(9, "fe80::7/64")}).c_str(), "well");
    assert_string_equal(judged(wanted("fe80::7/64"), link, {on(2, "fe80::7/64")}).c_str(),
                        "HostsOwn");
}

void a_label_begins_with_the_interface_s_name(void**) {
    const LinkFacts link = ethernet();
    assert_string_equal(judged(wanted("192.0.2.7/24", "eth0:1"), link).c_str(), "well");
    for (const char* label : {"eth1:1", "eth0:34567890123", "eth0/1", "eth0:\n"})
        assert_string_equal(judged(wanted("192.0.2.7/24", label), link).c_str(), "InvalidOption");
    assert_string_equal(judged(wanted("2001:db8::7/64", "eth0:1"), link).c_str(), "InvalidOption");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_narrowest_network_is_found),
        cmocka_unit_test(of_two_interfaces_in_one_network_none_is_chosen),
        cmocka_unit_test(every_interface_has_link_local_addresses),
        cmocka_unit_test(an_interface_has_neighbours_and_is_up),
        cmocka_unit_test(an_address_of_the_host_s_own_is_not_taken),
        cmocka_unit_test(a_label_begins_with_the_interface_s_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
