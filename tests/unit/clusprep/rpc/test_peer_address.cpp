// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/peer_address.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::rpc;

namespace {

void an_address_of_ipv4_is_its_own_network(void**) {
    const PeerAddress peer("192.0.2.1", 49152);
    assert_text_equal(peer.network, "192.0.2.1");
    assert_text_equal(peer.text(), "192.0.2.1:49152");
}

void all_addresses_of_a_link_are_one_network(void**) {
    const PeerAddress peer("2001:db8:1:2:3:4:5:6", 135);
    assert_text_equal(peer.network, "2001:db8:1:2::/64");
    assert_text_equal(peer.network, PeerAddress("2001:db8:1:2::1").network);
    assert_true(peer.network != PeerAddress("2001:db8:1:3::1").network);
    assert_text_equal(peer.text(), "[2001:db8:1:2:3:4:5:6]:135");
    assert_text_equal(PeerAddress("::1").network, "::/64");
}

void what_has_no_port_is_told_without(void**) {
    assert_text_equal(PeerAddress("2001:db8::1").text(), "2001:db8::1");
    assert_text_equal(PeerAddress("local").text(), "local");
    assert_text_equal(PeerAddress("local").network, "local");
    assert_text_equal(PeerAddress().text(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_address_of_ipv4_is_its_own_network),
        cmocka_unit_test(all_addresses_of_a_link_are_one_network),
        cmocka_unit_test(what_has_no_port_is_told_without),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
