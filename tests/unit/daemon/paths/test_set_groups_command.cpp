// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What SET TARGET PORT GROUPS is sent to, with what, and what each answer to it means.
#include "daemon/paths/set_groups_command.hpp"
#include "tests/unit/daemon/paths/group_array.hpp"

using namespace mpapi;
using namespace mpapi::paths;
using namespace std::chrono_literals;
using scsi::SenseKey;

namespace {

struct NoProgress final : daemon::Progress {
    void begin(const char*, std::chrono::milliseconds) override {}
};

const std::vector<scsi::SetTargetPortGroup> kSwap{
    {1, scsi::AccessState::Standby},
    {2, scsi::AccessState::ActiveOptimized},
};

SetGroupsAnswer send(GroupArray& array) {
    GroupDevice device(array, "sda");
    NoProgress progress;
    return set_target_port_groups(device, progress, unit_name(1), kSwap, 1s, 1s);
}

SetGroupsAnswer answered(const daemon::ScsiReply& reply) {
    GroupArray array;
    array.answer = [reply](const auto&) { return reply; };
    return send(array);
}

SetGroupsAnswer answered(SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
    return answered(check_condition(key, asc, ascq));
}

daemon::ScsiReply status(scsi::StatusCode code) {
    daemon::ScsiReply reply;
    reply.status = static_cast<std::uint8_t>(code);
    return reply;
}

void assert_refused(const SetGroupsAnswer& answer, Refusal why, const std::string& text) {
    const auto* refused = std::get_if<Refused>(&answer);
    assert_non_null(refused);
    assert_int_equal(static_cast<int>(refused->why), static_cast<int>(why));
    assert_contains(refused->text, text);
}

void all_pairs_go_in_one_command(void**) {
    GroupArray array;
    assert_true(std::holds_alternative<Taken>(send(array)));
    assert_int_equal(array.asked.size(), 1);
    const auto& [device, groups] = array.asked.front();
    assert_int_equal(groups.size(), 2);
    assert_int_equal(groups[0].number, 1);
    assert_true(groups[0].state == scsi::AccessState::Standby);
    assert_int_equal(groups[1].number, 2);
    assert_true(groups[1].state == scsi::AccessState::ActiveOptimized);
}

void another_unit_is_left_alone(void**) {
    GroupArray array;
    array.last_byte["sda"] = 2;
    const auto answer = send(array);
    const auto* none = std::get_if<NoAnswer>(&answer);
    assert_non_null(none);
    assert_contains(none->text, unit_name(2));
    assert_true(array.asked.empty());
    array.dead["sda"] = true;
    assert_true(std::holds_alternative<NoAnswer>(send(array)));
    assert_true(array.asked.empty());
}

void what_the_device_refuses_is_told_by_its_sense_data(void**) {
    const auto illegal = SenseKey::IllegalRequest;
    assert_refused(answered(illegal, 0x26, 0x00), Refusal::AccessStateInvalid, "parameter list");
    assert_refused(answered(illegal, 0x1a, 0x00), Refusal::AccessStateInvalid,
                   "SET TARGET PORT GROUPS");
    assert_refused(answered(illegal, 0x20, 0x00), Refusal::Unsupported, "SET TARGET PORT GROUPS");
    assert_refused(answered(illegal, 0x24, 0x00), Refusal::Unsupported, "SET TARGET PORT GROUPS");
    assert_refused(answered(SenseKey::HardwareError, 0x67, 0x0a), Refusal::Failed,
                   "set target port groups command failed");
    assert_refused(answered(status(scsi::StatusCode::ReservationConflict)), Refusal::NotPermitted,
                   "reservation");
    assert_refused(answered(status(scsi::StatusCode::CheckCondition)), Refusal::Failed,
                   "without sense data");
}

void a_device_between_two_states_or_busy_is_asked_again_later(void**) {
    const daemon::ScsiReply replies[] = {
        check_condition(SenseKey::NotReady, 0x04, 0x0a),
        check_condition(SenseKey::NotReady, 0x04, 0x01),
        check_condition(SenseKey::AbortedCommand, 0x00, 0x00),
        status(scsi::StatusCode::Busy),
        status(scsi::StatusCode::TaskSetFull),
        status(scsi::StatusCode::TaskAborted),
    };
    for (const auto& reply : replies)
        assert_true(std::holds_alternative<NotNow>(answered(reply)));
}

void a_port_that_does_not_serve_leaves_it_to_another(void**) {
    const daemon::ScsiReply replies[] = {
        check_condition(SenseKey::NotReady, 0x04, 0x0b),
        check_condition(SenseKey::NotReady, 0x04, 0x0c),
        check_condition(SenseKey::NotReady, 0x04, 0x12),
        check_condition(SenseKey::IllegalRequest, 0x25, 0x00),
        no_connection(),
    };
    for (const auto& reply : replies)
        assert_true(std::holds_alternative<NoAnswer>(answered(reply)));
}

// SAM-5 5.14: the command was not carried out.
void after_a_unit_attention_it_is_sent_again(void**) {
    GroupArray array;
    int attentions = 2;
    array.answer = [&](const auto& wanted) {
        return attentions-- > 0 ? check_condition(SenseKey::UnitAttention, 0x2a, 0x07)
                                : array.obey(wanted);
    };
    assert_true(std::holds_alternative<Taken>(send(array)));
    assert_int_equal(array.asked.size(), 3);
    // One that tells nothing else is not asked for ever.
    array.asked.clear();
    array.answer = [](const auto&) { return check_condition(SenseKey::UnitAttention, 0x29, 0x00); };
    assert_refused(send(array), Refusal::Failed, "SET TARGET PORT GROUPS");
    assert_int_equal(array.asked.size(), 6);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_pairs_go_in_one_command),
        cmocka_unit_test(another_unit_is_left_alone),
        cmocka_unit_test(what_the_device_refuses_is_told_by_its_sense_data),
        cmocka_unit_test(a_device_between_two_states_or_busy_is_asked_again_later),
        cmocka_unit_test(a_port_that_does_not_serve_leaves_it_to_another),
        cmocka_unit_test(after_a_unit_attention_it_is_sent_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
