// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Of this machine's addresses only the loopback ones are known beforehand.
#include "clusprep/dcom/local_addresses.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <set>

using namespace mpapi;
using namespace mpapi::dcom;

namespace {

using Texts = std::vector<std::string>;

bool is_ipv6(const std::string& text) {
    return text.find(':') != std::string::npos;
}

void addresses_that_were_named_stay_as_they_are(void**) {
    assert_true(local_addresses({"192.0.2.7", "2001:db8::7"}) ==
                Texts({"192.0.2.7", "2001:db8::7"}));
    assert_true(local_addresses({}).empty());
}

void all_of_ipv4_has_no_ipv6_and_ends_in_loopback(void**) {
    const Texts found = local_addresses({"0.0.0.0"});
    assert_false(found.empty());
    bool loopback = false;
    for (const auto& text : found) {
        if (is_ipv6(text)) fail_msg("IPv6: %s", text.c_str());
        if (text.starts_with("127."))
            loopback = true;
        else if (loopback)
            fail_msg("%s stands behind loopback", text.c_str());
    }
    assert_true(std::find(found.begin(), found.end(), "127.0.0.1") != found.end());
}

void all_of_both_has_no_link_local_address_and_none_twice(void**) {
    const Texts found = local_addresses({"127.0.0.1", "::"});
    assert_text_equal(found.at(0), "127.0.0.1");
    assert_int_equal(std::set<std::string>(found.begin(), found.end()).size(), found.size());
    for (const auto& text : found)
        if (text.starts_with("fe80")) fail_msg("link-local: %s", text.c_str());
    for (const auto& text : local_addresses({"0.0.0.0"}))
        if (std::find(found.begin(), found.end(), text) == found.end())
            fail_msg("%s is missing", text.c_str());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(addresses_that_were_named_stay_as_they_are),
        cmocka_unit_test(all_of_ipv4_has_no_ipv6_and_ends_in_loopback),
        cmocka_unit_test(all_of_both_has_no_link_local_address_and_none_twice),
    };
    return cmocka_run_group_tests_name("local addresses", tests, nullptr, nullptr);
}
