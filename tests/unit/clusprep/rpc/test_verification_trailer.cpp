// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/verification_trailer.hpp"

#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace mpapi;
using namespace mpapi::rpc;

namespace {

const Expected request = {
    {"12108a88-6858-4467-b92f-e6cf4568dfb6"_guid, 0, 0}, ndr_syntax, 7, 1, 5, true};

const char* const signature = "8ae3137102f43671";

void assert_none(const std::vector<std::uint8_t>& stub) {
    const auto found = check_verification_trailer(stub, request);
    assert_ok(found);
    assert_false(found->has_value());
}

void assert_refused(const std::vector<std::uint8_t>& stub, const Expected& expected,
                    const char* what) {
    const auto found = check_verification_trailer(stub, expected);
    if (found) fail_msg("%s was taken", what);
    assert_contains(found.error().message(), what);
}

void a_trailer_is_found_behind_the_padding(void**) {
    std::vector<std::uint8_t> stub = {1, 2, 3, 4, 5};
    append_verification_trailer(stub, request);
    const auto found = check_verification_trailer(stub, request);
    assert_ok(found);
    assert_int_equal(found->value(), 8);
    std::vector<std::uint8_t> nothing;
    append_verification_trailer(nothing, request);
    assert_int_equal(check_verification_trailer(nothing, request)->value(), 0);
}

void a_trailer_as_others_send_it_is_taken(void**) {
    // The header alone, as the last command.
    const auto found = check_verification_trailer(
        bytes_of("01020304 8ae3137102f43671 0340 1000 00000000 10000000 07000000 0100 0500"),
        request);
    assert_ok(found);
    assert_int_equal(found->value(), 4);
    // What need not be processed is passed over.
    const auto unknown = check_verification_trailer(
        concatenated(bytes_of(signature), bytes_of("0900 0400 01020304 0140 0400 01000000")),
        request);
    assert_ok(unknown);
    assert_int_equal(unknown->value(), 0);
}

void a_stub_without_trailer_has_none(void**) {
    assert_none({});
    assert_none({1, 2, 3, 4});
    assert_none(bytes_of(signature));
    assert_none(std::vector<std::uint8_t>(1000, 0x8a));
}

void what_does_not_end_with_the_stub_is_data(void**) {
    std::vector<std::uint8_t> stub;
    append_verification_trailer(stub, request);
    auto longer = stub;
    longer.resize(longer.size() + 4);
    assert_none(longer);
    auto shorter = stub;
    shorter.resize(shorter.size() - 4);
    assert_none(shorter);
    assert_none(concatenated(bytes_of(signature), bytes_of("0140 0800 01000000")));
    assert_none(concatenated(bytes_of(signature), bytes_of("0100 0400 01000000")));
}

void a_trailer_that_says_something_else_is_refused(void**) {
    std::vector<std::uint8_t> stub;
    append_verification_trailer(stub, request);
    Expected other = request;
    other.opnum = 6;
    assert_refused(stub, other, "header");
    other = request;
    other.call_id = 8;
    assert_refused(stub, other, "header");
    other = request;
    other.context = 2;
    assert_refused(stub, other, "header");
    other = request;
    other.interface.minor = 1;
    assert_refused(stub, other, "presentation context");
    other = request;
    other.header_signing = false;
    assert_refused(stub, other, "bitmask");
}

void a_command_that_must_be_processed_and_is_unknown_is_refused(void**) {
    assert_refused(concatenated(bytes_of(signature), bytes_of("09c0 0000")), request, "command 9");
}

void commands_of_another_length_are_refused(void**) {
    assert_refused(concatenated(bytes_of(signature), bytes_of("0140 0000")), request, "bitmask");
    assert_refused(concatenated(bytes_of(signature), bytes_of("0240 0400 00000000")), request,
                   "presentation context");
    assert_refused(concatenated(bytes_of(signature), bytes_of("0340 0000")), request, "header");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_trailer_is_found_behind_the_padding),
        cmocka_unit_test(a_trailer_as_others_send_it_is_taken),
        cmocka_unit_test(a_stub_without_trailer_has_none),
        cmocka_unit_test(what_does_not_end_with_the_stub_is_data),
        cmocka_unit_test(a_trailer_that_says_something_else_is_refused),
        cmocka_unit_test(a_command_that_must_be_processed_and_is_unknown_is_refused),
        cmocka_unit_test(commands_of_another_length_are_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
