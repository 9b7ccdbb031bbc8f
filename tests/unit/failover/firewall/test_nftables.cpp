// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Judgements beside the truth: rules are loaded into the kernel by libnftables, listed by it, and
// judged; then real packets are sent from a second network namespace. Needs root.
#include "common/system/handle.hpp"
#include "failover/firewall/rule_set.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <nftables/libnftables.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace mpapi;
using namespace mpapi::failover;
using namespace mpapi::failover::firewall;

namespace {

// ms; what is to come in gets its time on a busy machine, what is not costs little.
constexpr int kPatienceForYes = 3000, kPatienceForNo = 60;
int patience = 0;

Fd host, peer; // the two namespaces

void enter(const Fd& where) {
    assert_int_equal(::setns(where.get(), CLONE_NEWNET), 0);
}

void run(const char* command) {
    if (std::system(command) != 0) fail_msg("%s", command);
}

Fd here() {
    return Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

// eth0 of the host is 10.9.0.1, the peer 10.9.0.2.
int make_networks(void**) {
    host = here();
    run("ip link set lo up");
    assert_int_equal(::unshare(CLONE_NEWNET), 0);
    peer = here();
    run("ip link add eth0 type veth peer name away");
    // The other one goes to the host; a process that waits there names it.
    enter(host);
    FILE* waits = ::popen("sleep 30 & echo $!", "r");
    assert_non_null(waits);
    int sleeper = 0;
    assert_int_equal(std::fscanf(waits, "%d", &sleeper), 1);
    enter(peer);
    run(("ip link set away netns " + std::to_string(sleeper)).c_str());
    run(("kill " + std::to_string(sleeper)).c_str());
    ::pclose(waits);
    for (const auto& [where, name, last] :
         {std::tuple{&peer, "eth0", "2"}, std::tuple{&host, "eth0", "1"}}) {
        enter(*where);
        if (where == &host) run("ip link set away name eth0");
        run("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad");
        run((std::string("ip link set ") + name + " up").c_str());
        run((std::string("ip addr add 10.9.0.") + last + "/24 dev eth0").c_str());
        run((std::string("ip -6 addr add fd09::") + last + "/64 dev eth0 nodad").c_str());
    }
    enter(host);
    return 0;
}

class Nftables {
  public:
    Nftables()
      : context_(nft_ctx_new(NFT_CTX_DEFAULT)) {
        assert_non_null(context_);
        nft_ctx_buffer_output(context_);
        nft_ctx_buffer_error(context_);
    }
    ~Nftables() { nft_ctx_free(context_); }
    Nftables(const Nftables&) = delete;
    Nftables& operator=(const Nftables&) = delete;

    void run(const std::string& command) {
        nft_ctx_output_set_flags(context_, 0);
        if (nft_run_cmd_from_buffer(context_, command.c_str()) != 0)
            fail_msg("%s: %s", command.c_str(), nft_ctx_get_error_buffer(context_));
    }
    std::string list() {
        nft_ctx_output_set_flags(context_, NFT_CTX_OUTPUT_JSON);
        assert_int_equal(nft_run_cmd_from_buffer(context_, "list ruleset"), 0);
        return nft_ctx_get_output_buffer(context_);
    }

  private:
    nft_ctx* context_;
};

Packet packet(bool v6, const char* protocol, std::uint16_t port) {
    return *Packet::read("eth0", v6 ? "fd09::/64" : "10.9.0.0/24", v6 ? "fd09::1" : "10.9.0.1",
                         protocol, port);
}

struct Name {
    sockaddr_in6 storage{};
    socklen_t size = 0;
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Name name_of(const Ip& address, std::uint16_t port) {
    Name name;
    if (!address.v4()) {
        name.storage.sin6_family = AF_INET6;
        name.storage.sin6_port = htons(port);
        std::memcpy(&name.storage.sin6_addr, address.octets.data(), 16);
        name.size = sizeof name.storage;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(name.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, address.octets.data(), 4);
        name.size = sizeof v4;
    }
    return name;
}

bool readable(const Fd& fd, short events) {
    pollfd wait{fd.get(), events, 0};
    return ::poll(&wait, 1, patience) > 0;
}

bool connects(const Packet& packet) {
    const Name to = name_of(packet.destination, packet.port);
    const int family = to.storage.sin6_family;
    enter(host);
    const Fd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(::bind(listener.get(), to.get(), to.size), 0);
    assert_int_equal(::listen(listener.get(), 1), 0);
    enter(peer);
    const Fd client(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(client.get(), to.get(), to.size);
    int error = EINPROGRESS;
    socklen_t size = sizeof error;
    if (readable(client, POLLOUT)) ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    enter(host);
    return error == 0;
}

bool arrives(const Packet& packet) {
    const Name to = name_of(packet.destination, packet.port);
    enter(host);
    const Fd receiver(::socket(to.storage.sin6_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    assert_int_equal(::bind(receiver.get(), to.get(), to.size), 0);
    enter(peer);
    const Fd sender(::socket(to.storage.sin6_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    assert_int_equal(::sendto(sender.get(), "x", 1, 0, to.get(), to.size), 1);
    enter(host);
    return readable(receiver, POLLIN);
}

bool echoes(const Packet& packet) {
    const Name to = name_of(packet.destination, 0);
    const bool v6 = to.storage.sin6_family == AF_INET6;
    enter(peer);
    const Fd socket(::socket(to.storage.sin6_family, SOCK_RAW | SOCK_CLOEXEC,
                             v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP));
    ::connect(socket.get(), to.get(), to.size);
    // Of a new connection, for who keeps track of them; with it the sum of the words is FFFF.
    static std::uint8_t number = 0;
    ++number;
    const std::array<std::uint8_t, 8> request{static_cast<std::uint8_t>(v6 ? 128 : 8),  0, 0xf7,
                                              static_cast<std::uint8_t>(0xff - number), 0, number};
    ::send(socket.get(), request.data(), request.size(), 0);
    bool answered = false;
    while (!answered && readable(socket, POLLIN)) {
        std::array<std::uint8_t, 256> reply{};
        const ssize_t got = ::recv(socket.get(), reply.data(), reply.size(), 0);
        if (got < 0) break;
        answered = v6 ? reply[0] == 129 : got >= 28 && reply[20] == 0;
    }
    enter(host);
    return answered;
}

struct Traffic {
    const char* name;
    Packet packet;
    bool (*comes_in)(const Packet&);
};

const std::vector<Traffic>& traffic() {
    static const std::vector<Traffic> all{
        {"TCP 3343", packet(false, "tcp", 3343), connects},
        {"UDP 3343", packet(false, "udp", 3343), arrives},
        {"TCP 135", packet(false, "tcp", 135), connects},
        {"echo", packet(false, "echo", 0), echoes},
        {"TCP 445 over IPv6", packet(true, "tcp", 445), connects},
        {"echo over IPv6", packet(true, "echo", 0), echoes},
    };
    return all;
}

// `exact`: each judgement is the truth; else only a yes has to be. Without neighbour discovery
// nothing arrives over IPv6, whatever the rules say of it.
void judge(const std::vector<std::string>& rules, const std::string& expected, bool exact = true) {
    Nftables nftables;
    nftables.run("flush ruleset");
    nftables.run("add table inet f { chain in { type filter hook input priority 0; policy drop; }; "
                 "chain sub { }; }");
    nftables.run("add rule inet f in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } "
                 "accept");
    for (const std::string& rule : rules)
        nftables.run(rule.starts_with("add ") ? rule : "add rule inet f " + rule);
    const std::string json = nftables.list();
    const auto set = RuleSet::parse(json);
    assert_ok(set);
    std::string found;
    for (const Traffic& each : traffic()) {
        const Judgement judgement = set->judge(each.packet);
        found += judgement.allowed ? 'y' : 'n';
        patience = judgement.allowed ? kPatienceForYes : kPatienceForNo;
        const bool truth = each.comes_in(each.packet);
        if (judgement.allowed && !truth)
            fail_msg("%s does not come in: %s", each.name, json.c_str());
        if (exact && truth && !judgement.allowed)
            fail_msg("%s comes in, and was judged: %s: %s", each.name, judgement.reason.c_str(),
                     json.c_str());
    }
    nftables.run("flush ruleset");
    if (found != expected)
        fail_msg("expected %s, found %s: %s", expected.c_str(), found.c_str(), json.c_str());
}

// Of the traffic above, in its order: TCP 3343, UDP 3343, TCP 135, echo, IPv6 TCP 445, IPv6 echo.

void ports_are_judged(void**) {
    judge({}, "nnnnnn");
    judge({"in accept"}, "yyyyyy");
    judge({"in tcp dport 3343 accept"}, "ynnnnn");
    judge({"in tcp dport { 135, 445, 3000-4000 } accept"}, "ynynyn");
    judge({"in tcp dport != 135 accept"}, "ynnnyn");
    judge({"in tcp dport >= 445 counter accept"}, "ynnnyn");
    judge({"in meta l4proto { tcp, udp } th dport 3343 accept"}, "yynnnn");
    judge({"in ip protocol tcp accept"}, "ynynnn");
    judge({"in meta l4proto tcp accept"}, "ynynyn");
}

void icmp_is_judged(void**) {
    judge({"in icmp type echo-request accept"}, "nnnynn");
    judge({"in icmpv6 type echo-request accept"}, "nnnnny");
    judge({"in icmp type { echo-request, destination-unreachable } accept",
           "in meta l4proto ipv6-icmp accept"},
          "nnnyny");
    judge({"in icmp type echo-request limit rate 1/hour accept"}, "nnnnnn", false);
}

void interfaces_and_addresses_are_judged(void**) {
    judge({"in iifname \"eth0\" accept"}, "yyyyyy");
    judge({"in iifname \"et*\" accept"}, "yyyyyy");
    judge({"in iif eth0 accept"}, "yyyyyy");
    judge({"in iifname lo accept"}, "nnnnnn");
    judge({"in iifname != \"lo\" ip daddr 127.0.0.0/8 drop", "in accept"}, "yyyyyy");
    judge({"in ip saddr 10.9.0.0/16 accept"}, "yyyynn");
    judge({"in ip saddr != 10.9.0.0/16 accept"}, "nnnnnn");
    judge({"in ip saddr 10.9.0.2 accept"}, "nnnnnn", false);
    judge({"in ip6 saddr fd00::/8 accept"}, "nnnnyy");
    judge({"in ip daddr 10.9.0.1 tcp dport 3343 accept"}, "ynnnnn");
    judge({"in ip saddr . tcp dport { 10.9.0.0/24 . 3343, 10.8.0.0/16 . 135 } accept"}, "ynnnnn");
    judge({"in meta nfproto ipv6 accept"}, "nnnnyy");
    judge({"in meta pkttype host accept"}, "yyyyyy");
}

void the_state_of_a_connection_is_judged(void**) {
    judge({"in ct state established,related accept", "in ct state invalid drop",
           "in tcp dport 3343 ct state new accept"},
          "ynnnnn");
    judge({"in ct state vmap { established : accept, related : accept, invalid : drop }",
           "in accept"},
          "yyyyyy");
    judge({"in ct state { new, untracked } tcp dport 135 accept", "in ct state established accept"},
          "nnynnn");
    judge({"in ct state != new drop", "in ip protocol udp accept"}, "nynnnn");
    judge({"in tcp flags & (fin | syn) == fin | syn drop", "in meta l4proto tcp accept"}, "ynynyn");
}

void sets_and_maps_are_judged(void**) {
    judge({"add set inet f open { type inet_service; flags interval; elements = { 100-200, 3343 "
           "}; }",
           "in tcp dport @open accept"},
          "ynynnn");
    judge({"add map inet f ways { type inet_service : verdict; elements = { 3343 : accept, 135 : "
           "goto sub }; }",
           "in tcp dport vmap @ways", "sub accept"},
          "ynynnn");
    judge({"add set inet f bad { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }",
           "in ip saddr @bad drop", "in accept"},
          "yyyyyy");
    judge({"add set inet f open { type inet_service; flags timeout; elements = { 3343 timeout 1h "
           "}; }",
           "in tcp dport @open accept"},
          "ynnnnn");
    judge({"add set inet f empty { type inet_service; }", "in tcp dport @empty accept"}, "nnnnnn");
    judge({"add set inet f seen { type ipv4_addr; flags dynamic; }",
           "in udp dport 9 add @seen { ip saddr }", "in ip saddr @seen drop", "in accept"},
          "nnnnyy", false);
}

void what_is_for_all_others_is_judged(void**) {
    judge({"in meta l4proto vmap { tcp : accept, * : drop }", "in accept"}, "ynynyn");
    judge({"in tcp dport vmap { 3343 : accept, * : drop }", "in accept"}, "yynyny");
    judge({"in iifname vmap { \"lo\" : drop, * : jump sub }", "sub tcp dport 135 accept"},
          "nnynnn");
    judge({"in ip saddr vmap { 10.9.0.2 : drop, * : accept }"}, "nnnnnn", false);
    judge({"in icmp type vmap { echo-reply : accept, * : drop }", "in accept"}, "yyynyy");
    judge({"add set inet f every { type inet_proto; elements = { tcp, * }; }",
           "in meta l4proto @every drop", "in accept"},
          "nnnnnn");
}

void before_connections_are_tracked_no_state_is_new(void**) {
    const std::string early = "add chain inet f early { type filter hook prerouting priority ";
    judge({early + "-300; }", "early ct state invalid drop", "in accept"}, "nnnnnn");
    judge({early + "-300; policy drop; }", "early ct state new accept", "in accept"}, "nnnnnn");
    judge({early + "-150; }", "early ct state invalid drop", "in accept"}, "yyyyyy");
}

void chains_are_walked(void**) {
    judge({"in iifname vmap { \"lo\" : accept, \"eth0\" : jump sub }", "sub tcp dport 3343 accept",
           "sub udp dport 3343 return", "sub drop", "in udp dport 3343 accept"},
          "yynnnn");
    judge({"in goto sub", "sub tcp dport 135 accept", "in accept"}, "nnynnn");
    judge({"in tcp dport 3343 reject", "in accept"}, "nyyyyy");
    judge({"in tcp dport 3343 log prefix \"seen \" drop", "in accept"}, "nyyyyy");
    judge({"add chain inet f early { type filter hook prerouting priority -300; }",
           "early udp dport 3343 drop", "in accept"},
          "ynyyyy");
    judge(
        {"add table netdev d { chain i { type filter hook ingress device \"eth0\" priority 0; tcp "
         "dport 135 drop; }; }",
         "in accept"},
        "yynyyy");
    judge({"add chain inet f nat { type nat hook prerouting priority -100; }",
           "nat tcp dport 135 redirect to :9", "in accept"},
          "yynyyy");
}

void anti_spoofing_is_judged(void**) {
    judge({"in fib saddr . iif oif missing drop", "in fib daddr type local accept"}, "yyyyyy");
    judge({"in fib daddr type != local drop", "in accept"}, "yyyyyy");
}

void what_is_not_known_is_a_no(void**) {
    judge({"in meta mark 0 accept"}, "nnnnnn", false);
    judge({"in meta mark 7 drop", "in accept"}, "nnnnnn", false);
    judge({"in tcp sport > 1023 accept"}, "nnnnnn", false);
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_judged),
        cmocka_unit_test(icmp_is_judged),
        cmocka_unit_test(interfaces_and_addresses_are_judged),
        cmocka_unit_test(the_state_of_a_connection_is_judged),
        cmocka_unit_test(sets_and_maps_are_judged),
        cmocka_unit_test(what_is_for_all_others_is_judged),
        cmocka_unit_test(before_connections_are_tracked_no_state_is_new),
        cmocka_unit_test(chains_are_walked),
        cmocka_unit_test(anti_spoofing_is_judged),
        cmocka_unit_test(what_is_not_known_is_a_no),
    };
    return cmocka_run_group_tests(tests, make_networks, nullptr);
}
