// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/persistent_reserve_out.hpp"

#include "bytes_of.hpp"
#include "initiators.hpp"

using namespace mpapi::scsi;

namespace {

const char* const basic = "000000000000000a 000000000000000b 00000000 05 00 0000";
const char* const with_initiator = "000000000000000a 000000000000000b 00000000 09 00 0000 00000018"
                                   "06 000000 5000c50012345678 000000000000000000000000";
const char* const move = "000000000000000a 000000000000000b 00 03 0002 00000018"
                         "06 000000 5000c50012345678 000000000000000000000000";

std::string refusal(const char* dump) {
    const auto list = parse_reserve_out(bytes_of(dump));
    return list ? "taken" : list.error().message();
}

void the_basic_list_is_read(void**) {
    const auto list = parse_reserve_out(bytes_of(basic));
    assert_ok(list);
    assert_int_equal(list->key, 10);
    assert_int_equal(list->service_action_key, 11);
    assert_true(list->all_target_ports);
    assert_true(list->persist_through_power_loss);
    assert_false(list->specify_initiator_ports);
}

void initiators_are_read_behind_it(void**) {
    const auto list = parse_reserve_out(bytes_of(with_initiator));
    assert_ok(list);
    assert_true(list->specify_initiator_ports);
    assert_int_equal(list->initiators.size(), 1);
    assert_text_equal(transport_id_text(list->initiators[0]), "5000c50012345678");
}

void lists_whose_lengths_disagree_are_refused(void**) {
    assert_contains(refusal("000000000000000a 000000000000000b 00000000 05 00 00"),
                    "23 bytes, not 24");
    assert_contains(refusal("000000000000000a 000000000000000b 00000000 05 00 0000 00"),
                    "25 bytes, not 24");
    assert_contains(refusal("000000000000000a 000000000000000b 00000000 08 00 0000"),
                    "24 bytes with SPEC_I_PT, not 28");
    assert_contains(refusal("000000000000000a 000000000000000b 00000000 08 00 0000 00000018 06"),
                    "24 bytes of TransportIDs announced, 1 received");
    assert_contains(
        refusal("000000000000000a 000000000000000b 00000000 08 00 0000 00000004 06000000"),
        "TransportID at offset 28: 24 bytes announced, 4 received");
}

void the_list_of_a_move_is_read(void**) {
    const auto list = parse_register_and_move(bytes_of(move));
    assert_ok(list);
    assert_true(list->unregister);
    assert_true(list->persist_through_power_loss);
    assert_int_equal(list->relative_target_port, 2);
    assert_text_equal(transport_id_text(list->initiator), "5000c50012345678");
}

void a_move_whose_lengths_disagree_is_refused(void**) {
    auto list = bytes_of(move);
    list.push_back(0);
    assert_false(parse_register_and_move(list).has_value());
    list[23] = 0x19;
    const auto behind = parse_register_and_move(list);
    assert_false(behind.has_value());
    assert_contains(behind.error().message(), "bytes behind the TransportID of 24 bytes");
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937_64 random(612);
    for (int round = 0; round < 500; ++round) {
        ReserveOutList original;
        original.key = random();
        original.service_action_key = random();
        original.all_target_ports = random() % 2;
        original.persist_through_power_loss = random() % 2;
        original.specify_initiator_ports = random() % 2;
        if (original.specify_initiator_ports)
            for (auto count = random() % 6; count > 0; --count)
                original.initiators.push_back(random_initiator(random));
        const auto built = build_reserve_out(original);
        assert_ok(built);
        const auto parsed = parse_reserve_out(*built);
        assert_ok(parsed);
        assert_true(*parsed == original);

        RegisterAndMoveList moved{random(),
                                  random(),
                                  (random() & 1) != 0,
                                  (random() & 1) != 0,
                                  static_cast<std::uint16_t>(random()),
                                  random_initiator(random)};
        const auto built_move = build_register_and_move(moved);
        assert_ok(built_move);
        const auto parsed_move = parse_register_and_move(*built_move);
        assert_ok(parsed_move);
        assert_true(*parsed_move == moved);
    }
}

void lists_are_built_as_the_tables_say(void**) {
    ReserveOutList list;
    list.key = 10;
    list.service_action_key = 11;
    list.all_target_ports = true;
    list.persist_through_power_loss = true;
    const auto built = build_reserve_out(list);
    assert_ok(built);
    assert_bytes_equal(*built, bytes_of(basic));
    list.initiators.emplace_back(SasInitiator{1});
    assert_false(build_reserve_out(list).has_value()); // without SPEC_I_PT
}

void the_command_is_laid_out_as_the_table_says(void**) {
    const ReserveOutCommand original{ReserveOutAction::PreemptAndAbort, 0,
                                     ReservationType::ExclusiveAccessRegistrantsOnly, 24};
    const auto cdb = reserve_out_cdb(original);
    assert_bytes_equal(cdb, bytes_of("5f 05 06 00 00 00000018 00"));
    const auto command = parse_reserve_out_cdb(cdb);
    assert_ok(command);
    assert_true(*command == original);
    assert_false(parse_reserve_out_cdb(bytes_of("5f 08 06 00 00 00000018 00")).has_value());
    assert_false(parse_reserve_out_cdb(bytes_of("5e 05 06 00 00 00000018 00")).has_value());
    assert_false(parse_reserve_out_cdb(bytes_of("5f 05 06 00 00 00000018")).has_value());
}

void no_prefix_is_read_past_its_end(void**) {
    const auto whole = bytes_of(with_initiator);
    parse_every_prefix(whole, [&](Bytes bytes) {
        assert_int_equal(parse_reserve_out(bytes).has_value(), bytes.size() == whole.size());
    });
    const auto whole_move = bytes_of(move);
    parse_every_prefix(whole_move, [&](Bytes bytes) {
        assert_int_equal(parse_register_and_move(bytes).has_value(),
                         bytes.size() == whole_move.size());
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_basic_list_is_read),
        cmocka_unit_test(initiators_are_read_behind_it),
        cmocka_unit_test(lists_whose_lengths_disagree_are_refused),
        cmocka_unit_test(the_list_of_a_move_is_read),
        cmocka_unit_test(a_move_whose_lengths_disagree_is_refused),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(lists_are_built_as_the_tables_say),
        cmocka_unit_test(the_command_is_laid_out_as_the_table_says),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
