// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What is read from the kernel, beside what ip(8) reads from it, in a network namespace of this
// test's own. Needs root.
#include "failover/adapters/adapter.hpp"
#include "failover/kernel/netlink.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <thread>

using namespace mpapi;
using namespace mpapi::failover;
using adapters::Adapter;
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
    must("ip route add default metric 7 nexthop via 10.9.0.251 dev here nexthop via 10.9.0.252 "
         "dev here");
    must("ip -6 route add default metric 7 nexthop via fe80::fc dev here nexthop via fe80::fd dev "
         "here");
    // Of neither is there a word: to a network, in another table, to nowhere.
    must("ip route add 10.20.0.0/16 via 10.9.0.253 dev here");
    must("ip route add default via 10.9.0.250 dev here table 7");
    must("ip route add unreachable default metric 99");
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

std::vector<Adapter> read_adapters() {
    const auto facts = adapters::read_facts();
    assert_ok(facts);
    return adapters::make(*facts);
}

const Adapter& named(const std::vector<Adapter>& all, const std::string& name) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Adapter& each) { return each.name == name; });
    if (found == all.end()) fail_msg("no adapter %s", name.c_str());
    return *found;
}

void adapters_are_those_that_ip_shows(void**) {
    const Json links = ip("addr");
    const auto all = read_adapters();
    assert_int_equal(all.size(), links.size());
    for (const Json& link : links) {
        const std::string name = link["ifname"];
        const Adapter& adapter = named(all, name);
        std::set<std::string> expected;
        for (const Json& address : link["addr_info"])
            expected.insert(address["local"].get<std::string>() + "/" +
                            std::to_string(address["prefixlen"].get<int>()));
        std::set<std::string> found;
        for (const auto& each : adapter.addresses)
            found.insert(each.text());
        if (found != expected)
            fail_msg("addresses of %s: %s", name.c_str(), link["addr_info"].dump().c_str());
        if (name != "lo" && link.contains("address"))
            assert_text_equal(adapter.hardware_address.text(), link["address"].get<std::string>());
        const std::string state = link["operstate"];
        if (state != "UNKNOWN")
            assert_int_equal(std::string(adapter.status) == "up", state == "UP");
    }
}

void a_described_adapter_is_found_whole(void**) {
    const auto all = read_adapters();
    const Adapter& here = named(all, "here");
    assert_text_equal(here.alias, "Storage network");
    assert_text_equal(here.kind, "veth");
    assert_text_equal(here.driver, "veth");
    assert_text_equal(here.hardware_address.text(), "02:00:00:0a:0b:0c");
    assert_int_equal(here.type, 6);
    assert_text_equal(std::string(here.status), "up");
    assert_true(here.dhcp); // 192.0.2.7 has a lifetime
    assert_int_equal(here.index, ip("link show here")[0]["ifindex"].get<unsigned>());
    std::set<std::string> gateways;
    for (const Ip& each : here.gateways)
        gateways.insert(each.text());
    assert_true((gateways == std::set<std::string>{"10.9.0.251", "10.9.0.252", "10.9.0.254",
                                                   "fe80::fc", "fe80::fd", "fe80::fe"}));
    assert_int_equal(here.gateways.size(), 6);
    assert_true(named(all, "there").gateways.empty());
}

void loopback_and_links_that_are_down_say_so(void**) {
    const auto all = read_adapters();
    assert_int_equal(named(all, "lo").type, 24);
    assert_text_equal(std::string(named(all, "lo").status), "up");
    assert_text_equal(std::string(named(all, "down0").status), "down");
    const std::string lower = named(all, "lower").status;
    assert_true(lower == "down" || lower == "lower-layer-down");
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

// The kernel says each time that it may have missed one.
void adapters_are_told_while_others_come_and_go(void**) {
    auto kernel = Netlink::open();
    assert_ok(kernel);
    const auto links = kernel->links();
    assert_ok(links);
    const auto lower = std::find_if(links->begin(), links->end(),
                                    [](const LinkFacts& each) { return each.name == "lower"; });
    assert_true(lower != links->end());
    Placement placement;
    const auto place = [&](std::uint8_t network, std::uint8_t host) {
        placement.address = {Ip{AF_INET, {10, 60, network, host}}, 32};
        return kernel->add(lower->index, placement);
    };
    constexpr std::uint8_t networks = 8, hosts = 250; // more than one piece of the kernel's answer
    for (std::uint8_t i = 0; i < networks; ++i)
        for (std::uint8_t j = 0; j < hosts; ++j)
            assert_ok(place(i, j));
    FILE* const ip = ::popen("ip -force -batch - 2>/dev/null", "w");
    assert_non_null(ip);
    std::atomic<bool> stop = false;
    std::thread others([&] {
        while (!stop)
            std::fputs("addr add 10.61.0.1/32 dev lower\naddr del 10.61.0.1/32 dev lower\n", ip);
    });
    std::string failure;
    std::size_t fewest = SIZE_MAX;
    for (int i = 0; i < 200; ++i) {
        const auto facts = adapters::read_facts();
        if (!facts) failure = facts.error().message();
        if (facts) fewest = std::min(fewest, facts->addresses.size());
    }
    stop = true;
    others.join();
    ::pclose(ip);
    assert_text_equal(failure, "");
    assert_true(fewest >= std::size_t{networks} * hosts - 20);
    must("ip addr flush dev lower");
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(adapters_are_those_that_ip_shows),
        cmocka_unit_test(a_described_adapter_is_found_whole),
        cmocka_unit_test(loopback_and_links_that_are_down_say_so),
        cmocka_unit_test(virtual_adapters_have_the_type_of_what_they_speak),
        cmocka_unit_test(adapters_are_told_while_others_come_and_go),
    };
    return cmocka_run_group_tests(tests, make_network, nullptr);
}
