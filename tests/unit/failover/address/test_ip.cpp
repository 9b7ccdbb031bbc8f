// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/address/hardware.hpp"
#include "failover/address/ip.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::failover;

namespace {

Refusal refusal_of(const char* text) {
    const auto parsed = Prefixed::parse(text);
    const auto* refused = std::get_if<Refused>(&parsed);
    if (!refused) fail_msg("%s was taken", text);
    assert_contains(refused->text, text);
    return refused->kind;
}

void addresses_of_hosts_are_taken(void**) {
    for (const char* text :
         {"192.0.2.7/24", "10.0.0.1/8", "192.0.2.0/31", "192.0.2.255/31", "192.0.2.255/32",
          "2001:db8::7/64", "fe80::7/64", "2001:db8::/127", "2001:db8::/128", "10.1.0.0/8"}) {
        const auto parsed = Prefixed::parse(text);
        if (const auto* refused = std::get_if<Refused>(&parsed))
            fail_msg("%s: %s", text, refused->text.c_str());
        assert_text_equal(std::get<Prefixed>(parsed).text(), text);
    }
}

void each_mistake_has_a_kind_of_its_own(void**) {
    const std::pair<const char*, Refusal> cases[] = {
        {"", Refusal::InvalidAddress},
        {"host/24", Refusal::InvalidAddress},
        {"192.0.2/24", Refusal::InvalidAddress},
        {"192.0.2.7 /24", Refusal::InvalidAddress},
        {"fe80::1%eth0/64", Refusal::InvalidAddress},
        {"0.0.0.0/8", Refusal::InvalidAddress},
        {"0.1.2.3/8", Refusal::InvalidAddress},
        {"127.0.0.1/8", Refusal::InvalidAddress},
        {"250.0.0.1/8", Refusal::InvalidAddress},
        {"::/64", Refusal::InvalidAddress},
        {"::1/128", Refusal::InvalidAddress},
        {"::ffff:192.0.2.1/128", Refusal::InvalidAddress},
        {"192.0.2.7", Refusal::InvalidPrefix},
        {"192.0.2.7/", Refusal::InvalidPrefix},
        {"192.0.2.7/0", Refusal::InvalidPrefix},
        {"192.0.2.7/33", Refusal::InvalidPrefix},
        {"192.0.2.7/-1", Refusal::InvalidPrefix},
        {"192.0.2.7/24x", Refusal::InvalidPrefix},
        {"192.0.2.7/99999999999", Refusal::InvalidPrefix},
        {"2001:db8::7/129", Refusal::InvalidPrefix},
        {"192.0.2.0/24", Refusal::NetworkAddress},
        {"2001:db8::/64", Refusal::NetworkAddress},
        {"192.0.2.255/24", Refusal::BroadcastAddress},
        {"255.255.255.255/32", Refusal::BroadcastAddress},
        {"224.0.0.1/24", Refusal::MulticastAddress},
        {"ff02::1/64", Refusal::MulticastAddress},
    };
    for (const auto& [text, kind] : cases)
        if (refusal_of(text) != kind)
            fail_msg("%s: %s instead of %s", text, name_of(refusal_of(text)), name_of(kind));
}

void networks_and_broadcast_addresses_are_of_every_length(void**) {
    const Ip ip = *Ip::parse("203.0.113.173");
    assert_text_equal(ip.network(32).text(), "203.0.113.173");
    assert_text_equal(ip.network(29).text(), "203.0.113.168");
    assert_text_equal(ip.network(12).text(), "203.0.0.0");
    assert_text_equal(ip.network(0).text(), "0.0.0.0");
    assert_text_equal(ip.broadcast(29).text(), "203.0.113.175");
    assert_text_equal(Ip::parse("2001:db8:ffff::1")->network(33).text(), "2001:db8:8000::");
}

void a_network_contains_its_hosts_and_no_others(void**) {
    const auto network = std::get<Prefixed>(Prefixed::parse("192.0.2.7/25"));
    assert_true(network.contains(*Ip::parse("192.0.2.127")));
    assert_false(network.contains(*Ip::parse("192.0.2.128")));
    assert_false(network.contains(*Ip::parse("::1")));
}

void hardware_addresses_are_read_and_written(void**) {
    for (const char* text : {"02:00:00:00:00:01", "00:00:04:04:fe:80:00:00:00:00:00:00:00:02:c9:03:"
                                                  "00:0f:b5:11"}) {
        const auto address = HardwareAddress::parse(text);
        assert_true(address.has_value());
        assert_text_equal(address->text(), text);
    }
    for (const char* text : {"", "02", "02:", "0g:00", "02-00", "+1:00", "02:00:0"})
        if (const auto address = HardwareAddress::parse(text); address && address->size() != 1)
            fail_msg("%s was taken", text);
}

void hardware_addresses_compare_by_value(void**) {
    const auto of = [](const char* text) { return *HardwareAddress::parse(text); };
    assert_true(of("02:00:00:00:00:01") < of("02:00:00:00:00:02"));
    assert_true(of("02:ff:00:00:00:00") < of("03:00:00:00:00:00"));
    assert_true(of("82:00:00:00:00:00") > of("02:00:00:00:00:00"));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_hosts_are_taken),
        cmocka_unit_test(each_mistake_has_a_kind_of_its_own),
        cmocka_unit_test(networks_and_broadcast_addresses_are_of_every_length),
        cmocka_unit_test(a_network_contains_its_hosts_and_no_others),
        cmocka_unit_test(hardware_addresses_are_read_and_written),
        cmocka_unit_test(hardware_addresses_compare_by_value),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
