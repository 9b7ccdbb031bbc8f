// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/persistent_reserve_in.hpp"

#include "bytes_of.hpp"
#include "initiators.hpp"

using namespace mpapi::scsi;

namespace {

const char* const one_registration = "00000007 00000030"
                                     "0123456789abcdef 00000000 01 05 00000000 0002 00000018"
                                     "00 00000000000000 21000024ff123456 0000000000000000";

void keys_are_listed_with_repetitions(void**) {
    const auto keys =
        parse_reservation_keys(bytes_of("00000003 00000010 000000000000000a 000000000000000a"));
    assert_ok(keys);
    assert_int_equal(keys->generation, 3);
    assert_true((keys->keys == std::vector<std::uint64_t>{10, 10}));
    const auto none = parse_reservation_keys(bytes_of("00000003 00000000"));
    assert_ok(none);
    assert_int_equal(none->keys.size(), 0);
}

void a_list_that_is_no_whole_number_of_keys_is_refused(void**) {
    const auto keys = parse_reservation_keys(bytes_of("00000003 00000009 000000000000000a 00"));
    assert_false(keys.has_value());
    assert_contains(keys.error().message(), "9 bytes are no whole number of keys");
}

void a_reply_that_was_cut_tells_how_much_it_needs(void**) {
    const auto reply = bytes_of("00000003 00000010 000000000000000a");
    assert_int_equal(reserve_in_length(ReserveInAction::ReadKeys, reply), 24);
    const auto keys = parse_reservation_keys(reply);
    assert_false(keys.has_value());
    assert_text_equal(keys.error().message(),
                      "parse READ KEYS data: the header announces 24 bytes, 16 received");
    assert_int_equal(
        reserve_in_length(ReserveInAction::ReadFullStatus, bytes_of("00000003 000000")), 0);
    assert_int_equal(reserve_in_length(ReserveInAction::ReadKeys, bytes_of("00000003 ffffffff")),
                     0x100000007);
    assert_int_equal(
        reserve_in_length(ReserveInAction::ReportCapabilities, bytes_of("0008 0d 81 0000 0000")),
        8);
}

void a_reservation_is_read(void**) {
    const auto status =
        parse_reservation(bytes_of("00000004 00000010 0123456789abcdef 00000000 00 05 0000"));
    assert_ok(status);
    assert_true(status->held.has_value());
    assert_true((*status->held == Reservation{0x0123456789abcdef, 0,
                                              ReservationType::WriteExclusiveRegistrantsOnly}));
    assert_text_equal(std::string(reservation_type_text(status->held->type)),
                      "write exclusive, registrants only");
}

void no_reservation_is_an_answer_too(void**) {
    const auto status = parse_reservation(bytes_of("00000004 00000000"));
    assert_ok(status);
    assert_int_equal(status->generation, 4);
    assert_false(status->held.has_value());
}

void a_reservation_of_another_length_is_refused(void**) {
    for (const char* dump : {"00000004 00000008 0123456789abcdef",
                             "00000004 00000011 0123456789abcdef 00000000 00 05 0000 00"}) {
        const auto status = parse_reservation(bytes_of(dump));
        assert_false(status.has_value());
        assert_contains(status.error().message(), "not 0 or 16");
    }
}

void capabilities_are_read_bit_by_bit(void**) {
    // As Linux's own target answers.
    const auto capabilities = parse_reserve_capabilities(bytes_of("0008 1d 81 ea01 0000"));
    assert_ok(capabilities);
    assert_true(capabilities->compatible_reservation);
    assert_true(capabilities->specify_initiator_ports);
    assert_true(capabilities->all_target_ports);
    assert_true(capabilities->persist_through_power_loss);
    assert_true(capabilities->persists_through_power_loss);
    assert_false(capabilities->replace_lost_reservation);
    assert_int_equal(capabilities->allow_commands, 0);
    assert_true(capabilities->types.has_value());
    assert_int_equal(capabilities->types->size(), 6);
}

void a_type_mask_that_is_not_valid_is_none(void**) {
    const auto capabilities = parse_reserve_capabilities(bytes_of("0008 00 50 ea01 0000"));
    assert_ok(capabilities);
    assert_false(capabilities->types.has_value());
    assert_int_equal(capabilities->allow_commands, 5);
}

void capabilities_that_announce_too_little_are_refused(void**) {
    const auto capabilities = parse_reserve_capabilities(bytes_of("0004 00 00 0000 0000"));
    assert_false(capabilities.has_value());
    assert_contains(capabilities.error().message(), "8 are mandatory");
}

void full_status_is_read_per_nexus(void**) {
    const auto status = parse_full_status(bytes_of(one_registration));
    assert_ok(status);
    assert_int_equal(status->generation, 7);
    assert_int_equal(status->registrations.size(), 1);
    const auto& registration = status->registrations[0];
    assert_true(registration.key == 0x0123456789abcdef);
    assert_true(registration.holder);
    assert_false(registration.all_target_ports);
    assert_int_equal(registration.type, ReservationType::WriteExclusiveRegistrantsOnly);
    assert_int_equal(registration.relative_target_port, 2);
    assert_true(registration.initiator.has_value());
    assert_text_equal(transport_id_text(*registration.initiator), "21000024ff123456");
}

void a_registration_of_an_initiator_that_is_not_understood_keeps_its_key(void**) {
    auto reply = bytes_of(one_registration);
    reply[32] = 0xc0;
    const auto status = parse_full_status(reply);
    assert_ok(status);
    assert_true(status->registrations[0].key == 0x0123456789abcdef);
    assert_false(status->registrations[0].initiator.has_value());
    assert_text_equal(status->registrations[0].reason,
                      "parse TransportID: format code 3 for protocol 0");
}

void scope_and_type_mean_nothing_without_holding(void**) {
    auto reply = bytes_of(one_registration);
    reply[20] = 0x02;
    const auto status = parse_full_status(reply);
    assert_ok(status);
    assert_true(status->registrations[0].all_target_ports);
    assert_int_equal(status->registrations[0].type, ReservationType::None);
}

void a_descriptor_that_lies_is_refused_with_its_place(void**) {
    auto reply = bytes_of(one_registration);
    reply[31] = 0x19;
    const auto status = parse_full_status(reply);
    assert_false(status.has_value());
    assert_text_equal(status.error().message(),
                      "parse READ FULL STATUS data: descriptor 1 at offset 8 ends beyond the data: "
                      "25 bytes announced, 24 left");
    reply = bytes_of("00000007 00000017 0123456789abcdef 00000000 01 05 00000000 0002 000000");
    const auto cut = parse_full_status(reply);
    assert_false(cut.has_value());
    assert_contains(cut.error().message(), "is cut at 23 bytes");
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937_64 random(611);
    for (int round = 0; round < 300; ++round) {
        ReservationKeys keys{static_cast<std::uint32_t>(random()), {}};
        keys.keys.resize(random() % 20);
        for (auto& key : keys.keys)
            key = random();
        const auto parsed_keys = parse_reservation_keys(build_reservation_keys(keys));
        assert_ok(parsed_keys);
        assert_true(*parsed_keys == keys);

        ReservationStatus reservation{static_cast<std::uint32_t>(random()), std::nullopt};
        if (random() % 2)
            reservation.held = Reservation{random(), static_cast<std::uint8_t>(random() % 16),
                                           static_cast<ReservationType>(random() % 16)};
        const auto parsed_reservation = parse_reservation(build_reservation(reservation));
        assert_ok(parsed_reservation);
        assert_true(*parsed_reservation == reservation);

        FullStatus status{static_cast<std::uint32_t>(random()), {}};
        status.registrations.resize(random() % 8);
        for (auto& registration : status.registrations) {
            registration.key = random();
            registration.holder = random() % 2;
            if (registration.holder) registration.type = static_cast<ReservationType>(random() % 9);
            registration.all_target_ports = random() % 2;
            registration.relative_target_port = static_cast<std::uint16_t>(random());
            registration.initiator = random_initiator(random);
        }
        const auto built = build_full_status(status);
        assert_ok(built);
        assert_int_equal(reserve_in_length(ReserveInAction::ReadFullStatus, *built), built->size());
        const auto parsed = parse_full_status(*built);
        assert_ok(parsed);
        assert_true(*parsed == status);
    }
}

void capabilities_are_built_and_read_back(void**) {
    for (unsigned bits = 0; bits < 256; ++bits) {
        ReserveCapabilities original;
        original.replace_lost_reservation = bits & 1;
        original.compatible_reservation = bits & 2;
        original.specify_initiator_ports = bits & 4;
        original.all_target_ports = bits & 8;
        original.persist_through_power_loss = bits & 16;
        original.persists_through_power_loss = bits & 32;
        original.allow_commands = bits & 64 ? 5 : 0;
        if (bits & 128)
            original.types = {ReservationType::WriteExclusive,
                              ReservationType::ExclusiveAccessAllRegistrants};
        const auto parsed = parse_reserve_capabilities(build_reserve_capabilities(original));
        assert_ok(parsed);
        assert_true(*parsed == original);
    }
}

void a_registration_without_initiator_is_not_built(void**) {
    FullStatus status;
    status.registrations.emplace_back();
    assert_false(build_full_status(status).has_value());
}

void the_command_is_laid_out_as_the_table_says(void**) {
    const auto cdb = reserve_in_cdb(ReserveInAction::ReadFullStatus, 0x0208);
    assert_bytes_equal(cdb, bytes_of("5e 03 00 00 00 00 00 0208 00"));
    const auto command = parse_reserve_in_cdb(cdb);
    assert_ok(command);
    assert_true((*command == ReserveInCommand{ReserveInAction::ReadFullStatus, 0x0208}));
    assert_false(parse_reserve_in_cdb(bytes_of("5e 04 00 00 00 00 00 0208 00")).has_value());
    assert_false(parse_reserve_in_cdb(bytes_of("5f 03 00 00 00 00 00 0208 00")).has_value());
    assert_false(parse_reserve_in_cdb(bytes_of("5e 03 00 00 00 00 00 0208")).has_value());
}

void reserved_types_are_known_as_such(void**) {
    assert_false(is_known(ReservationType::None));
    assert_false(is_known(static_cast<ReservationType>(2)));
    assert_false(is_known(static_cast<ReservationType>(9)));
    assert_true(is_known(ReservationType::ExclusiveAccess));
}

void no_prefix_is_read_past_its_end(void**) {
    const auto whole = bytes_of(one_registration);
    parse_every_prefix(whole, [&](Bytes bytes) {
        assert_int_equal(parse_full_status(bytes).has_value(), bytes.size() == whole.size());
        (void)parse_reservation_keys(bytes);
        (void)parse_reservation(bytes);
        (void)parse_reserve_capabilities(bytes);
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_listed_with_repetitions),
        cmocka_unit_test(a_list_that_is_no_whole_number_of_keys_is_refused),
        cmocka_unit_test(a_reply_that_was_cut_tells_how_much_it_needs),
        cmocka_unit_test(a_reservation_is_read),
        cmocka_unit_test(no_reservation_is_an_answer_too),
        cmocka_unit_test(a_reservation_of_another_length_is_refused),
        cmocka_unit_test(capabilities_are_read_bit_by_bit),
        cmocka_unit_test(a_type_mask_that_is_not_valid_is_none),
        cmocka_unit_test(capabilities_that_announce_too_little_are_refused),
        cmocka_unit_test(full_status_is_read_per_nexus),
        cmocka_unit_test(a_registration_of_an_initiator_that_is_not_understood_keeps_its_key),
        cmocka_unit_test(scope_and_type_mean_nothing_without_holding),
        cmocka_unit_test(a_descriptor_that_lies_is_refused_with_its_place),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(capabilities_are_built_and_read_back),
        cmocka_unit_test(a_registration_without_initiator_is_not_built),
        cmocka_unit_test(the_command_is_laid_out_as_the_table_says),
        cmocka_unit_test(reserved_types_are_known_as_such),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
