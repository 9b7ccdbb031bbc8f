// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/echo/address.hpp"

#include "tests/unit/cmocka.hpp"

#include <net/if.h>

#include <cerrno>

using namespace mpapi;
using failover::Address;

namespace {

void both_families_are_read(void**) {
    const auto v4 = Address::parse("192.0.2.1");
    assert_ok(v4);
    assert_int_equal(v4->family(), AF_INET);
    assert_int_equal(v4->size(), sizeof(sockaddr_in));
    const auto v6 = Address::parse("2001:db8::192.0.2.33");
    assert_ok(v6);
    assert_int_equal(v6->family(), AF_INET6);
    assert_int_equal(v6->scope(), 0);
}

void a_zone_is_a_name_or_an_index(void**) {
    const unsigned loopback = ::if_nametoindex("lo");
    for (const char* text : {"fe80::1%lo", "fe80::1%1"}) {
        const auto address = Address::parse(text);
        assert_ok(address);
        assert_true(address->link_local());
        assert_int_equal(address->scope(), loopback);
    }
}

void what_is_no_address_is_refused(void**) {
    for (const char* text :
         {"", "localhost", "192.0.2", "192.0.2.1 ", "192.0.2.1%lo", "::1%lo", "fe80::1%",
          "fe80::1%no-such-if", "fe80::1%0", "fe80::1%4294967296", "1:2:3:4:5:6:7:8:9", "%lo",
          "fe80::1%a-name-that-is-longer-than-any-interface"}) {
        const auto address = Address::parse(text);
        if (address) fail_msg("\"%s\" was taken", text);
        assert_int_equal(address.error().errnum, EINVAL);
    }
}

void an_address_of_many_is_not_unicast(void**) {
    for (const char* text : {"0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "ff02::1"})
        if (Address::parse(text)->unicast()) fail_msg("%s", text);
    for (const char* text : {"127.0.0.1", "223.255.255.255", "::1", "fe80::1"})
        if (!Address::parse(text)->unicast()) fail_msg("%s", text);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_families_are_read),
        cmocka_unit_test(a_zone_is_a_name_or_an_index),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(an_address_of_many_is_not_unicast),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
