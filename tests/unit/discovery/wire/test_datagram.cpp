// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/datagram.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

Datagram example() {
    Datagram datagram;
    datagram.type = Datagram::Type::DirectGroup;
    datagram.id = 0x1234;
    datagram.source_address = 0x0a000001;
    datagram.source = workstation_name("client");
    datagram.destination = workstation_name("workgroup");
    datagram.data = {1, 2, 3};
    return datagram;
}

Octets made() {
    const auto packet = make_datagram(example());
    assert_ok(packet);
    return *packet;
}

void the_header_is_as_rfc_1002_draws_it(void**) {
    const auto packet = made();
    const std::uint8_t header[] = {0x11, 0x02, 0x12, 0x34, 10, 0, 0, 1, 0, 138, 0, 71, 0, 0};
    assert_memory_equal(packet.data(), header, sizeof header);
    assert_int_equal(packet.size(), sizeof header + 34 + 34 + 3);
}

void a_datagram_comes_back_as_it_was(void**) {
    for (const auto type :
         {Datagram::Type::DirectUnique, Datagram::Type::DirectGroup, Datagram::Type::Broadcast}) {
        auto datagram = example();
        datagram.type = type;
        const auto packet = make_datagram(datagram);
        assert_ok(packet);
        const auto parsed = parse_datagram(*packet);
        assert_ok(parsed);
        assert_true(*parsed == datagram);
    }
}

void what_is_behind_the_length_is_cut_off(void**) {
    auto packet = made();
    packet.push_back(9);
    const auto parsed = parse_datagram(packet);
    assert_ok(parsed);
    assert_int_equal(parsed->data.size(), 3);
}

void each_shorter_packet_is_refused(void**) {
    const auto packet = made();
    for (std::size_t size = 0; size < packet.size(); ++size)
        assert_false(parse_datagram(OctetView(packet).first(size)).has_value());
}

void a_length_that_ends_within_a_name_is_refused(void**) {
    for (int length = 0; length < 68; ++length) {
        auto packet = made();
        packet[11] = static_cast<std::uint8_t>(length);
        assert_false(parse_datagram(packet).has_value());
    }
}

void fragments_are_refused(void**) {
    for (const int flags : {0x00, 0x01, 0x03, 0x0d}) {
        auto packet = made();
        packet[1] = static_cast<std::uint8_t>(flags);
        const auto parsed = parse_datagram(packet);
        assert_false(parsed.has_value());
        assert_contains(parsed.error().message(), "fragment");
    }
    auto packet = made();
    packet[13] = 1; // an offset
    assert_false(parse_datagram(packet).has_value());
}

void every_type_of_node_may_send(void**) {
    for (const int node : {0x02, 0x06, 0x0a, 0x0e}) {
        auto packet = made();
        packet[1] = static_cast<std::uint8_t>(node);
        assert_ok(parse_datagram(packet));
    }
}

void other_kinds_are_refused(void**) {
    for (int type = 0; type < 256; ++type) {
        auto packet = made();
        packet[0] = static_cast<std::uint8_t>(type);
        assert_int_equal(parse_datagram(packet).has_value(), type >= 0x10 && type <= 0x12);
    }
}

void a_packet_has_576_bytes_at_most(void**) {
    auto datagram = example();
    datagram.data.assign(576 - 14 - 68, 7);
    const auto packet = make_datagram(datagram);
    assert_ok(packet);
    assert_int_equal(packet->size(), 576);
    datagram.data.push_back(7);
    assert_false(make_datagram(datagram).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_header_is_as_rfc_1002_draws_it),
        cmocka_unit_test(a_datagram_comes_back_as_it_was),
        cmocka_unit_test(what_is_behind_the_length_is_cut_off),
        cmocka_unit_test(each_shorter_packet_is_refused),
        cmocka_unit_test(a_length_that_ends_within_a_name_is_refused),
        cmocka_unit_test(fragments_are_refused),
        cmocka_unit_test(every_type_of_node_may_send),
        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(a_packet_has_576_bytes_at_most),
    };
    return cmocka_run_group_tests_name("NetBIOS datagrams", tests, nullptr, nullptr);
}
