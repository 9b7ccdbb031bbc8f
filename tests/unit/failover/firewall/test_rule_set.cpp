// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall/rule_set.hpp"

#include "tests/unit/cmocka.hpp"

#include <string>

using namespace mpapi;
using namespace mpapi::failover::firewall;

namespace {

constexpr char kInput[] =
    R"({"chain": {"family": "inet", "table": "t", "name": "in", "hook": "input",
    "type": "filter", "prio": 0, "policy": "drop"}})";

std::string rule(const std::string& expressions, const std::string& chain = "in") {
    return R"({"rule": {"family": "inet", "table": "t", "chain": ")" + chain + R"(", "expr": [)" +
           expressions + "]}}";
}

std::string chain(const std::string& name) {
    return R"({"chain": {"family": "inet", "table": "t", "name": ")" + name + R"("}})";
}

RuleSet read(const std::string& objects) {
    auto set = RuleSet::parse(R"({"nftables": [)" + objects + "]}");
    assert_ok(set);
    return *std::move(set);
}

Packet tcp(std::uint16_t port) {
    return *Packet::read("eth0", "10.9.0.0/24", "10.9.0.1", "tcp", port);
}

constexpr char kAccept[] = R"({"accept": null})";
constexpr char kDrop[] = R"({"drop": null})";
constexpr char kUnknown[] =
    R"({"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 7}})";
constexpr char kPort[] = R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp",
    "field": "dport"}}, "right": 3343}})";

std::string source(const std::string& right) {
    return R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
        "right": )" +
           right + "}}";
}

void allowed(const std::string& objects, const Packet& packet = tcp(3343)) {
    const Judgement judgement = read(objects).judge(packet);
    if (!judgement.allowed) fail_msg("not allowed: %s", judgement.reason.c_str());
}

void refused(const std::string& objects, const std::string& why, const Packet& packet = tcp(3343)) {
    const Judgement judgement = read(objects).judge(packet);
    assert_false(judgement.allowed);
    assert_contains(judgement.reason, why);
}

void no_rules_let_everything_in(void**) {
    allowed("");
    allowed(R"({"metainfo": {"version": "1.0.6"}})");
}

void a_policy_decides_what_no_rule_does(void**) {
    refused(kInput, "inet t in: policy drop");
    allowed(std::string(kInput) + "," + rule(std::string(kPort) + "," + kAccept));
    refused(std::string(kInput) + "," + rule(std::string(kPort) + "," + kAccept), "policy drop",
            tcp(445));
}

void what_is_not_known_is_taken_for_the_worse(void**) {
    const std::string in = std::string(kInput) + ",";
    refused(in + rule(std::string(kUnknown) + "," + kAccept), "policy drop");
    refused(in + rule(std::string(kUnknown) + "," + kDrop) + "," + rule(kAccept), "may apply");
    allowed(in + rule(std::string(kPort) + "," + kAccept) + "," +
            rule(std::string(kUnknown) + "," + kDrop));
    refused(in + rule(R"({"limit": {"rate": 4}}, )" + std::string(kAccept)), "policy drop");
    refused(in + rule(R"({"something new": 1})"), "something new");
    refused(in + rule("7"), "not understood");
    // xt between other statements is a match, at the end it may be a target.
    refused(in + rule(R"({"xt": null}, )" + std::string(kAccept)), "policy drop");
    refused(in + rule(R"({"xt": null})") + "," + rule(kAccept), "xt");
}

void a_source_is_anywhere_in_its_network(void**) {
    const std::string in = std::string(kInput) + ",";
    allowed(in + rule(source(R"({"prefix": {"addr": "10.0.0.0", "len": 8}})") + "," + kAccept));
    allowed(in + rule(source(R"({"prefix": {"addr": "10.9.0.0", "len": 24}})") + "," + kAccept));
    refused(in + rule(source(R"({"prefix": {"addr": "10.9.0.0", "len": 25}})") + "," + kAccept),
            "policy drop");
    refused(in + rule(source(R"("10.9.0.77")") + "," + kDrop) + "," + rule(kAccept), "may apply");
    allowed(in + rule(source(R"("10.8.0.77")") + "," + kDrop) + "," + rule(kAccept));
    allowed(in + rule(source(R"({"range": ["10.9.0.0", "10.9.0.255"]})") + "," + kAccept));
    allowed(in +
            rule(source(R"({"set": ["10.1.0.1", {"prefix": {"addr": "10.9.0.0", "len": 16}}]})") +
                 "," + kAccept));
}

void a_match_of_another_protocol_is_never_true(void**) {
    const std::string udp_not =
        R"({"match": {"op": "!=", "left": {"payload": {"protocol": "udp", "field": "dport"}},
            "right": 1}})";
    refused(std::string(kInput) + "," + rule(udp_not + "," + kAccept), "policy drop");
    Packet udp = tcp(3343);
    udp.protocol = Protocol::Udp;
    allowed(std::string(kInput) + "," + rule(udp_not + "," + kAccept), udp);
}

