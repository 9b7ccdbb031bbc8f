// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall/packet.hpp"

#include "tests/unit/cmocka.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::failover::firewall;

namespace {

constexpr char kOne[] = "eth0 192.0.2.0/24 192.0.2.1 tcp 1\n";

void a_packet_is_read_and_said_the_same_way(void**) {
    const std::string asked = "eth0 192.0.2.0/24 192.0.2.1 tcp 3343\n"
                              "bond0.8 2001:db8::/64 2001:db8::1 udp 65535\n"
                              "lo 0.0.0.0/0 127.0.0.1 echo 0\n";
    const auto packets = read_question(asked);
    assert_ok(packets);
    assert_int_equal(packets->size(), 3);
    assert_text_equal(packets->at(1).adapter, "bond0.8");
    assert_int_equal(packets->at(1).source.length, 64);
    assert_true(packets->at(2).protocol == Protocol::Echo);
    assert_text_equal(question(*packets), asked);
    assert_true(read_question("")->empty());
}

void what_is_no_packet_is_refused(void**) {
    struct Case {
        std::string adapter;
        const char* source;
        const char* destination;
        const char* protocol;
        std::uint16_t port;
    };
    for (const Case& each : {
             Case{"", "192.0.2.0/24", "192.0.2.1", "tcp", 1},
             {"a b", "192.0.2.0/24", "192.0.2.1", "tcp", 1},
             {"a\nb", "192.0.2.0/24", "192.0.2.1", "tcp", 1},
             {"a/b", "192.0.2.0/24", "192.0.2.1", "tcp", 1},
             {"..", "192.0.2.0/24", "192.0.2.1", "tcp", 1},
             {std::string(200, 'x'), "192.0.2.0/24", "192.0.2.1", "tcp", 1},
             {"eth0", "192.0.2.0", "192.0.2.1", "tcp", 1},
             {"eth0", "192.0.2.0/33", "192.0.2.1", "tcp", 1},
             {"eth0", "192.0.2.0/-1", "192.0.2.1", "tcp", 1},
             {"eth0", "192.0.2.0/24", "192.0.2", "tcp", 1},
             {"eth0", "192.0.2.0/24", "2001:db8::1", "tcp", 1},
             {"eth0", "192.0.2.0/24", "192.0.2.1", "sctp", 1},
             {"eth0", "192.0.2.0/24", "192.0.2.1", "", 1},
             {"eth0", "192.0.2.0/24", "192.0.2.1", "tcp", 0},
             {"eth0", "192.0.2.0/24", "192.0.2.1", "echo", 7},
         }) {
        const auto packet =
            Packet::read(each.adapter, each.source, each.destination, each.protocol, each.port);
        if (packet)
            fail_msg("taken: %s %s %s %s %u", each.adapter.c_str(), each.source, each.destination,
                     each.protocol, each.port);
        assert_int_equal(packet.error().errnum, EINVAL);
    }
}

void too_many_packets_are_refused(void**) {
    std::string asked;
    for (std::size_t i = 0; i < kMostPackets; ++i)
        asked += kOne;
    assert_ok(read_question(asked));
    assert_int_equal(read_question(asked + kOne).error().errnum, E2BIG);
}

void judgements_come_back_in_their_order(void**) {
    const std::vector<Judgement> judgements{{true, ""}, {false, "inet t in: policy drop"}};
    const auto read = read_answer(answer(judgements), 2);
    assert_ok(read);
    assert_true(*read == judgements);
    assert_false(read_answer(answer(judgements), 1).has_value());
    assert_false(read_answer(answer(judgements), 3).has_value());
    assert_false(read_answer("?\n", 1).has_value());
    assert_false(read_answer("+x\n", 1).has_value());
}

// The names of chains are anybody's who may write rules.
void a_reason_is_one_line_and_not_long(void**) {
    const std::vector<Judgement> odd{{false, "a\nb\xff" + std::string(1000, 'c')}};
    const auto read = read_answer(answer(odd), 1);
    assert_ok(read);
    const std::string& reason = read->at(0).reason;
    assert_true(reason.size() < 300);
    assert_true(reason.starts_with("a\\x0ab\xef\xbf\xbd"));
    assert_text_equal(read_answer("-\xff\n", 1)->at(0).reason, "\xef\xbf\xbd");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_is_read_and_said_the_same_way),
        cmocka_unit_test(what_is_no_packet_is_refused),
        cmocka_unit_test(too_many_packets_are_refused),
        cmocka_unit_test(judgements_come_back_in_their_order),
        cmocka_unit_test(a_reason_is_one_line_and_not_long),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
