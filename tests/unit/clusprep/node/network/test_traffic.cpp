// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/traffic.hpp"

#include "tests/unit/cmocka.hpp"

#include <arpa/inet.h>

#include <string>

using namespace mpapi;
using namespace mpapi::node::firewall;

namespace {

csvp::AdapterAddress address(const char* text, std::uint32_t length) {
    csvp::AdapterAddress made;
    made.prefix_length = length;
    const bool v6 = std::strchr(text, ':');
    made.address.family = v6 ? csvp::AddressFamily::V6 : csvp::AddressFamily::V4;
    assert_int_equal(::inet_pton(v6 ? AF_INET6 : AF_INET, text, made.address.bytes.data()), 1);
    return made;
}

csvp::Adapter adapter(std::initializer_list<const char*> addresses) {
    csvp::Adapter made;
    made.ids[0].data1 = 7;
    made.name = "eth0";
    made.type = 6;
    made.oper_status = 1;
    for (const char* each : addresses)
        made.addresses.push_back(address(each, std::strchr(each, ':') ? 64 : 24));
    return made;
}

void needs_are_those_of_the_three_groups(void**) {
    std::string all;
    for (const Need& need : needs({49152}))
        all += std::to_string(static_cast<int>(need.group)) + ":" +
               std::to_string(static_cast<int>(need.protocol)) + ":" + std::to_string(need.port) +
               " ";
    assert_text_equal(all, "0:0:3343 0:1:3343 1:0:135 2:2:0 2:0:445 1:0:49152 ");
}

void each_address_of_an_adapter_is_judged_for_each_need(void**) {
    const std::vector<Need> needs{{Group::Server, Protocol::Tcp, 1},
                                  {Group::Common, Protocol::Echo, 0}};
    const auto both = packets(adapter({"10.9.0.1", "2001:db8::1"}), needs);
    assert_int_equal(both.size(), 4);
    assert_int_equal(both[0].source.prefix_length, 24);
    assert_int_equal(both[1].source.prefix_length, 64);
    assert_true(both[1].destination.family == csvp::AddressFamily::V6);
    assert_int_equal(both[1].port, 1);
    assert_true(both[2].protocol == Protocol::Echo);
    assert_true(both[2].destination.family == csvp::AddressFamily::V4);
    const auto none = packets(adapter({}), needs);
    assert_int_equal(none.size(), 2);
    assert_int_equal(none[0].source.prefix_length, 0);
}

void a_group_is_open_when_all_of_it_is(void**) {
    std::string notes;
    const auto of_three = adapter({"10.9.0.1", "10.9.1.1", "2001:db8::1"});
    const auto all = needs({50000});
    // Only the last address does not let it in.
    const auto judged = [&](std::uint16_t closed) {
        std::vector<Judgement> judgements;
        for (const Packet& each : packets(of_three, all)) {
            const bool last = each.destination.family == csvp::AddressFamily::V6;
            judgements.push_back(each.port == closed && last ? Judgement{false, "why"}
                                                             : Judgement{true, ""});
        }
        return sum_up(of_three, "", all, judgements,
                      [&](const std::string& note) { notes += note + "; "; });
    };
    const auto open = judged(1);
    assert_true(open.server && open.management && open.common);
    assert_int_equal(open.adapter.data1, 7);
    assert_text_equal(notes, "");
    assert_false(judged(3343).server);
    assert_true(judged(3343).management);
    assert_false(judged(135).management);
    assert_false(judged(50000).management);
    assert_false(judged(445).common);
    assert_contains(notes, "firewall: UDP port 3343 is not let in on eth0: why; ");
}

void profiles_follow_zone_and_addresses(void**) {
    using csvp::NetworkProfile;
    const auto of = [](std::initializer_list<const char*> addresses, const char* zone = "") {
        return profile_of(adapter(addresses), zone);
    };
    assert_true(of({"192.0.2.1"}, "internal") == NetworkProfile::Private);
    assert_true(of({"10.0.0.1"}, "public") == NetworkProfile::Public);
    for (const char* inside : {"10.0.0.1", "172.16.0.1", "172.31.0.1", "192.168.1.1", "fd00::1"})
        assert_true(of({inside}) == NetworkProfile::Private);
    for (const char* outside : {"172.32.0.1", "192.169.1.1", "11.0.0.1", "2001:db8::1"})
        assert_true(of({outside}) == NetworkProfile::Public);
    assert_true(of({"10.0.0.1", "fe80::1"}, "FedoraServer") == NetworkProfile::Private);
    assert_true(of({"10.0.0.1", "2001:db8::1"}) == NetworkProfile::Public);
    assert_true(of({"fe80::1", "169.254.1.1"}) == NetworkProfile::Public);
    assert_true(of({}) == NetworkProfile::Public);
}

void the_host_is_as_open_as_those_adapters_that_a_cluster_uses(void**) {
    csvp::Adapter up = adapter({"10.9.0.1"});
    csvp::Adapter down = up, port = adapter({});
    down.oper_status = 2;
    csvp::Adapter loopback = up;
    loopback.type = 24;
    const csvp::AdapterFirewall open{{}, {}, true, true, true}, closed{};
    assert_true((whole_host({up}, {open}) == csvp::HostFirewall{true, true}));
    assert_true((whole_host({up, up}, {open, closed}) == csvp::HostFirewall{}));
    assert_true((whole_host({up, down, loopback}, {open, closed, closed}) ==
                 csvp::HostFirewall{true, true}));
    assert_true((whole_host({up, port}, {open, closed}) == csvp::HostFirewall{true, true}));
    assert_true((whole_host({down, loopback, port}, {open, open, open}) == csvp::HostFirewall{}));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(needs_are_those_of_the_three_groups),
        cmocka_unit_test(each_address_of_an_adapter_is_judged_for_each_need),
        cmocka_unit_test(a_group_is_open_when_all_of_it_is),
        cmocka_unit_test(profiles_follow_zone_and_addresses),
        cmocka_unit_test(the_host_is_as_open_as_those_adapters_that_a_cluster_uses),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