void jumps_return_and_gotos_do_not(void**) {
    const std::string in = std::string(kInput) + "," + chain("sub") + ",";
    const std::string jump = R"({"jump": {"target": "sub"}})",
                      go = R"({"goto": {"target": "sub"}})";
    const auto first = [](const std::string& a, const std::string& b) { return a + "," + b; };
    allowed(in + first(rule(jump), rule(kAccept)));
    refused(in + first(rule(go), rule(kAccept)), "policy drop");
    allowed(in + first(rule(jump), rule(kAccept, "sub")));
    refused(in + rule(jump) + "," + rule(R"({"return": null})", "sub") + "," + rule(kAccept, "sub"),
            "policy drop");
    // Perhaps taken: both ways have to let the packet in.
    const std::string maybe = std::string(kUnknown) + ",";
    allowed(in + first(rule(maybe + jump), rule(kAccept)) + "," + rule(kAccept, "sub"));
    refused(in + first(rule(maybe + jump), rule(kAccept)) + "," + rule(kDrop, "sub"), "sub");
    refused(in + rule(maybe + jump) + "," + rule(kAccept, "sub"), "policy drop");
    refused(in + first(rule(maybe + go), rule(kAccept)), "policy drop");
    refused(in + rule(jump) + "," + rule(maybe + R"({"return": null})", "sub") + "," +
                rule(kAccept, "sub"),
            "policy drop");
    allowed(in + first(rule(jump), rule(kAccept)) + "," +
            rule(maybe + R"({"return": null})", "sub") + "," + rule(kAccept, "sub"));
    refused(in + rule(R"({"jump": {"target": "nowhere"}})"), "no chain");
}

void a_loop_of_jumps_ends(void**) {
    const std::string in = std::string(kInput) + "," + chain("sub") + ",";
    refused(in + rule(R"({"jump": {"target": "sub"}})") + "," +
                rule(R"({"jump": {"target": "sub"}})", "sub"),
            "too deep");
}

void a_rule_set_that_takes_too_long_is_not_judged(void**) {
    // Sixteen chains, each of which calls the next sixteen times.
    std::string objects = kInput;
    for (int i = 0; i < 12; ++i) {
        objects += "," + chain("c" + std::to_string(i));
        for (int j = 0; j < 16; ++j)
            objects += "," + rule(R"({"jump": {"target": "c)" + std::to_string(i + 1) + R"("}})",
                                  "c" + std::to_string(i));
    }
    objects += "," + chain("c12") + "," + rule(R"({"jump": {"target": "c0"}})");
    refused(objects, "too long");
}

void every_base_chain_on_the_way_has_to_let_the_packet_in(void**) {
    const auto base = [](const std::string& family, const std::string& hook,
                         const std::string& more = "") {
        return R"({"chain": {"family": ")" + family + R"(", "table": "x", "name": "c", "hook": ")" +
               hook + R"(", "prio": 0, "policy": "drop")" + more + "}}";
    };
    refused(base("ip", "prerouting"), "ip x c");
    refused(base("inet", "input"), "inet x c");
    allowed(base("ip6", "input"));
    allowed(base("inet", "forward"));
    allowed(base("inet", "output"));
    allowed(base("arp", "input"));
    refused(base("netdev", "ingress", R"(, "dev": "eth0")"), "netdev x c");
    refused(base("netdev", "ingress", R"(, "dev": ["a", "eth0"])"), "netdev x c");
    allowed(base("netdev", "ingress", R"(, "dev": "eth1")"));
    refused(base("bridge", "input"), "bridge");
    allowed(R"({"table": {"family": "inet", "name": "x", "flags": ["dormant"]}},)" +
            base("inet", "input"));
    // Of one chain an accept does not speak for the next.
    refused(std::string(kInput) + "," + rule(kAccept) + "," + base("ip", "input"), "ip x c");
}

std::string interface_is(const std::string& key, const std::string& name) {
    return R"({"match": {"op": "==", "left": {"meta": {"key": ")" + key + R"("}}, "right": ")" +
           name + R"("}})";
}

// Only names are patterns: an interface may be called "eth*", or as a word for something else is.
void an_odd_name_of_an_interface_is_a_name(void**) {
    const auto in = [](const std::string& match) {
        return std::string(kInput) + "," + rule(match + "," + kAccept);
    };
    allowed(in(interface_is("iif", "eth0")));
    refused(in(interface_is("iif", "eth*")), "policy drop");
    allowed(in(interface_is("iifname", "eth*")));
    refused(in(interface_is("iifname", R"(eth\\*)")), "policy drop");
    Packet host = tcp(3343);
    host.adapter = "host";
    refused(in(interface_is("iifname", "unicast")), "policy drop", host);
    allowed(in(interface_is("pkttype", "unicast")));
}

// The route back to anybody else may lead elsewhere.
void a_route_back_is_known_to_the_network_of_the_address_only(void**) {
    const std::string back =
        std::string(kInput) + "," +
        rule(R"({"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr",
            "iif"]}}, "right": false}},)" +
             std::string(kDrop)) +
        "," + rule(kAccept);
    allowed(back);
    refused(back, "may apply", *Packet::read("eth0", "10.8.0.0/16", "10.9.0.1", "tcp", 3343));
    refused(back, "may apply", *Packet::read("eth0", "0.0.0.0/0", "10.9.0.1", "tcp", 3343));
}

