// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/target_port_groups.hpp"

#include "bytes_of.hpp"

#include <random>

using namespace mpapi::scsi;

namespace {

// Two groups: 1 active/optimized and preferred with ports 1 and 2, 2 standby with port 3.
const char* const two_groups = "00000018"
                               "80 cf 0001 00 02 00 02  00000001 00000002"
                               "02 cf 0002 00 01 00 00";
const char* const extended = "00000010 10 1e 0000"
                             "0f 83 0010 00 00 00 01  00000101";

void groups_are_read_field_by_field(void**) {
    const auto groups = parse_target_port_groups(bytes_of(two_groups));
    assert_ok(groups);
    assert_int_equal(groups->format, GroupsFormat::LengthOnly);
    assert_int_equal(groups->implicit_transition_time, 0);
    assert_int_equal(groups->groups.size(), 2);
    const auto& first = groups->groups[0];
    assert_int_equal(first.number, 1);
    assert_int_equal(first.state, AccessState::ActiveOptimized);
    assert_true(first.preferred);
    assert_int_equal(first.supported_states, supported::transitioning | supported::offline |
                                                 supported::unavailable | supported::standby |
                                                 supported::active_non_optimized |
                                                 supported::active_optimized);
    assert_int_equal(first.status, GroupStatus::Implicit);
    assert_true((first.relative_ports == std::vector<std::uint16_t>{1, 2}));
    const auto& second = groups->groups[1];
    assert_int_equal(second.state, AccessState::Standby);
    assert_false(second.preferred);
    assert_int_equal(second.status, GroupStatus::SetByCommand);
    assert_int_equal(second.relative_ports.size(), 0);
}

void the_extended_header_is_known_by_its_format_bits(void**) {
    const auto groups = parse_target_port_groups(bytes_of(extended));
    assert_ok(groups);
    assert_int_equal(groups->format, GroupsFormat::Extended);
    assert_int_equal(groups->implicit_transition_time, 30);
    assert_int_equal(groups->groups.size(), 1);
    assert_int_equal(groups->groups[0].state, AccessState::Transitioning);
    assert_int_equal(groups->groups[0].number, 16);
    assert_true((groups->groups[0].relative_ports == std::vector<std::uint16_t>{0x101}));
}

void an_answer_without_groups_parses(void**) {
    const auto none = parse_target_port_groups(bytes_of("00000000"));
    assert_ok(none);
    assert_int_equal(none->groups.size(), 0);
    const auto extended_none = parse_target_port_groups(bytes_of("00000004 10 05 0000"));
    assert_ok(extended_none);
    assert_int_equal(extended_none->implicit_transition_time, 5);
}

void a_port_count_that_lies_is_refused_with_its_place(void**) {
    const auto groups =
        parse_target_port_groups(bytes_of("0000000c 00 01 0001 00 00 00 ff 00000001"));
    assert_false(groups.has_value());
    assert_text_equal(groups.error().message(),
                      "parse REPORT TARGET PORT GROUPS data: group descriptor 1 at offset 4 ends "
                      "beyond the data: 255 ports announced, room for 1");
}

void a_port_count_may_not_reach_into_bytes_behind_the_list(void**) {
    // Twelve bytes follow the header, but only eight of them belong to the list.
    const auto groups =
        parse_target_port_groups(bytes_of("00000008 00 01 0001 00 00 00 01 00000001"));
    assert_false(groups.has_value());
    assert_contains(groups.error().message(), "1 ports announced, room for 0");
}

void a_list_length_beyond_the_reply_is_refused_and_tells_the_need(void**) {
    for (const char* dump :
         {"00000100 00 01 0001 00 00 00 00", "ffffffff 00 01 0001 00 00 00 00"}) {
        const auto reply = bytes_of(dump);
        const auto groups = parse_target_port_groups(reply);
        assert_false(groups.has_value());
        assert_contains(groups.error().message(), "12 received");
    }
    assert_int_equal(target_port_groups_length(bytes_of("00000100 00")), 260);
    assert_int_equal(target_port_groups_length(bytes_of("ffffffff")), 0x100000003);
    assert_int_equal(target_port_groups_length(bytes_of("ffffff")), 0);
}

void a_descriptor_cut_in_its_header_is_refused(void**) {
    const auto groups = parse_target_port_groups(bytes_of("00000007 00 01 0001 00 00 00"));
    assert_false(groups.has_value());
    assert_contains(groups.error().message(), "cut at 7 bytes");
    assert_false(parse_target_port_groups(bytes_of("00000002 10 05")).has_value());
}

void a_group_described_twice_is_refused(void**) {
    const auto groups =
        parse_target_port_groups(bytes_of("00000010 00 01 0007 00000000 02 01 0007 00000000"));
    assert_false(groups.has_value());
    assert_contains(groups.error().message(), "group 7 is described twice");
}

void a_megabyte_of_empty_groups_is_answered_at_once(void**) {
    // Group numbers must repeat after 65536; the last one is the first that does.
    std::vector<std::uint8_t> reply = bytes_of("00080008");
    for (unsigned i = 0; i <= 0x10000; ++i) {
        reply.insert(reply.end(), {0, 1, static_cast<std::uint8_t>(i >> 8 & 0xff),
                                   static_cast<std::uint8_t>(i & 0xff), 0, 0, 0, 0});
    }
    assert_int_equal(target_port_groups_length(reply), reply.size());
    const auto groups = parse_target_port_groups(reply);
    assert_false(groups.has_value());
    assert_contains(groups.error().message(), "group 0 is described twice");
}

void a_reserved_state_is_kept_and_known_as_such(void**) {
    const auto groups = parse_target_port_groups(bytes_of("00000008 09 01 0001 00000000"));
    assert_ok(groups);
    assert_false(is_known(groups->groups[0].state));
    for (const auto state :
         {AccessState::ActiveOptimized, AccessState::ActiveNonOptimized, AccessState::Standby,
          AccessState::Unavailable, AccessState::LogicalBlockDependent, AccessState::Offline,
          AccessState::Transitioning})
        assert_true(is_known(state));
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937 random(36);
    for (int round = 0; round < 500; ++round) {
        TargetPortGroups original;
        if (random() % 2) {
            original.format = GroupsFormat::Extended;
            original.implicit_transition_time = static_cast<std::uint8_t>(random());
        }
        original.groups.resize(random() % 6);
        std::uint16_t number = static_cast<std::uint16_t>(random());
        for (auto& group : original.groups) {
            group.number = number++;
            group.state = static_cast<AccessState>(random() % 16);
            group.preferred = random() % 2;
            group.supported_states = static_cast<std::uint8_t>(random());
            group.status = static_cast<GroupStatus>(random() % 3);
            group.relative_ports.resize(random() % 256);
            for (auto& port : group.relative_ports)
                port = static_cast<std::uint16_t>(random());
        }
        const auto built = build_target_port_groups(original);
        assert_ok(built);
        assert_int_equal(target_port_groups_length(*built), built->size());
        const auto parsed = parse_target_port_groups(*built);
        assert_ok(parsed);
        assert_true(*parsed == original);
    }
}

void more_ports_than_the_count_can_tell_are_not_built(void**) {
    TargetPortGroups groups;
    groups.groups.emplace_back().relative_ports.resize(256);
    assert_false(build_target_port_groups(groups).has_value());
}

void the_commands_are_laid_out_as_the_table_says(void**) {
    assert_bytes_equal(report_target_port_groups_cdb(GroupsFormat::LengthOnly, 516),
                       bytes_of("a3 0a 00 00 00 00 00000204 00 00"));
    assert_bytes_equal(report_target_port_groups_cdb(GroupsFormat::Extended, 0x01020304),
                       bytes_of("a3 2a 00 00 00 00 01020304 00 00"));
    assert_bytes_equal(set_target_port_groups_cdb(12),
                       bytes_of("a4 0a 00 00 00 00 0000000c 00 00"));
    const auto report = parse_report_target_port_groups_cdb(
        report_target_port_groups_cdb(GroupsFormat::Extended, 9));
    assert_ok(report);
    assert_true((*report == ReportTargetPortGroupsCommand{GroupsFormat::Extended, 9}));
    const auto set = parse_set_target_port_groups_cdb(set_target_port_groups_cdb(12));
    assert_ok(set);
    assert_int_equal(*set, 12);
}

void other_commands_are_refused(void**) {
    for (const char* dump :
         {"", "a3 0a 00 00 00 00 00000204 00", "a4 0a 00 00 00 00 00000204 00 00",
          "a3 0c 00 00 00 00 00000204 00 00", "a3 4a 00 00 00 00 00000204 00 00"})
        if (parse_report_target_port_groups_cdb(bytes_of(dump))) fail_msg("%s was taken", dump);
    for (const char* dump :
         {"", "a4 0a", "a3 0a 00 00 00 00 0000000c 00 00", "a4 05 00 00 00 00 0000000c 00 00"})
        if (parse_set_target_port_groups_cdb(bytes_of(dump))) fail_msg("%s was taken", dump);
}

void a_set_list_is_built_and_read_back(void**) {
    const std::vector<SetTargetPortGroup> groups{{1, AccessState::Standby},
                                                 {0x203, AccessState::ActiveOptimized}};
    const auto list = build_set_target_port_groups(groups);
    assert_bytes_equal(list, bytes_of("00000000 02 00 0001 00 00 0203"));
    const auto parsed = parse_set_target_port_groups(list);
    assert_ok(parsed);
    assert_true(*parsed == groups);
}

void a_set_list_that_is_odd_or_names_a_group_twice_is_refused(void**) {
    assert_false(parse_set_target_port_groups(bytes_of("000000")).has_value());
    assert_false(parse_set_target_port_groups(bytes_of("00000000 02 00 00")).has_value());
    const auto twice = parse_set_target_port_groups(bytes_of("00000000 02000001 00000001"));
    assert_false(twice.has_value());
    assert_contains(twice.error().message(), "group 1 is named twice");
    assert_true(parse_set_target_port_groups(bytes_of("00000000")).has_value());
}

void no_prefix_is_read_past_its_end(void**) {
    auto reply = bytes_of(extended);
    parse_every_prefix(reply, [&](Bytes bytes) {
        assert_int_equal(parse_target_port_groups(bytes).has_value(), bytes.size() == reply.size());
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_read_field_by_field),
        cmocka_unit_test(the_extended_header_is_known_by_its_format_bits),
        cmocka_unit_test(an_answer_without_groups_parses),
        cmocka_unit_test(a_port_count_that_lies_is_refused_with_its_place),
        cmocka_unit_test(a_port_count_may_not_reach_into_bytes_behind_the_list),
        cmocka_unit_test(a_list_length_beyond_the_reply_is_refused_and_tells_the_need),
        cmocka_unit_test(a_descriptor_cut_in_its_header_is_refused),
        cmocka_unit_test(a_group_described_twice_is_refused),
        cmocka_unit_test(a_megabyte_of_empty_groups_is_answered_at_once),
        cmocka_unit_test(a_reserved_state_is_kept_and_known_as_such),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(more_ports_than_the_count_can_tell_are_not_built),
        cmocka_unit_test(the_commands_are_laid_out_as_the_table_says),
        cmocka_unit_test(other_commands_are_refused),
        cmocka_unit_test(a_set_list_is_built_and_read_back),
        cmocka_unit_test(a_set_list_that_is_odd_or_names_a_group_twice_is_refused),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
