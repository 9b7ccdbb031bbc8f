// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/group_inquiry.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::daemon;

namespace {

scsi::TargetPortGroups
reply(std::initializer_list<std::pair<std::uint16_t, scsi::AccessState>> told,
      std::uint8_t seconds = 0) {
    scsi::TargetPortGroups groups;
    groups.implicit_transition_time = seconds;
    for (const auto& [number, state] : told) {
        scsi::TargetPortGroup group;
        group.number = number;
        group.state = state;
        groups.groups.push_back(group);
    }
    return groups;
}

constexpr auto kOptimized = scsi::AccessState::ActiveOptimized;
constexpr auto kStandby = scsi::AccessState::Standby;

void one_answer_that_tells_everything_is_enough(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 10}, {2, 20}, {3, 20}});
    assert_int_equal(*inquiry.next(), 0);
    inquiry.answered(0, reply({{20, kStandby}, {10, kOptimized}}, 9));
    assert_false(inquiry.next().has_value());
    assert_int_equal(inquiry.groups().size(), 2);
    assert_int_equal(inquiry.groups()[0].number, 10);
    assert_int_equal(inquiry.transition_time(), 9);
}

void a_federated_array_is_asked_through_each_side_that_was_left_out(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 10}, {2, 20}, {3, 30}, {4, 30}});
    assert_int_equal(*inquiry.next(), 0);
    inquiry.answered(0, reply({{10, kOptimized}}));
    assert_int_equal(*inquiry.next(), 2);
    inquiry.answered(2, reply({{20, kStandby}}));
    assert_int_equal(*inquiry.next(), 3);
    inquiry.answered(3, reply({{30, kStandby}}));
    assert_false(inquiry.next().has_value());
    assert_int_equal(inquiry.groups().size(), 3);
}

void after_a_failure_another_group_is_tried_first(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 10}, {2, 20}});
    assert_int_equal(*inquiry.next(), 0);
    inquiry.failed(0);
    assert_int_equal(*inquiry.next(), 2);
    inquiry.failed(2);
    assert_int_equal(*inquiry.next(), 1);
    inquiry.answered(1, reply({{10, kOptimized}, {20, kStandby}}));
    assert_false(inquiry.next().has_value());
    assert_true(inquiry.any_answer());
}

void a_unit_that_never_answers_is_not_asked_through_every_path(void**) {
    std::vector<GroupInquiry::Candidate> many;
    for (std::size_t i = 0; i < 1000; ++i)
        many.push_back({i, static_cast<std::uint16_t>(i % 2)});
    GroupInquiry inquiry(many);
    int asked = 0;
    while (const auto path = inquiry.next()) {
        inquiry.failed(*path);
        ++asked;
    }
    assert_int_equal(asked, 4);
    assert_false(inquiry.any_answer());
}

void a_path_of_its_own_group_knows_best(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 20}});
    assert_int_equal(*inquiry.next(), 0);
    inquiry.answered(0, reply({{10, kOptimized}}));
    assert_int_equal(*inquiry.next(), 1);
    inquiry.answered(1, reply({{10, kStandby}, {20, kOptimized}}));
    assert_true(inquiry.groups()[0].state == kOptimized);
    assert_true(inquiry.groups()[1].state == kOptimized);
}

void a_path_of_unknown_group_is_asked_only_when_nobody_answered(void**) {
    GroupInquiry first({{0, std::nullopt}, {1, std::nullopt}});
    assert_int_equal(*first.next(), 0);
    first.failed(0);
    assert_int_equal(*first.next(), 1);
    first.answered(1, reply({{10, kOptimized}}));
    assert_false(first.next().has_value());
}

void a_group_that_even_its_own_path_does_not_report_ends_the_asking(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 99}});
    assert_int_equal(*inquiry.next(), 0);
    inquiry.answered(0, reply({{10, kOptimized}}));
    assert_int_equal(*inquiry.next(), 1);
    inquiry.answered(1, reply({{10, kOptimized}}));
    assert_false(inquiry.next().has_value());
}

void what_came_apart_last_time_is_asked_at_once(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 11}, {2, 20}, {3, 30}}, {{10, 11}, {20}});
    assert_int_equal(*inquiry.next(), 0);
    assert_int_equal(*inquiry.next(), 2); // 11 comes with 10; whether 30 comes is not known
    assert_false(inquiry.next().has_value());
    assert_false(inquiry.over());
    inquiry.answered(2, reply({{20, kStandby}}));
    assert_false(inquiry.next().has_value());
    inquiry.answered(0, reply({{10, kOptimized}}));
    assert_true(inquiry.over());
    assert_int_equal(*inquiry.next(), 1); // this time it did not
    inquiry.answered(1, reply({{11, kStandby}, {30, kStandby}}));
    assert_false(inquiry.next().has_value());
    assert_true(inquiry.over());
    assert_int_equal(inquiry.groups().size(), 4);
    assert_int_equal(inquiry.reporting_sets().size(), 3);
}

void an_answer_of_a_path_that_was_not_asked_counts_for_nothing(void**) {
    GroupInquiry inquiry({{0, 10}, {1, 20}});
    assert_int_equal(*inquiry.next(), 0);
    inquiry.answered(1, reply({{20, kStandby}}));
    inquiry.failed(1);
    assert_false(inquiry.any_answer());
    assert_false(inquiry.over());
}

void without_paths_there_is_nothing_to_ask(void**) {
    GroupInquiry inquiry;
    assert_false(inquiry.next().has_value());
    assert_false(inquiry.any_answer());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(one_answer_that_tells_everything_is_enough),
        cmocka_unit_test(a_federated_array_is_asked_through_each_side_that_was_left_out),
        cmocka_unit_test(after_a_failure_another_group_is_tried_first),
        cmocka_unit_test(a_unit_that_never_answers_is_not_asked_through_every_path),
        cmocka_unit_test(a_path_of_its_own_group_knows_best),
        cmocka_unit_test(a_path_of_unknown_group_is_asked_only_when_nobody_answered),
        cmocka_unit_test(a_group_that_even_its_own_path_does_not_report_ends_the_asking),
        cmocka_unit_test(what_came_apart_last_time_is_asked_at_once),
        cmocka_unit_test(an_answer_of_a_path_that_was_not_asked_counts_for_nothing),
        cmocka_unit_test(without_paths_there_is_nothing_to_ask),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
