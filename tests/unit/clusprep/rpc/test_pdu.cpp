// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/pdu.hpp"

#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

constexpr SyntaxId some_id = {"12108a88-6858-4467-b92f-e6cf4568dfb6"_guid, 1, 2};

void assert_header_refused(const char* dump, const char* reason) {
    const auto header = parse_header(bytes_of(dump));
    assert_false(header.has_value());
    assert_contains(header.error().message(), reason);
}

Bytes body_of(const std::vector<std::uint8_t>& pdu) {
    return Bytes(pdu).subspan(header_size);
}

template <typename Parse>
void assert_refused_when_cut(const std::vector<std::uint8_t>& body, std::size_t whole,
                             Parse parse) {
    for (std::size_t size = 0; size < whole; ++size) {
        const std::vector<std::uint8_t> cut(body.begin(), body.begin() + static_cast<int>(size));
        if (parse(cut)) fail_msg("read when cut to %zu bytes", size);
    }
}

void a_header_is_read_as_it_was_written(void**) {
    Header header{PduType::Request, pfc::first | pfc::object, 0, 16, 0x01020304, 1};
    std::vector<std::uint8_t> pdu(40);
    store_header(pdu, header);
    assert_bytes_equal(Bytes(pdu).first(16), bytes_of("05 01 00 81 10000000 3800 1000 04030201"));
    const auto again = parse_header(pdu);
    assert_ok(again);
    header.frag_length = 56;
    assert_true(*again == header);
}

void a_header_of_another_kind_is_refused(void**) {
    assert_header_refused("05 00 0b 03 10000000 1000 0000 000000", "15 bytes of 16");
    assert_header_refused("04 00 0b 03 10000000 1000 0000 00000001", "version 4.0");
    assert_header_refused("05 02 0b 03 10000000 1000 0000 00000001", "version 5.2");
    assert_header_refused("05 00 0b 03 00000000 0010 0000 01000000", "not little-endian");
    assert_header_refused("05 00 0b 03 11000000 1000 0000 01000000", "ASCII");
    assert_header_refused("05 00 0b 03 10010000 1000 0000 01000000", "IEEE");
    assert_header_refused("05 00 01 03 10000000 1000 0000 01000000", "PDU type 1");
    assert_header_refused("05 00 14 03 10000000 1000 0000 01000000", "PDU type 20");
}

void lengths_that_do_not_hold_each_other_are_refused(void**) {
    assert_header_refused("05 00 0b 03 10000000 0f00 0000 01000000", "frag_length 15");
    assert_header_refused("05 00 0b 03 10000000 1800 0100 01000000", "auth_length 1");
    assert_header_refused("05 00 0b 03 10000000 ffff f0ff 01000000", "auth_length 65520");
    assert_ok(parse_header(bytes_of("05 00 0b 03 10000000 1900 0100 01000000")));
}

void a_verifier_stands_at_the_end(void**) {
    std::vector<std::uint8_t> pdu(24);
    append_trailer(pdu, {10, 6, 8, 7});
    pdu.insert(pdu.end(), {1, 2, 3});
    const Header header{PduType::Request, pfc::whole, 35, 3, 1, 0};
    const auto found = parse_verifier(header, pdu);
    assert_ok(found);
    assert_true((*found)->trailer == SecTrailer({10, 6, 8, 7}));
    assert_int_equal((*found)->offset, 24);
    assert_bytes_equal((*found)->value, bytes_of("010203"));
    pdu[26] = 9;
    assert_false(parse_verifier(header, pdu).has_value());
    const auto none = parse_verifier({PduType::Request, pfc::whole, 35, 0, 1, 0}, pdu);
    assert_ok(none);
    assert_false(none->has_value());
}

void a_bind_is_read_as_it_was_written(void**) {
    const Bind bind{
        4280, 5840, 0x1234, {{0, some_id, {ndr_syntax}}, {7, some_id, {ndr_syntax, ndr64_syntax}}}};
    const auto pdu = build_bind(bind);
    const auto again = parse_bind(body_of(pdu));
    assert_ok(again);
    assert_true(*again == bind);
    const std::vector<std::uint8_t> body(pdu.begin() + header_size, pdu.end());
    assert_refused_when_cut(body, body.size(), parse_bind);
}

void what_is_behind_the_counted_items_of_a_bind_is_not_looked_at(void**) {
    auto pdu = build_bind({4280, 5840, 0, {{0, some_id, {ndr_syntax}}}});
    for (const std::size_t more : {1u, 15u, 44u}) {
        pdu.resize(pdu.size() + more, 0xff);
        const auto parsed = parse_bind(body_of(pdu));
        assert_ok(parsed);
        assert_int_equal(parsed->items.size(), 1);
    }
}

void counts_beyond_a_bind_are_refused(void**) {
    auto pdu = build_bind({4280, 5840, 0, {{0, some_id, {ndr_syntax}}}});
    auto more_items = pdu;
    more_items[24] = 255;
    assert_false(parse_bind(body_of(more_items)).has_value());
    auto more_syntaxes = pdu;
    more_syntaxes[30] = 255;
    assert_false(parse_bind(body_of(more_syntaxes)).has_value());
}

