// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/arp/packet.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi::failover;

namespace {

using Bytes = std::vector<std::uint8_t>;

const HardwareAddress kOwn = *HardwareAddress::parse("02:00:00:00:00:0a");

const Ip kAddress = *Ip::parse("192.0.2.7");

Bytes without_mark(Bytes bytes) {
    bytes.resize(bytes.size() - kMark.size());
    return bytes;
}

void a_probe_has_no_sender_address(void**) {
    const Bytes expected{0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0,   0, 0, 0xa,
                         0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 7};
    const Bytes sent = arp::encode(arp::probe(kAddress, kOwn, 1));
    assert_true(without_mark(sent) == expected);
    assert_int_equal(sent.size(), 46); // the least that an Ethernet frame carries
}

void an_announcement_by_request_asks_for_the_address_itself(void**) {
    const Bytes expected{0,   1, 8, 0, 6, 4, 0, 1, 2, 0, 0,   0, 0, 0xa,
                         192, 0, 2, 7, 0, 0, 0, 0, 0, 0, 192, 0, 2, 7};
    const auto packet = arp::announcement(kAddress, kOwn, 1, arp::Operation::Request);
    assert_true(without_mark(arp::encode(packet)) == expected);
}

void an_announcement_by_reply_has_the_sender_as_its_target(void**) {
    const auto packet = arp::announcement(kAddress, kOwn, 1, arp::Operation::Reply);
    assert_true(packet.operation == arp::Operation::Reply);
    assert_true(packet.target == kOwn && packet.sender == kOwn);
    assert_true(packet.target_ip == kAddress && packet.sender_ip == kAddress);
    assert_int_equal(arp::encode(packet)[7], 2);
}

void what_is_written_is_read(void**) {
    const auto infiniband =
        *HardwareAddress::parse("80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:0f:b5:11");
    for (const auto& packet :
         {arp::probe(kAddress, kOwn, 1),
          arp::announcement(kAddress, kOwn, 1, arp::Operation::Reply),
          arp::announcement(kAddress, infiniband, 32, arp::Operation::Request)}) {
        const auto read = arp::parse(arp::encode(packet));
        assert_true(read.has_value());
        assert_true(*read == packet);
    }
}

void padding_is_no_mark(void**) {
    Bytes bytes = without_mark(arp::encode(arp::probe(kAddress, kOwn, 1)));
    assert_false(arp::parse(bytes)->marked);
    bytes.resize(46);
    assert_false(arp::parse(bytes)->marked);
}

void a_cut_packet_is_none(void**) {
    const Bytes whole = without_mark(arp::encode(arp::probe(kAddress, kOwn, 1)));
    for (std::size_t size = 0; size < whole.size(); ++size)
        if (arp::parse(std::span(whole).first(size))) fail_msg("%zu bytes were taken", size);
}

void what_is_no_arp_for_ipv4_is_ignored(void**) {
    const Bytes whole = arp::encode(arp::probe(kAddress, kOwn, 1));
    const std::pair<std::size_t, std::uint8_t> changes[] = {
        {2, 0x86}, {3, 0xdd}, {4, 0}, {4, 21}, {4, 255}, {5, 6}, {5, 16}, {6, 1}, {7, 0}, {7, 3}};
    for (const auto& [place, value] : changes) {
        Bytes changed = whole;
        changed[place] = value;
        if (arp::parse(changed)) fail_msg("byte %zu as %u was taken", place, value);
    }
}

void a_sender_with_an_address_claims_it(void**) {
    for (const auto form : {arp::Operation::Request, arp::Operation::Reply}) {
        const auto claim = arp::claim_of(arp::announcement(kAddress, kOwn, 1, form));
        assert_true(claim && claim->kind == Claim::Kind::Use);
        assert_true(claim->address == kAddress && claim->from == kOwn && claim->marked);
    }
    // An ordinary question for somebody else.
    auto question = arp::announcement(kAddress, kOwn, 1, arp::Operation::Request);
    question.target_ip = *Ip::parse("192.0.2.1");
    question.marked = false;
    const auto claim = arp::claim_of(question);
    assert_true(claim && claim->address == kAddress && !claim->marked);
}

// As Linux does it (net/ipv4/arp.c, arp_process).
void who_has_no_address_is_answered_without_one(void**) {
    arp::Packet packet{1, arp::Operation::Reply, kOwn, kOwn, kAddress, Ip{}, false};
    assert_true(arp::claim_of(packet)->kind == Claim::Kind::Use);
    assert_true(arp::claim_of(packet)->answer);
    packet.operation = arp::Operation::Request;
    assert_false(arp::claim_of(packet)->answer);
    packet = {1, arp::Operation::Reply, kOwn, kOwn, kAddress, *Ip::parse("192.0.2.1"), false};
    assert_false(arp::claim_of(packet)->answer);
    packet = arp::announcement(kAddress, kOwn, 1, arp::Operation::Reply);
    assert_false(arp::claim_of(packet)->answer);
}

void a_probe_wants_its_target(void**) {
    const auto claim = arp::claim_of(arp::probe(kAddress, kOwn, 1));
    assert_true(claim && claim->kind == Claim::Kind::Probe);
    assert_true(claim->address == kAddress && claim->from == kOwn);
}

void what_names_no_address_claims_none(void**) {
    auto packet = arp::probe(Ip{}, kOwn, 1);
    assert_false(arp::claim_of(packet).has_value());
    packet = arp::probe(kAddress, kOwn, 1);
    packet.operation = arp::Operation::Reply;
    assert_false(arp::claim_of(packet).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_has_no_sender_address),
        cmocka_unit_test(an_announcement_by_request_asks_for_the_address_itself),
        cmocka_unit_test(an_announcement_by_reply_has_the_sender_as_its_target),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(padding_is_no_mark),
        cmocka_unit_test(a_cut_packet_is_none),
        cmocka_unit_test(what_is_no_arp_for_ipv4_is_ignored),
        cmocka_unit_test(a_sender_with_an_address_claims_it),
        cmocka_unit_test(who_has_no_address_is_answered_without_one),
        cmocka_unit_test(a_probe_wants_its_target),
        cmocka_unit_test(what_names_no_address_claims_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
