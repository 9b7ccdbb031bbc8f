// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/inquiry.hpp"

#include "bytes_of.hpp"

using namespace mpapi::scsi;

namespace {

// As Linux's own target answers: SPC-3, explicit and implicit ALUA, third-party copy.
const char* const linux_target = "00 00 05 02 5b 38 00 02"
                                 "4c 49 4f 2d 4f 52 47 20"
                                 "64 69 73 6b 30 20 20 20 20 20 20 20 20 20 20 20"
                                 "34 2e 30 20";

Inquiry active_passive_array() {
    Inquiry inquiry;
    inquiry.version = 6;
    inquiry.tpgs = Tpgs::Explicit;
    inquiry.multi_port = true;
    inquiry.vendor.text = "MPAPI";
    inquiry.product.text = "active/passive";
    inquiry.revision.text = "1.0";
    return inquiry;
}

void standard_data_is_read_field_by_field(void**) {
    const auto inquiry = parse_inquiry(bytes_of(linux_target));
    assert_ok(inquiry);
    assert_int_equal(inquiry->peripheral.qualifier, 0);
    assert_int_equal(inquiry->peripheral.device_type, 0);
    assert_true(inquiry->peripheral.connected());
    assert_int_equal(inquiry->version, 5);
    assert_int_equal(inquiry->response_format, 2);
    assert_int_equal(inquiry->tpgs, Tpgs::Both);
    assert_true(inquiry->third_party_copy);
    assert_text_equal(inquiry->vendor.text, "LIO-ORG");
    assert_text_equal(inquiry->product.text, "disk0");
    assert_text_equal(inquiry->revision.text, "4.0");
}

void a_reply_cut_at_36_bytes_is_complete_for_us(void**) {
    const auto reply = bytes_of(linux_target);
    assert_int_equal(reply.size(), 36);
    assert_int_equal(inquiry_length(reply), 96);
    assert_ok(parse_inquiry(reply));
}

void fewer_than_the_mandatory_bytes_are_refused_with_the_numbers(void**) {
    auto reply = bytes_of(linux_target);
    reply.pop_back();
    const auto inquiry = parse_inquiry(reply);
    assert_false(inquiry.has_value());
    assert_text_equal(inquiry.error().message(),
                      "parse INQUIRY data: 35 bytes received, 36 are mandatory");
}

void a_header_that_announces_fewer_than_the_mandatory_bytes_is_refused(void**) {
    auto reply = bytes_of(linux_target);
    reply[4] = 30;
    const auto inquiry = parse_inquiry(reply);
    assert_false(inquiry.has_value());
    assert_contains(inquiry.error().message(), "announces 35 bytes");
}

void a_vendor_that_is_no_ascii_does_not_take_the_rest_with_it(void**) {
    auto reply = bytes_of(linux_target);
    reply[9] = 0xff;
    const auto inquiry = parse_inquiry(reply);
    assert_ok(inquiry);
    assert_false(inquiry->vendor.valid());
    assert_text_equal(inquiry->vendor.text, "L\\xffO-ORG");
    assert_true(inquiry->product.valid());
    assert_text_equal(inquiry->product.text, "disk0");
}

void a_lun_without_a_logical_unit_says_so(void**) {
    auto reply = bytes_of(linux_target);
    reply[0] = 0x7f;
    const auto inquiry = parse_inquiry(reply);
    assert_ok(inquiry);
    assert_int_equal(inquiry->peripheral.qualifier, 3);
    assert_int_equal(inquiry->peripheral.device_type, 0x1f);
    assert_false(inquiry->peripheral.connected());
}

void what_is_built_parses_to_the_same(void**) {
    const Inquiry original = active_passive_array();
    const auto reply = build_inquiry(original);
    assert_int_equal(reply.size(), 96);
    assert_int_equal(inquiry_length(reply), reply.size());
    const auto parsed = parse_inquiry(reply);
    assert_ok(parsed);
    assert_true(*parsed == original);
}

void text_that_is_too_long_is_cut_to_its_field(void**) {
    Inquiry inquiry = active_passive_array();
    inquiry.vendor.text = "a vendor with a long name";
    inquiry.revision.text = "12.34.56";
    const auto parsed = parse_inquiry(build_inquiry(inquiry));
    assert_ok(parsed);
    assert_text_equal(parsed->vendor.text, "a vendor");
    assert_text_equal(parsed->product.text, "active/passive");
    assert_text_equal(parsed->revision.text, "12.3");
}

void the_commands_are_laid_out_as_the_table_says(void**) {
    assert_bytes_equal(inquiry_cdb(0x1234), bytes_of("12 00 00 12 34 00"));
    assert_bytes_equal(vpd_cdb(0x83, 252), bytes_of("12 01 83 00 fc 00"));
    const auto command = parse_inquiry_cdb(vpd_cdb(0x83, 252));
    assert_ok(command);
    assert_true((*command == InquiryCommand{true, 0x83, 252}));
}

void commands_that_are_no_inquiry_are_refused(void**) {
    assert_false(parse_inquiry_cdb({}).has_value());
    assert_false(parse_inquiry_cdb(bytes_of("12 00 00 00 24")).has_value());
    assert_false(parse_inquiry_cdb(bytes_of("00 00 00 00 00 00")).has_value());
    assert_false(parse_inquiry_cdb(bytes_of("12 00 83 00 24 00")).has_value());
}

void no_prefix_is_read_past_its_end(void**) {
    parse_every_prefix(build_inquiry(active_passive_array()), [](Bytes bytes) {
        assert_int_equal(parse_inquiry(bytes).has_value(), bytes.size() >= 36);
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(standard_data_is_read_field_by_field),
        cmocka_unit_test(a_reply_cut_at_36_bytes_is_complete_for_us),
        cmocka_unit_test(fewer_than_the_mandatory_bytes_are_refused_with_the_numbers),
        cmocka_unit_test(a_header_that_announces_fewer_than_the_mandatory_bytes_is_refused),
        cmocka_unit_test(a_vendor_that_is_no_ascii_does_not_take_the_rest_with_it),
        cmocka_unit_test(a_lun_without_a_logical_unit_says_so),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(text_that_is_too_long_is_cut_to_its_field),
        cmocka_unit_test(the_commands_are_laid_out_as_the_table_says),
        cmocka_unit_test(commands_that_are_no_inquiry_are_refused),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