void a_bind_ack_is_read_as_it_was_written(void**) {
    for (const char* const address : {"", "135", "49700"}) {
        const BindAck ack{5840, 4280, 9, address, {{0, 0, ndr_syntax}, {2, 2, {}}, {3, 1, {}}}};
        const auto pdu = build_bind_ack(ack);
        const auto again = parse_bind_ack(body_of(pdu));
        assert_ok(again);
        assert_true(*again == ack);
        const std::vector<std::uint8_t> body(pdu.begin() + header_size, pdu.end());
        assert_refused_when_cut(body, body.size(), parse_bind_ack);
    }
    const auto first = build_bind_ack({5840, 4280, 9, "135", {{0, 0, ndr_syntax}}});
    assert_bytes_equal(body_of(first),
                       bytes_of("d016 b810 09000000 0400 31333500 0000 01000000"
                                "0000 0000 045d888aeb1cc9119fe808002b104860 02000000"));
}

void a_secondary_address_beyond_a_bind_ack_is_refused(void**) {
    auto pdu = build_bind_ack({5840, 4280, 9, "135", {{0, 0, ndr_syntax}}});
    pdu[24] = 0xff;
    pdu[25] = 0xff;
    assert_false(parse_bind_ack(body_of(pdu)).has_value());
}

void a_bind_nak_has_a_reason_and_versions(void**) {
    const auto pdu = build_bind_nak({BindNak::version_unsupported});
    assert_bytes_equal(body_of(pdu), bytes_of("0400 02 0500 0501 00"));
    assert_int_equal(parse_bind_nak(body_of(pdu))->reason, 4);
    assert_false(parse_bind_nak(bytes_of("04")).has_value());
}

void a_request_may_have_an_object(void**) {
    std::vector<std::uint8_t> pdu(44);
    store_header(pdu, {PduType::Request, pfc::whole, 0, 0, 1, 0});
    store(std::span(pdu), 16, std::uint32_t{20});
    store(std::span(pdu), 20, std::uint16_t{3});
    store(std::span(pdu), 22, std::uint16_t{5});
    const auto plain = parse_request(*parse_header(pdu), pdu);
    assert_ok(plain);
    assert_int_equal(plain->context, 3);
    assert_int_equal(plain->opnum, 5);
    assert_int_equal(plain->stub, 24);
    assert_false(plain->object.has_value());
    const auto guid = ndr::guid_bytes(some_id.uuid);
    std::copy(guid.begin(), guid.end(), pdu.begin() + 24);
    pdu[3] |= pfc::object;
    const auto with_object = parse_request(*parse_header(pdu), pdu);
    assert_ok(with_object);
    assert_int_equal(with_object->stub, 40);
    assert_true(with_object->object == some_id.uuid);
    pdu.resize(39);
    store_header(pdu, {PduType::Request, pfc::whole | pfc::object, 0, 0, 1, 0});
    assert_false(parse_request(*parse_header(pdu), pdu).has_value());
}

void a_verifier_inside_the_head_of_a_request_is_refused(void**) {
    // 44 bytes, of which sec_trailer and value take 25: the body ends within the header's fields.
    std::vector<std::uint8_t> pdu(44);
    store_header(std::span(pdu).first(27), {PduType::Request, pfc::whole, 0, 17, 1, 0});
    assert_false(parse_request(*parse_header(pdu), pdu).has_value());
    assert_false(parse_response(*parse_header(pdu), pdu).has_value());
    assert_false(parse_fault(*parse_header(pdu), pdu).has_value());
}

void a_fault_has_a_status(void**) {
    const auto pdu = build_fault({PduType::Fault, pfc::whole, 0, 0, 7, 0}, {2, 5});
    assert_bytes_equal(pdu, bytes_of("05 00 03 03 10000000 2000 0000 07000000"
                                     "20000000 0200 00 00 05000000 00000000"));
    const auto again = parse_fault(*parse_header(pdu), pdu);
    assert_ok(again);
    assert_int_equal(again->status, 5);
    assert_int_equal(again->context, 2);
    std::vector<std::uint8_t> cut(pdu.begin(), pdu.begin() + 27);
    store_header(cut, {PduType::Fault, pfc::whole, 0, 0, 7, 0});
    assert_false(parse_fault(*parse_header(cut), cut).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_read_as_it_was_written),
        cmocka_unit_test(a_header_of_another_kind_is_refused),
        cmocka_unit_test(lengths_that_do_not_hold_each_other_are_refused),
        cmocka_unit_test(a_verifier_stands_at_the_end),
        cmocka_unit_test(a_bind_is_read_as_it_was_written),
        cmocka_unit_test(what_is_behind_the_counted_items_of_a_bind_is_not_looked_at),
        cmocka_unit_test(counts_beyond_a_bind_are_refused),
        cmocka_unit_test(a_bind_ack_is_read_as_it_was_written),
        cmocka_unit_test(a_secondary_address_beyond_a_bind_ack_is_refused),
        cmocka_unit_test(a_bind_nak_has_a_reason_and_versions),
        cmocka_unit_test(a_request_may_have_an_object),
        cmocka_unit_test(a_verifier_inside_the_head_of_a_request_is_refused),
        cmocka_unit_test(a_fault_has_a_status),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
