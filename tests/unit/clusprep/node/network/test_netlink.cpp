// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is read from the kernel, beside what ip(8) reads from it, in a network namespace of this
// test's own. Needs root.
#include "clusprep/node/network/adapters.hpp"
#include "clusprep/node/network/netlink.hpp"

#include "tests/unit/cmocka.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <sched.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <set>

using namespace mpapi;
using namespace mpapi::node;
using Json = nlohmann::json;

namespace {

std::set<std::string> made; // adapters that this kernel has

bool run(const std::string& command) {
    return std::system(command.c_str()) == 0;
}

void must(const std::string& command) {
    if (!run(command)) fail_msg("%s", command.c_str());
}

// Some kernels have no bonds or VLANs; the mapping of their types is tested without them.
void add_if_there(const std::string& name, const std::string& what) {
    if (run("ip link add " + what + " 2>/dev/null"))
        made.insert(name);
    else
        std::printf("this kernel has no: ip link add %s\n", what.c_str());
}

int make_network(void**) {
    // No address is tentative, which would end between two questions.
    must("echo 0 > /proc/sys/net/ipv6/conf/all/accept_dad");
    must("echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad");
    must("ip link set lo up");
    must("ip link add here type veth peer name there");
    must("ip link set here address 02:00:00:0a:0b:0c alias 'Storage network' up");
    must("ip link set there up");
    must("ip addr add 10.9.0.1/24 dev here");
    must("ip addr add 10.9.0.2/24 dev here");
    must("ip addr add 10.9.1.1 peer 10.9.1.2/32 dev here");
    must("ip addr add 192.0.2.7/26 dev here valid_lft 3600 preferred_lft 1800");
    must("ip -6 addr add 2001:db8::1/64 dev here nodad");
    must("ip -6 addr add fe80::9/64 dev here nodad");
    must("ip route add default via 10.9.0.254 dev here");
    must("ip route add default via inet6 fe80::fe dev here metric 9");
    must("ip route add 10.20.0.0/16 via 10.9.0.253 dev here");
    must("ip -6 route add default via fe80::fe dev here");
    must("ip link add down0 type veth peer name lower");
    must("ip link set lower up"); // its peer is down: no carrier
    add_if_there("bond0", "bond0 type bond");
    add_if_there("v5", "link here name v5 type vlan id 5");
    add_if_there("br0", "br0 type bridge");
    add_if_there("vx0", "vx0 type vxlan id 4 remote 10.9.0.2 dstport 4789");
    add_if_there("mv0", "link here name mv0 type macvlan mode bridge");
    if (run("ip tuntap add mode tun name tun0 2>/dev/null")) made.insert("tun0");
    return 0;
}

Json ip(const std::string& arguments) {
    FILE* output = ::popen(("ip -json " + arguments).c_str(), "r");
    assert_non_null(output);
    std::string text;
    char piece[4096];
    while (const std::size_t got = std::fread(piece, 1, sizeof piece, output))
        text.append(piece, got);
    assert_int_equal(::pclose(output), 0);
    Json read = Json::parse(text, nullptr, false);
    assert_true(read.is_array());
    return read;
}

std::vector<csvp::Adapter> read_adapters() {
    const auto facts = read_network();
    assert_ok(facts);
    auto read = adapters(
        *facts, [](const std::string&, unsigned) { return Result<ndr::Guid>(ndr::Guid{}); });
    assert_ok(read);
    return *std::move(read);
}

const csvp::Adapter& named(const std::vector<csvp::Adapter>& all, const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const csvp::Adapter& each) { return each.name == name; });
    if (found == all.end()) fail_msg("no adapter %s", name.c_str());
    return *found;
}

std::string text_of(const csvp::IpAddress& address) {
    char text[INET6_ADDRSTRLEN];
    const bool v4 = address.family == csvp::AddressFamily::V4;
    assert_non_null(::inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data(), text, sizeof text));
    return text;
}

