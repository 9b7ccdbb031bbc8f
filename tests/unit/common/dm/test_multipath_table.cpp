// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/multipath_table.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/common/dm/generator.hpp"

using namespace mpapi;
using namespace mpapi::dm;

namespace {

void expect_refused(std::string_view text, std::string_view part_of_reason) {
    const auto table = parse_multipath_table(text);
    if (table) fail_msg("accepted: %s", std::string(text).c_str());
    const std::string message = table.error().message();
    if (message.find(part_of_reason) == std::string::npos)
        fail_msg("\"%s\" does not say \"%s\"", message.c_str(),
                 std::string(part_of_reason).c_str());
}

// Debian 12 (Linux 6.1, multipath-tools 0.9.4) with LIO.
void an_alua_table_of_two_groups_is_read_whole(void**) {
    const auto table = parse_multipath_table(
        "2 queue_if_no_path retain_attached_hw_handler 1 alua 2 1 service-time 0 2 2 8:16 1 1 "
        "8:32 1 1 service-time 0 2 2 8:48 1 1 8:64 1 1 ");
    assert_ok(table);
    assert_text_equal(table->features.text(), "queue_if_no_path retain_attached_hw_handler");
    assert_text_equal(table->hardware_handler, "alua");
    assert_true(table->hardware_handler_args.empty());
    assert_int_equal(table->initial_group, 1);
    assert_int_equal(table->groups.size(), 2);
    const TableGroup& second = table->groups[1];
    assert_text_equal(second.selector, "service-time");
    assert_true(second.selector_args.empty());
    assert_int_equal(second.paths.size(), 2);
    assert_text_equal(second.paths[1].device, "8:64");
    assert_true(second.paths[1].number() == DeviceNumber({8, 64}));
    assert_text_equal(second.paths[1].selector_args.text(), "1 1");
}

// Linux 2.6.18 (RHEL 5): a handler with arguments, round-robin with a repeat count.
void an_old_table_with_handler_arguments_is_read(void**) {
    const auto table = parse_multipath_table("1 queue_if_no_path 3 emc 1 0 2 1 round-robin 0 1 1 "
                                             "/dev/sdb 1000 round-robin 0 1 1 65:16 1000");
    assert_ok(table);
    assert_text_equal(table->hardware_handler, "emc");
    assert_text_equal(table->hardware_handler_args.text(), "1 0");
    assert_text_equal(table->groups[0].paths[0].device, "/dev/sdb");
    assert_true(!table->groups[0].paths[0].number());
    assert_text_equal(table->groups[1].paths[0].selector_args[0].data(), "1000");
}

// Linux 5.8 and newer.
void the_arguments_of_newer_selectors_are_kept(void**) {
    const auto table =
        parse_multipath_table("2 queue_mode bio 0 2 2 historical-service-time 2 0 0 1 1 259:3 0 "
                              "io-affinity 0 1 1 259:4 ff,00000000 ");
    assert_ok(table);
    assert_text_equal(table->groups[0].selector_args.text(), "0 0");
    assert_text_equal(table->groups[1].selector, "io-affinity");
    assert_text_equal(table->groups[1].paths[0].selector_args.text(), "ff,00000000");
}

void an_unknown_selector_and_feature_are_kept(void**) {
    const auto table = parse_multipath_table("2 shiny_new 7 0 1 1 my-selector 3 a b c 1 0 252:0 ");
    assert_ok(table);
    assert_text_equal(table->groups[0].selector, "my-selector");
    assert_int_equal(table->groups[0].selector_args.size(), 3);
    assert_text_equal(features_of(*table).unknown.text(), "shiny_new 7");
}

void a_table_without_groups_is_valid(void**) {
    const auto table = parse_multipath_table("1 queue_if_no_path 1 alua 0 0 ");
    assert_ok(table);
    assert_true(table->groups.empty());
    assert_int_equal(table->initial_group, 0);
}

void typed_features_are_found_among_the_words(void**) {
    const auto table = parse_multipath_table(
        "9 Queue_If_No_Path pg_init_retries 50 pg_init_delay_msecs 0 queue_mode mq "
        "retain_attached_hw_handler pg_init_retries 0 0 0");
    assert_ok(table);
    const Features features = features_of(*table);
    assert_true(features.queue_if_no_path);
    assert_true(features.retain_attached_hw_handler);
    assert_true(features.pg_init_retries == 50U);
    assert_true(features.pg_init_delay_msecs == 0U);
    assert_text_equal(features.queue_mode, "mq");
    // The last one lacks its number: kept as a word, nothing read beyond the list.
    assert_text_equal(features.unknown.text(), "pg_init_retries");
}

void a_feature_with_a_value_that_is_no_number_is_kept_as_words(void**) {
    const auto table = parse_multipath_table("2 pg_init_retries -3 0 0 0");
    assert_ok(table);
    assert_true(!features_of(*table).pg_init_retries);
    assert_text_equal(features_of(*table).unknown.text(), "pg_init_retries -3");
}

void counts_that_lie_are_refused(void**) {
    expect_refused("", "text ends");
    expect_refused("   ", "text ends");
    expect_refused("3 queue_if_no_path", "text ends");
    expect_refused("1024", "says more");
    expect_refused("1 queue_if_no_path", "text ends");
    expect_refused("0 2 alua", "text ends");
    expect_refused("0 0 2 1 round-robin 0 1 1 8:0 1", "text ends");
    expect_refused("0 0 1 1 round-robin 0 2 1 8:0 1", "text ends");
    expect_refused("0 0 1 1 round-robin 0 1 1 8:0", "text ends");
    expect_refused("0 0 1 1 round-robin 5 1 1 8:0 1", "text ends");
    expect_refused("0 0 1 1 round-robin 0 0 1 ", "without a path");
    expect_refused("0 0 1 1 round-robin 0 1 1 8:0 1 extra", "goes on");
    expect_refused("0 0 0 1", "initial priority group");
    expect_refused("0 0 1 0 round-robin 0 1 1 8:0 1", "initial priority group");
}

void numbers_that_are_none_are_refused(void**) {
    expect_refused("-1 0 0 0", "a number up to 1024");
    expect_refused("+1 x 0 0 0", "a number up to 1024");
    expect_refused("0x1 x 0 0 0", "a number up to 1024");
    expect_refused("1025 x 0 0 0", "a number up to 1024");
    expect_refused("4294967296 x 0 0 0", "a number up to 1024");
    expect_refused("99999999999999999999999999 x 0 0 0", "a number up to 1024");
    expect_refused("0 0 1 1 rr 0 18446744073709551615 1 8:0 1", "a number up to 1024");
    expect_refused(std::string_view("0\0 0 0 0", 8), "a number up to 1024");
}

void a_long_hostile_word_is_quoted_in_part_and_printably(void**) {
    const auto table = parse_multipath_table(std::string(100000, '\x07'));
    assert_false(table.has_value());
    const std::string message = table.error().message();
    assert_in_range(message.size(), 10, 200);
    assert_true(message.find('\x07') == std::string::npos);
}

void what_the_kernel_printed_is_built_again_to_the_letter(void**) {
    for (const char* text :
         {"0 0 0 0 ", "1 queue_if_no_path 1 alua 0 0 ",
          "2 queue_if_no_path retain_attached_hw_handler 1 alua 2 2 service-time 0 2 2 8:16 1 1 "
          "8:32 1 1 queue-length 0 1 1 8:48 1 ",
          "0 3 emc 1 0 1 1 historical-service-time 2 0 0 1 1 259:3 0 "}) {
        const auto table = parse_multipath_table(text);
        assert_ok(table);
        const auto built = build_table(*table);
        assert_ok(built);
        assert_text_equal(*built, text);
    }
}

void any_table_survives_build_and_parse(void**) {
    test::Generator generator(20260101);
    for (int round = 0; round < 2000; ++round) {
        MultipathTable table;
        table.features = generator.words(8);
        if (generator.below(2) == 1) {
            table.hardware_handler = generator.word();
            table.hardware_handler_args = generator.words(4);
        }
        table.groups.resize(generator.below(5));
        for (TableGroup& group : table.groups) {
            group.selector = generator.word();
            group.selector_args = generator.words(3);
            const std::size_t args = generator.below(4);
            group.paths.resize(1 + generator.below(9));
            for (TablePath& path : group.paths) {
                path.device = generator.word();
                for (std::size_t i = 0; i < args; ++i)
                    path.selector_args.append(generator.word());
            }
        }
        if (!table.groups.empty())
            table.initial_group = 1 + static_cast<std::uint32_t>(generator.below(3));
        const auto text = build_table(table);
        assert_ok(text);
        const auto again = parse_multipath_table(*text);
        assert_ok(again);
        if (!(*again == table)) fail_msg("round %d came back changed: %s", round, text->c_str());
    }
}

void a_table_that_could_not_be_read_back_is_not_built(void**) {
    MultipathTable table;
    table.initial_group = 1;
    assert_false(build_table(table).has_value());

    table.groups.push_back(TableGroup{"service-time", {}, {}});
    assert_false(build_table(table).has_value());

    table.groups[0].paths = {TablePath{"8:0", Words("1 1")}, TablePath{"8:16", Words("1")}};
    assert_false(build_table(table).has_value());

    table.groups[0].paths[1].selector_args = Words("1 1");
    assert_ok(build_table(table));

    table.groups[0].paths[1].device = "8:16 8:32";
    assert_false(build_table(table).has_value());
    table.groups[0].paths[1].device = "";
    assert_false(build_table(table).has_value());
    table.groups[0].paths[1].device = "8:16";

    table.hardware_handler_args = Words("1");
    assert_false(build_table(table).has_value());
    table.hardware_handler_args = Words();

    table.groups[0].paths.assign(1025, TablePath{"8:0", {}});
    assert_false(build_table(table).has_value());
}

void words_split_at_any_blank_and_join_with_one(void**) {
    const Words words("  a\tbb \n\v ccc\r");
    assert_int_equal(words.size(), 3);
    assert_text_equal(words.text(), "a bb ccc");
    assert_true(words[1] == "bb");
    assert_true(words[3].empty());
    assert_int_equal(std::distance(words.begin(), words.end()), 3);
    assert_int_equal(Words(" ").size(), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_alua_table_of_two_groups_is_read_whole),
        cmocka_unit_test(an_old_table_with_handler_arguments_is_read),
        cmocka_unit_test(the_arguments_of_newer_selectors_are_kept),
        cmocka_unit_test(an_unknown_selector_and_feature_are_kept),
        cmocka_unit_test(a_table_without_groups_is_valid),
        cmocka_unit_test(typed_features_are_found_among_the_words),
        cmocka_unit_test(a_feature_with_a_value_that_is_no_number_is_kept_as_words),
        cmocka_unit_test(counts_that_lie_are_refused),
        cmocka_unit_test(numbers_that_are_none_are_refused),
        cmocka_unit_test(a_long_hostile_word_is_quoted_in_part_and_printably),
        cmocka_unit_test(what_the_kernel_printed_is_built_again_to_the_letter),
        cmocka_unit_test(any_table_survives_build_and_parse),
        cmocka_unit_test(a_table_that_could_not_be_read_back_is_not_built),
        cmocka_unit_test(words_split_at_any_blank_and_join_with_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