// drivers/net/vrf.c, vrf_rcv_nfhook().
void in_a_vrf_packets_come_in_by_its_device(void**) {
    const std::string in = std::string(kInput) + ",";
    const auto decided = [](const std::string& objects) {
        return read(objects).judge(tcp(3343), "blue");
    };
    assert_false(decided(in + rule(interface_is("iifname", "eth0") + "," + kAccept)).allowed);
    assert_true(decided(in + rule(interface_is("iifname", "blue") + "," + kAccept)).allowed);
    const std::string early =
        R"({"chain": {"family": "inet", "table": "t", "name": "in", "hook": "prerouting",
            "type": "filter", "prio": -150, "policy": "accept"}},)";
    for (const char* name : {"eth0", "blue"})
        assert_false(decided(early + rule(interface_is("iifname", name) + "," + kDrop)).allowed);
    assert_true(decided(early + rule(interface_is("iifname", "eth1") + "," + kDrop)).allowed);
}

void rules_of_a_device_are_of_no_protocol(void**) {
    const std::string device =
        R"({"chain": {"family": "netdev", "table": "t", "name": "in", "hook": "ingress",
            "prio": 0, "policy": "drop", "dev": "eth0"}},
           {"rule": {"family": "netdev", "table": "t", "chain": "in", "expr": [
            {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": "ipv4"}},
            {"accept": null}]}})";
    refused(device, "policy drop");
}

void nat_that_may_hit_the_packet_is_a_no(void**) {
    const std::string nat =
        R"({"chain": {"family": "inet", "table": "t", "name": "in", "hook": "prerouting",
            "type": "nat", "prio": -100, "policy": "accept"}},)";
    refused(nat + rule(std::string(kPort) + R"(, {"dnat": {"addr": "10.9.0.5"}})"), "dnat");
    allowed(nat + rule(std::string(kPort) + R"(, {"dnat": {"addr": "10.9.0.5"}})"), tcp(445));
}

void what_is_no_rule_set_is_an_error(void**) {
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
          std::string(R"({"nftables": 1})"), std::string(70, '[') + std::string(70, ']'),
          std::string("{\"nftables\": [") + std::string(1'000'000, '['),
          std::string(RuleSet::kMostBytes + 1, ' ')})
        assert_false(RuleSet::parse(text).has_value());
}

void odd_objects_are_judged_without_harm(void**) {
    allowed(R"(1, "x", null, {}, {"chain": 1}, {"chain": {"name": "a"}}, {"rule": {"expr": 1}})");
    const std::string in = std::string(kInput) + ",";
    for (const char* odd :
         {R"({"match": null})", R"({"match": {"op": "==", "left": [], "right": []}})",
          R"({"match": {"op": "==", "left": {"&": [1]}, "right": 1}})",
          R"({"match": {"op": "in", "left": {"concat": [{"concat": []}]}, "right": {"set": 1}}})",
          R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
              "right": {"prefix": {"addr": "10.0.0.0", "len": 33}}}})",
          R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}},
              "right": {"range": [1]}}})",
          R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "@nothing"}})"})
        refused(in + rule(std::string(odd) + "," + kAccept), "policy drop");
    for (const char* odd : {R"({"vmap": null})", R"({"vmap": {"key": {}, "data": "@no"}})",
                            R"({"vmap": {"key": {}, "data": {"set": [[1]]}}})", R"({"jump": null})",
                            R"({"mangle": null})"})
        assert_false(read(in + rule(odd) + "," + rule(kAccept)).judge(tcp(1)).allowed);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(no_rules_let_everything_in),
        cmocka_unit_test(a_policy_decides_what_no_rule_does),
        cmocka_unit_test(what_is_not_known_is_taken_for_the_worse),
        cmocka_unit_test(a_source_is_anywhere_in_its_network),
        cmocka_unit_test(a_match_of_another_protocol_is_never_true),
        cmocka_unit_test(jumps_return_and_gotos_do_not),
        cmocka_unit_test(a_loop_of_jumps_ends),
        cmocka_unit_test(a_rule_set_that_takes_too_long_is_not_judged),
        cmocka_unit_test(every_base_chain_on_the_way_has_to_let_the_packet_in),
        cmocka_unit_test(an_odd_name_of_an_interface_is_a_name),
        cmocka_unit_test(a_route_back_is_known_to_the_network_of_the_address_only),
        cmocka_unit_test(in_a_vrf_packets_come_in_by_its_device),
        cmocka_unit_test(rules_of_a_device_are_of_no_protocol),
        cmocka_unit_test(nat_that_may_hit_the_packet_is_a_no),
        cmocka_unit_test(what_is_no_rule_set_is_an_error),
        cmocka_unit_test(odd_objects_are_judged_without_harm),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
