// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/sense.hpp"

#include "bytes_of.hpp"

#include <random>

using namespace mpapi::scsi;

namespace {

const char* const fixed_state_changed = "70 00 06 00000000 0a 00000000 2a 06 00 000000";
const char* const descriptor_transition = "72 02 04 0a 000000 00";

void the_fixed_format_is_read(void**) {
    const auto sense = parse_sense(bytes_of(fixed_state_changed));
    assert_ok(sense);
    assert_int_equal(sense->key, SenseKey::UnitAttention);
    assert_int_equal(sense->asc, 0x2a);
    assert_int_equal(sense->ascq, 0x06);
    assert_false(sense->deferred);
    assert_false(sense->information.has_value());
    assert_int_equal(sense->format, SenseFormat::Fixed);
    assert_text_equal(sense_text(*sense),
                      "UNIT ATTENTION: asymmetric access state changed (6h 2Ah/06h)");
}

void the_descriptor_format_is_read(void**) {
    const auto sense = parse_sense(bytes_of(descriptor_transition));
    assert_ok(sense);
    assert_int_equal(sense->format, SenseFormat::Descriptor);
    assert_text_equal(sense_text(*sense),
                      "NOT READY: not accessible, asymmetric access state transition (2h 04h/0Ah)");
    assert_true(is_transitioning(*sense));
}

void information_is_read_from_both_formats(void**) {
    const auto fixed = parse_sense(bytes_of("f0 00 03 00abcdef 0a 00000000 11 00 00 000000"));
    assert_ok(fixed);
    assert_true(fixed->information == 0xabcdef);
    // Behind a descriptor of another type.
    const auto descriptor = parse_sense(
        bytes_of("72 03 11 00 000000 14  02 06 0000 80000000  00 0a 80 00 0123456789abcdef"));
    assert_ok(descriptor);
    assert_true(descriptor->information == 0x0123456789abcdef);
}

void information_that_is_not_valid_is_none(void**) {
    const auto fixed = parse_sense(bytes_of("70 00 03 00abcdef 0a 00000000 11 00 00 000000"));
    assert_ok(fixed);
    assert_false(fixed->information.has_value());
    const auto descriptor =
        parse_sense(bytes_of("72 03 11 00 000000 0c 00 0a 00 00 0123456789abcdef"));
    assert_ok(descriptor);
    assert_false(descriptor->information.has_value());
}

void deferred_sense_is_about_an_earlier_command(void**) {
    const auto fixed = parse_sense(bytes_of("71 00 03 00000000 0a 00000000 0c 02 00 000000"));
    assert_ok(fixed);
    assert_true(fixed->deferred);
    assert_text_equal(sense_text(*fixed), "MEDIUM ERROR: write error (3h 0Ch/02h), deferred");
    const auto descriptor = parse_sense(bytes_of("73 03 0c 02 000000 00"));
    assert_ok(descriptor);
    assert_true(descriptor->deferred);
}

void sense_that_was_cut_tells_what_is_there(void**) {
    const auto key_only = parse_sense(bytes_of("70 00 06"));
    assert_ok(key_only);
    assert_int_equal(key_only->key, SenseKey::UnitAttention);
    assert_int_equal(key_only->asc, 0);
    const auto no_ascq = parse_sense(bytes_of("72 06 2a"));
    assert_ok(no_ascq);
    assert_int_equal(no_ascq->asc, 0x2a);
}

void a_descriptor_length_that_lies_ends_the_walk(void**) {
    const auto sense = parse_sense(bytes_of("72 03 11 00 000000 ff 00 ff 80 00 01234567"));
    assert_ok(sense);
    assert_false(sense->information.has_value());
    const auto one_byte = parse_sense(bytes_of("72 03 11 00 000000 01 00"));
    assert_ok(one_byte);
}

void the_additional_length_bounds_the_fixed_format(void**) {
    // Additional length 4 ends before the additional sense code.
    const auto sense = parse_sense(bytes_of("70 00 06 00000000 04 00000000 2a 06 00 000000"));
    assert_ok(sense);
    assert_int_equal(sense->asc, 0);
}

void what_is_no_sense_data_is_refused(void**) {
    assert_text_equal(parse_sense({}).error().message(), "parse sense data: no bytes");
    assert_text_equal(parse_sense(bytes_of("00 00 06 00")).error().message(),
                      "parse sense data: response code 00h");
    assert_false(parse_sense(bytes_of("7f 00 06 00")).has_value());
    assert_text_equal(parse_sense(bytes_of("70 00")).error().message(),
                      "parse sense data: 2 bytes, the sense key is in byte 2");
    assert_false(parse_sense(bytes_of("72")).has_value());
}

void predicates_hold_for_their_codes_and_no_others(void**) {
    const Sense changed{SenseKey::UnitAttention, 0x2a, 0x06, false, {}, SenseFormat::Fixed};
    assert_true(is_unit_attention(changed));
    assert_true(is_access_state_change(changed));
    assert_false(is_identity_change(changed));
    assert_false(is_reservation_change(changed));
    assert_false(is_transitioning(changed));
    const auto of = [](SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
        Sense sense;
        sense.key = key;
        sense.asc = asc;
        sense.ascq = ascq;
        return sense;
    };
    assert_true(is_access_state_change(of(SenseKey::UnitAttention, 0x2a, 0x07)));
    assert_true(is_identity_change(of(SenseKey::UnitAttention, 0x29, 0x07)));
    assert_true(is_identity_change(of(SenseKey::UnitAttention, 0x3f, 0x03)));
    assert_true(is_identity_change(of(SenseKey::UnitAttention, 0x3f, 0x0e)));
    assert_true(is_identity_change(of(SenseKey::UnitAttention, 0x2a, 0x09)));
    assert_false(is_identity_change(of(SenseKey::UnitAttention, 0x3f, 0x01)));
    assert_true(is_reservation_change(of(SenseKey::UnitAttention, 0x2a, 0x03)));
    assert_true(is_reservation_change(of(SenseKey::UnitAttention, 0x2a, 0x05)));
    assert_true(is_standby(of(SenseKey::NotReady, 0x04, 0x0b)));
    assert_true(is_unavailable(of(SenseKey::NotReady, 0x04, 0x0c)));
    assert_true(is_offline(of(SenseKey::NotReady, 0x04, 0x12)));
    assert_true(is_unsupported(of(SenseKey::IllegalRequest, 0x20, 0x00)));
    assert_true(is_unsupported(of(SenseKey::IllegalRequest, 0x24, 0x00)));
    assert_true(is_no_such_unit(of(SenseKey::IllegalRequest, 0x25, 0x00)));
    assert_true(is_set_target_port_groups_failure(of(SenseKey::IllegalRequest, 0x67, 0x0a)));
    assert_false(is_transitioning(of(SenseKey::UnitAttention, 0x04, 0x0a)));
}

void a_code_without_a_text_is_told_in_numbers(void**) {
    Sense sense;
    sense.key = SenseKey::VendorSpecific;
    sense.asc = 0x95;
    sense.ascq = 0x01;
    assert_text_equal(sense_text(sense), "VENDOR SPECIFIC (9h 95h/01h)");
    sense.key = static_cast<SenseKey>(0xc);
    assert_text_equal(sense_text(sense), "RESERVED (Ch 95h/01h)");
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937_64 random(70);
    for (int round = 0; round < 2000; ++round) {
        Sense original;
        original.key = static_cast<SenseKey>(random() % 16);
        original.asc = static_cast<std::uint8_t>(random());
        original.ascq = static_cast<std::uint8_t>(random());
        original.deferred = random() % 2;
        original.format = random() % 2 ? SenseFormat::Fixed : SenseFormat::Descriptor;
        if (random() % 2)
            original.information =
                original.format == SenseFormat::Fixed ? random() >> 32 : random();
        const auto parsed = parse_sense(build_sense(original));
        assert_ok(parsed);
        assert_true(*parsed == original);
    }
}

void information_over_32_bits_is_left_out_of_the_fixed_format(void**) {
    Sense sense;
    sense.information = std::uint64_t{1} << 32;
    const auto parsed = parse_sense(build_sense(sense));
    assert_ok(parsed);
    assert_false(parsed->information.has_value());
}

void no_prefix_is_read_past_its_end(void**) {
    parse_every_prefix(
        bytes_of("72 03 11 00 000000 14  02 06 0000 80000000  00 0a 80 00 01234567"),
        [](Bytes bytes) { assert_int_equal(parse_sense(bytes).has_value(), bytes.size() >= 2); });
    parse_every_prefix(bytes_of(fixed_state_changed), [](Bytes bytes) {
        assert_int_equal(parse_sense(bytes).has_value(), bytes.size() >= 3);
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_fixed_format_is_read),
        cmocka_unit_test(the_descriptor_format_is_read),
        cmocka_unit_test(information_is_read_from_both_formats),
        cmocka_unit_test(information_that_is_not_valid_is_none),
        cmocka_unit_test(deferred_sense_is_about_an_earlier_command),
        cmocka_unit_test(sense_that_was_cut_tells_what_is_there),
        cmocka_unit_test(a_descriptor_length_that_lies_ends_the_walk),
        cmocka_unit_test(the_additional_length_bounds_the_fixed_format),
        cmocka_unit_test(what_is_no_sense_data_is_refused),
        cmocka_unit_test(predicates_hold_for_their_codes_and_no_others),
        cmocka_unit_test(a_code_without_a_text_is_told_in_numbers),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(information_over_32_bits_is_left_out_of_the_fixed_format),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
