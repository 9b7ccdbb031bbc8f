// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/multipath_status.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/common/dm/generator.hpp"

using namespace mpapi;
using namespace mpapi::dm;

namespace {

void expect_refused(std::string_view text, std::string_view part_of_reason) {
    const auto status = parse_multipath_status(text);
    if (status) fail_msg("accepted: %s", std::string(text).c_str());
    const std::string message = status.error().message();
    if (message.find(part_of_reason) == std::string::npos)
        fail_msg("\"%s\" does not say \"%s\"", message.c_str(),
                 std::string(part_of_reason).c_str());
}

// Debian 12 (Linux 6.1), service-time: bytes in flight and relative throughput of each path.
void a_service_time_status_is_read_whole(void**) {
    const auto status = parse_multipath_status(
        "2 0 1 0 2 1 A 0 2 2 8:16 A 0 4096 1 8:32 F 3 0 1 E 0 2 2 8:48 A 0 0 1 8:64 A 0 0 1 ");
    assert_ok(status);
    assert_false(status->queues_io());
    assert_true(status->pg_init_count() == 1U);
    assert_true(status->hardware_handler_status.empty());
    assert_int_equal(status->current_group, 1);
    assert_int_equal(status->groups.size(), 2);
    assert_true(status->groups[0].state == GroupState::Active);
    assert_true(status->groups[1].state == GroupState::Enabled);
    const StatusPath& failed = status->groups[0].paths[1];
    assert_text_equal(failed.device, "8:32");
    assert_true(failed.number() == DeviceNumber({8, 32}));
    assert_true(failed.state == PathState::Failed);
    assert_int_equal(failed.fail_count, 3);
    assert_text_equal(failed.selector_status.text(), "0 1");
    assert_text_equal(status->groups[0].paths[0].selector_status.text(), "4096 1");
}

void round_robin_says_nothing_of_a_path(void**) {
    const auto status =
        parse_multipath_status("2 0 0 0 2 2 D 0 1 0 8:0 A 1 A 0 1 0 65:160 A 4294967295 ");
    assert_ok(status);
    assert_int_equal(status->current_group, 2);
    assert_true(status->groups[0].state == GroupState::Disabled);
    assert_true(status->groups[1].paths[0].selector_status.empty());
    assert_true(status->groups[1].paths[0].fail_count == 4294967295U);
}

void historical_service_time_says_something_of_the_group_too(void**) {
    const auto status = parse_multipath_status(
        "2 1 2 0 1 1 A 2 0 0 2 3 259:1 A 0 18446744073709551615 1 77223981332 259:2 A 0 0 0 0 ");
    assert_ok(status);
    assert_true(status->queues_io());
    assert_text_equal(status->groups[0].selector_status.text(), "0 0");
    assert_text_equal(status->groups[0].paths[0].selector_status.text(),
                      "18446744073709551615 1 77223981332");
}

void io_affinity_and_queue_length_counters_may_be_negative(void**) {
    const auto status =
        parse_multipath_status("2 0 0 0 2 1 A 0 1 1 8:0 A 0 -1 E 0 1 1 8:16 A 0 -2147483648 ");
    assert_ok(status);
    assert_text_equal(status->groups[0].paths[0].selector_status.text(), "-1");
}

// Before queue_io and pg_init_count the kernel printed one figure, and later the length of a queue.
void older_and_newer_kernels_may_print_other_features(void**) {
    const auto oldest = parse_multipath_status("1 0 0 1 1 E 0 1 0 8:0 A 0 ");
    assert_ok(oldest);
    assert_true(!oldest->pg_init_count());
    const auto queue = parse_multipath_status("2 128 0 0 1 1 E 0 1 0 8:0 A 0 ");
    assert_ok(queue);
    assert_true(queue->queues_io());
    const auto newer = parse_multipath_status("4 0 1 frob 9 1 x 1 1 E 0 1 0 8:0 A 0 ");
    assert_ok(newer);
    assert_text_equal(newer->features.text(), "0 1 frob 9");
    assert_text_equal(newer->hardware_handler_status.text(), "x");
    const auto none = parse_multipath_status("0 0 1 1 E 0 1 0 8:0 A 0 ");
    assert_ok(none);
    assert_false(none->queues_io());
}

void a_map_without_paths_is_valid(void**) {
    const auto status = parse_multipath_status("2 0 0 0 0 0 ");
    assert_ok(status);
    assert_true(status->groups.empty());
}

void hostile_text_is_refused(void**) {
    expect_refused("", "text ends");
    expect_refused("2 0", "says more");
    expect_refused("2 0 0 0 1 1 A 0 1 0 8:0 A", "text ends");
    expect_refused("2 0 0 0 1 1 A 0 1024 0 8:0 A 0", "says more");
    expect_refused("2 0 0 0 1024 1 A 0 1 0 8:0 A 0", "says more");
    expect_refused("2 0 0 0 2 1 A 0 1 0 8:0 A 0", "text ends");
    expect_refused("2 0 0 0 1 1 X 0 1 0 8:0 A 0", "group state");
    expect_refused("2 0 0 0 1 1 A 0 1 0 8:0 AA 0", "path state");
    expect_refused("2 0 0 0 1 1 A 0 1 0 8:0 A -1", "fail count");
    expect_refused("2 0 0 0 1 1 A 0 1 0 8:0 A 4294967296", "fail count");
    expect_refused("2 0 0 0 1 1 A 0 0 0 ", "without a path");
    expect_refused("2 0 0 0 1 1 A 0 1 0 8:0 A 0 8:16", "goes on");
    expect_refused("2 0 0 0 1 99999 A 0 1 0 8:0 A 0", "current priority group");
    expect_refused("2 0 0 -1 1 1 A 0 1 0 8:0 A 0", "a number up to 1024");
    // What device-mapper gives for an INFO status that it does not have.
    expect_refused("Error", "a number up to 1024");
}

void every_cut_of_a_real_status_is_refused(void**) {
    const std::string whole =
        "2 0 1 0 2 1 A 0 2 2 8:16 A 0 4096 1 8:32 F 3 0 1 E 0 2 2 8:48 A 0 0 1 8:64 A 0 0 1";
    assert_ok(parse_multipath_status(whole));
    for (std::size_t length = 0; length < whole.size(); ++length)
        if (parse_multipath_status(whole.substr(0, length)))
            fail_msg("accepted at length %zu", length);
}

void what_the_kernel_printed_is_built_again_to_the_letter(void**) {
    for (const char* text :
         {"2 0 0 0 0 0 ", "2 0 1 0 2 1 A 0 2 2 8:16 A 0 4096 1 8:32 F 3 0 1 D 0 1 0 8:48 A 0 ",
          "2 1 2 0 1 1 E 2 0 0 1 3 259:1 A 0 18446744073709551615 1 77223981332 "}) {
        const auto status = parse_multipath_status(text);
        assert_ok(status);
        const auto built = build_status(*status);
        assert_ok(built);
        assert_text_equal(*built, text);
    }
}

void any_status_survives_build_and_parse(void**) {
    test::Generator generator(20260102);
    for (int round = 0; round < 2000; ++round) {
        MultipathStatus status;
        status.features = generator.words(3);
        status.hardware_handler_status = generator.words(2);
        status.current_group = static_cast<std::uint32_t>(generator.below(1025));
        status.groups.resize(generator.below(5));
        for (StatusGroup& group : status.groups) {
            group.state = static_cast<GroupState>(generator.below(3));
            group.selector_status = generator.words(3);
            const std::size_t words = generator.below(4);
            group.paths.resize(1 + generator.below(9));
            for (StatusPath& path : group.paths) {
                path.device = generator.word();
                path.state = static_cast<PathState>(generator.below(2));
                path.fail_count = static_cast<std::uint32_t>(generator.below(4294967296));
                for (std::size_t i = 0; i < words; ++i)
                    path.selector_status.append(generator.word());
            }
        }
        const auto text = build_status(status);
        assert_ok(text);
        const auto again = parse_multipath_status(*text);
        assert_ok(again);
        if (!(*again == status)) fail_msg("round %d came back changed: %s", round, text->c_str());
    }
}

void a_status_that_could_not_be_read_back_is_not_built(void**) {
    MultipathStatus status;
    status.groups.push_back(StatusGroup{});
    assert_false(build_status(status).has_value());
    status.groups[0].paths = {StatusPath{"8:0", PathState::Active, 0, Words("1")},
                              StatusPath{"8:16", PathState::Active, 0, {}}};
    assert_false(build_status(status).has_value());
    status.groups[0].paths[1].selector_status = Words("0");
    assert_ok(build_status(status));
    status.current_group = 1025;
    assert_false(build_status(status).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_service_time_status_is_read_whole),
        cmocka_unit_test(round_robin_says_nothing_of_a_path),
        cmocka_unit_test(historical_service_time_says_something_of_the_group_too),
        cmocka_unit_test(io_affinity_and_queue_length_counters_may_be_negative),
        cmocka_unit_test(older_and_newer_kernels_may_print_other_features),
        cmocka_unit_test(a_map_without_paths_is_valid),
        cmocka_unit_test(hostile_text_is_refused),
        cmocka_unit_test(every_cut_of_a_real_status_is_refused),
        cmocka_unit_test(what_the_kernel_printed_is_built_again_to_the_letter),
        cmocka_unit_test(any_status_survives_build_and_parse),
        cmocka_unit_test(a_status_that_could_not_be_read_back_is_not_built),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
