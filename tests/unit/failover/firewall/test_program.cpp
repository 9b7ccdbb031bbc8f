// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-firewall as ipfailoverd asks it, in a network namespace of this test's own. Needs root.
#include "failover/firewall/packet.hpp"

#include "tests/unit/common/service/activated.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <nftables/libnftables.h>

using namespace mpapi;
using namespace mpapi::failover::firewall;

namespace {

Packet tcp(std::uint16_t port) {
    auto packet = Packet::read("eth0", "192.0.2.0/24", "192.0.2.1", "tcp", port);
    assert_ok(packet);
    return *packet;
}

void packets_are_judged_by_the_rules_of_this_network(void**) {
    nft_ctx* nftables = nft_ctx_new(NFT_CTX_DEFAULT);
    assert_int_equal(
        nft_run_cmd_from_buffer(nftables, "add table inet seen { chain in { type filter hook input "
                                          "priority 0; policy drop; tcp dport 3343 accept; }; }"),
        0);
    nft_ctx_free(nftables);
    Folder folder;
    Activated program(folder, {mpapi::program("MPAPI_FIREWALL")});
    const std::vector<Packet> packets{tcp(3343), tcp(445), tcp(3343)};
    const auto answer = program.ask(question(packets));
    assert_ok(answer);
    const auto judgements = read_answer(*answer, packets.size());
    assert_ok(judgements);
    assert_true((*judgements)[0] == (Judgement{true, ""}));
    assert_true((*judgements)[1] == (Judgement{false, "inet seen in: policy drop"}));
    assert_true((*judgements)[2].allowed);
    const auto none = program.ask("");
    assert_ok(none);
    assert_true(none->empty());
}

void a_question_that_is_none_is_refused(void**) {
    Folder folder;
    Activated program(folder, {mpapi::program("MPAPI_FIREWALL")});
    for (const std::string& question :
         {std::string("x"), std::string("eth0 192.0.2.0/24 192.0.2.1 tcp x\n"),
          std::string("eth0 192.0.2.0/24 2001:db8::1 tcp 1\n"), std::string(5u << 20, '\n')})
        assert_false(program.ask(question).has_value());
}

} // namespace

int main() {
    test::own_namespaces(CLONE_NEWNET);
    const CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_judged_by_the_rules_of_this_network),
        cmocka_unit_test(a_question_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
