// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/activation_properties.hpp"

#include "bytes.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace mpapi::ndr::literals;

namespace {

constexpr auto storage_class = "c72b09db-4d53-4f41-8dcc-2d752ab56f7c"_guid;
constexpr auto storage_iid = "12108a88-6858-4467-b92f-e6cf4568dfb6"_guid;
constexpr auto setup_iid = "491260b5-05c9-40d9-b7f2-1f7bdae0927f"_guid;

// As impacket 0.10 makes it: four properties, padding of 0xfa, a serialized length without it.
const char* const foreign =
    "4d454f5704000000a201000000000000c0000000000000463803000000000000c0000000000000460000"
    "000078010000680100000000000001100800cccccccc88000000cccccccc680100009800000000000000"
    "02000000040000000000000000000000000000000000000091380000ffae00000000000004000000ab01"
    "000000000000c000000000000046a501000000000000c000000000000046a401000000000000c0000000"
    "00000046aa01000000000000c00000000000004604000000580000002800000020000000300000000110"
    "0800cccccccc44000000ccccccccdb092bc7534d414f8dcc2d752ab56f7c000000000000000000000000"
    "0100000000000000ddb00000000000000500070001000000888a101258686744b92fe6cf4568dfb6fafa"
    "fafa01100800cccccccc18000000cccccccc000000000000000000000000000000000000000000000000"
    "01100800cccccccc10000000cccccccc0000000000000000000000000000000001100800cccccccc1a00"
    "0000cccccccc000000009dcf0000000000000100aaaae81f0000010000000700fafafafafafa";

void the_request_of_a_foreign_client_is_read(void**) {
    const auto request = parse_activation_request(bytes_of(foreign));
    assert_ok(request);
    assert_true(request->clsid == storage_class);
    assert_int_equal(request->iids.size(), 1);
    assert_true(request->iids[0] == storage_iid);
    assert_int_equal(request->version.major, 5);
    assert_int_equal(request->protocols.size(), 1);
    assert_int_equal(request->protocols[0], 7);
}

void our_request_goes_there_and_back(void**) {
    const ActivationRequest request{storage_class, {5, 7}, {storage_iid, setup_iid}, {7}};
    const auto bytes = build_activation_request(request);
    assert_ok(bytes);
    assert_int_equal(bytes->size() % 8, 0);
    const auto read = parse_activation_request(*bytes);
    assert_ok(read);
    assert_true(*read == request);
}

ActivationReply a_reply() {
    const DualStringArray resolver{{{kTcpTower, "192.0.2.1"}, {kTcpTower, "node1"}}, {{10, ""}}};
    const DualStringArray exporter{{{kTcpTower, "192.0.2.1[49152]"}}, {{9, ""}, {16, ""}}};
    const StandardObject object{{0, 5, 1, 2, setup_iid}, resolver};
    return {{{storage_iid, kOk, object}, {setup_iid, kNoInterface, std::nullopt}},
            0x1122334455667788,
            exporter,
            storage_class,
            6,
            {5, 7}};
}

void our_reply_goes_there_and_back(void**) {
    const auto bytes = build_activation_reply(a_reply());
    assert_ok(bytes);
    const auto read = parse_activation_reply(*bytes);
    assert_ok(read);
    assert_true(*read == a_reply());
}

void a_request_that_is_cut_off_is_refused(void**) {
    const auto whole = bytes_of(foreign);
    parse_every_prefix(whole, [&](const Bytes& cut) {
        if (parse_activation_request(cut)) fail_msg("%zu bytes were read", cut.size());
    });
}

void a_reply_that_is_cut_off_is_refused(void**) {
    const auto whole = build_activation_reply(a_reply());
    assert_ok(whole);
    parse_every_prefix(*whole, [](const Bytes& cut) {
        if (parse_activation_reply(cut)) fail_msg("%zu bytes were read", cut.size());
    });
}

void a_request_is_no_reply(void**) {
    assert_contains(parse_activation_reply(bytes_of(foreign)).error().message(),
                    "not in a reference of their kind");
}

void assert_refused(Bytes bytes, std::size_t at, std::uint8_t byte, const char* reason) {
    bytes.at(at) = byte;
    const auto request = parse_activation_request(bytes);
    if (request) fail_msg("byte %zu = %u was read, expected: %s", at, byte, reason);
    assert_contains(request.error().message(), reason);
}

void lengths_that_lie_are_refused(void**) {
    const auto whole = bytes_of(foreign);
    assert_refused(whole, 49, 0xff, "shorter than their own size");     // dwSize
    assert_refused(whole, 77, 0x02, "header is longer than the whole"); // headerSize
    assert_refused(whole, 88, 11, "cIfs");
    assert_refused(whole, 88, 0, "cIfs");
    assert_refused(whole, 88, 3, "pclsid");
    assert_refused(whole, 193, 0x02, "a property ends beyond the whole"); // pSizes[0]
    assert_refused(whole, 188, 0, "left over");
}

void a_request_that_does_not_say_what_to_make_is_refused(void**) {
    // The first property by another name.
    assert_refused(bytes_of(foreign), 124, 0xb9, "do not say what to make");
    // The second one by the name of the first.
    assert_refused(bytes_of(foreign), 140, 0xab, "is there twice");
    // No interfaces, or more than anyone asks for.
    assert_refused(bytes_of(foreign), 252, 0, "cIID");
    assert_refused(bytes_of(foreign), 252, 129, "cIID");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_request_of_a_foreign_client_is_read),
        cmocka_unit_test(our_request_goes_there_and_back),
        cmocka_unit_test(our_reply_goes_there_and_back),
        cmocka_unit_test(a_request_that_is_cut_off_is_refused),
        cmocka_unit_test(a_reply_that_is_cut_off_is_refused),
        cmocka_unit_test(a_request_is_no_reply),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(a_request_that_does_not_say_what_to_make_is_refused),
    };
    return cmocka_run_group_tests_name("activation properties", tests, nullptr, nullptr);
}