std::string text_of(const std::vector<std::uint8_t>& bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        char digits[4];
        std::snprintf(digits, sizeof digits, text.empty() ? "%02x" : ":%02x", byte);
        text += digits;
    }
    return text;
}

void adapters_are_those_that_ip_shows(void**) {
    const Json links = ip("addr");
    const auto all = read_adapters();
    assert_int_equal(all.size(), links.size());
    for (const Json& link : links) {
        const std::string name = link["ifname"];
        const csvp::Adapter& adapter = named(all, name);
        std::set<std::string> expected;
        for (const Json& address : link["addr_info"])
            expected.insert(address["local"].get<std::string>() + "/" +
                            std::to_string(address["prefixlen"].get<int>()));
        std::set<std::string> found;
        for (const auto& each : adapter.addresses)
            found.insert(text_of(each.address) + "/" + std::to_string(each.prefix_length));
        if (found != expected)
            fail_msg("addresses of %s: %s", name.c_str(), link["addr_info"].dump().c_str());
        if (name != "lo" && link.contains("address"))
            assert_text_equal(text_of(adapter.hardware_address),
                              link["address"].get<std::string>());
        const std::string state = link["operstate"];
        if (state != "UNKNOWN") assert_int_equal(adapter.oper_status == 1, state == "UP");
    }
}

void a_described_adapter_is_found_whole(void**) {
    const auto all = read_adapters();
    const csvp::Adapter& here = named(all, "here");
    assert_text_equal(here.friendly_name, "Storage network");
    assert_text_equal(here.description, "veth");
    assert_text_equal(text_of(here.hardware_address), "02:00:00:0a:0b:0c");
    assert_int_equal(here.type, 6);
    assert_int_equal(here.oper_status, 1);
    assert_true(here.dhcp); // 192.0.2.7 has a lifetime
    assert_false(here.internal);
    const unsigned index = ip("link show here")[0]["ifindex"].get<unsigned>();
    for (const auto& each : here.addresses) {
        const bool link_local = text_of(each.address).starts_with("fe80:");
        assert_int_equal(each.address.scope, link_local ? index : 0);
    }
    std::set<std::string> gateways;
    for (const auto& each : here.gateways)
        gateways.insert(text_of(each));
    assert_true((gateways == std::set<std::string>{"10.9.0.254", "fe80::fe"}));
    assert_int_equal(here.gateways.size(), 2);
}

void loopback_and_links_that_are_down_say_so(void**) {
    const auto all = read_adapters();
    assert_int_equal(named(all, "lo").type, 24);
    assert_int_equal(named(all, "lo").oper_status, 1);
    assert_int_equal(named(all, "down0").oper_status, 2);
    const std::uint32_t lower = named(all, "lower").oper_status;
    assert_true(lower == 2 || lower == 7);
}

void virtual_adapters_have_the_type_of_what_they_speak(void**) {
    const auto all = read_adapters();
    for (const auto& [name, type] : {std::pair{"bond0", 6u},
                                     {"v5", 6u},
                                     {"br0", 6u},
                                     {"vx0", 131u},
                                     {"mv0", 6u},
                                     {"tun0", 131u}})
        if (made.contains(name) && named(all, name).type != type)
            fail_msg("%s has type %u", name, named(all, name).type);
    assert_false(made.empty());
}

} // namespace

int main() {
    if (::unshare(CLONE_NEWNET) != 0) {
        std::puts("skipped: needs root for a network namespace of its own");
        return 77;
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(adapters_are_those_that_ip_shows),
        cmocka_unit_test(a_described_adapter_is_found_whole),
        cmocka_unit_test(loopback_and_links_that_are_down_say_so),
        cmocka_unit_test(virtual_adapters_have_the_type_of_what_they_speak),
    };
    return cmocka_run_group_tests(tests, make_network, nullptr);
}
