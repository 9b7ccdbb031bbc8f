// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Persistent reservations per I_T nexus (SPC-4 5.13): the rules as a table, then over the wire with
// the host's paths and another node's.
#include "common/scsi/persistent_reserve_in.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "common/scsi/read_capacity.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "common/scsi/text.hpp"
#include "daemon/san/reservations.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

using namespace mpapi;
using namespace mpapi::san;
using scsi::ReservationType;
using Outcome = Reservations::Outcome;
using Told = Reservations::Told;
using Notices = std::vector<std::pair<Nexus, Told>>;

namespace {

constexpr Nexus a = 1, b = 2, c = 3;
constexpr std::uint64_t key_a = 0xa, key_b = 0xb;

Reservations::Result add(Reservations& unit, Nexus nexus, std::uint64_t key) {
    return unit.register_key(std::span(&nexus, 1), 0, key, false, false);
}

Reservations a_and_b_registered() {
    Reservations unit;
    assert_true(add(unit, a, key_a).outcome == Outcome::Good);
    assert_true(add(unit, b, key_b).outcome == Outcome::Good);
    return unit;
}

void each_type_allows_what_its_row_of_the_table_says(void**) {
    struct Row {
        ReservationType type;
        // Read and write of: the holder a, the registered b, the unregistered c.
        bool holder_write, registered_read, registered_write, other_read, other_write;
    };
    const Row rows[] = {
        {ReservationType::WriteExclusive, true, true, false, true, false},
        {ReservationType::ExclusiveAccess, true, false, false, false, false},
        {ReservationType::WriteExclusiveRegistrantsOnly, true, true, true, true, false},
        {ReservationType::ExclusiveAccessRegistrantsOnly, true, true, true, false, false},
        {ReservationType::WriteExclusiveAllRegistrants, true, true, true, true, false},
        {ReservationType::ExclusiveAccessAllRegistrants, true, true, true, false, false},
    };
    for (const auto& row : rows) {
        auto unit = a_and_b_registered();
        assert_true(unit.reserve(a, key_a, row.type).outcome == Outcome::Good);
        print_message("%s\n", std::string(scsi::reservation_type_text(row.type)).c_str());
        assert_int_equal(unit.allows(a, CommandKind::Write), row.holder_write);
        assert_int_equal(unit.allows(a, CommandKind::Read), true);
        assert_int_equal(unit.allows(b, CommandKind::Read), row.registered_read);
        assert_int_equal(unit.allows(b, CommandKind::Write), row.registered_write);
        assert_int_equal(unit.allows(c, CommandKind::Read), row.other_read);
        assert_int_equal(unit.allows(c, CommandKind::Write), row.other_write);
        assert_true(unit.allows(c, CommandKind::Harmless));
    }
    const Reservations nobody;
    assert_true(nobody.allows(c, CommandKind::Write));
}

void a_registration_needs_the_key_that_is_there(void**) {
    Reservations unit;
    const Nexus nexus = a;
    const std::span one(&nexus, 1);
    assert_true(unit.register_key(one, 77, key_a, false, false).outcome == Outcome::Conflict);
    assert_true(unit.register_key(one, 0, key_a, false, false).outcome == Outcome::Good);
    assert_true(unit.register_key(one, 0, 5, false, false).outcome == Outcome::Conflict);
    assert_true(unit.register_key(one, key_a, 5, false, false).outcome == Outcome::Good);
    assert_int_equal(unit.registrations()[0].key, 5);
    assert_true(unit.register_key(one, 99, 6, true, true).outcome == Outcome::Good);
    assert_int_equal(unit.registrations()[0].key, 6);
    assert_true(unit.persists());
    assert_true(unit.register_key(one, 6, 0, false, false).outcome == Outcome::Good);
    assert_true(unit.registrations().empty());
    assert_int_equal(unit.generation(), 4);
}

void nobody_reserves_without_a_registration_or_against_another(void**) {
    auto unit = a_and_b_registered();
    const auto type = ReservationType::WriteExclusive;
    assert_true(unit.reserve(c, 0, type).outcome == Outcome::Conflict);
    assert_true(unit.reserve(a, key_b, type).outcome == Outcome::Conflict);
    assert_true(unit.reserve(a, key_a, type).outcome == Outcome::Good);
    assert_true(unit.reserve(a, key_a, type).outcome == Outcome::Good);
    assert_true(unit.reserve(a, key_a, ReservationType::ExclusiveAccess).outcome ==
                Outcome::Conflict);
    assert_true(unit.reserve(b, key_b, type).outcome == Outcome::Conflict);
    // RESERVE and RELEASE do not count (5.13.3).
    assert_int_equal(unit.generation(), 2);
}

void releasing_tells_the_registrants_of_shared_types_only(void**) {
    for (const auto type : {ReservationType::WriteExclusive, ReservationType::ExclusiveAccess}) {
        auto unit = a_and_b_registered();
        (void)unit.reserve(a, key_a, type);
        assert_true(unit.release(a, key_a, type).notices.empty());
        assert_false(unit.held());
    }
    for (const auto type : {ReservationType::WriteExclusiveRegistrantsOnly,
                            ReservationType::ExclusiveAccessAllRegistrants}) {
        auto unit = a_and_b_registered();
        (void)unit.reserve(a, key_a, type);
        const auto released = unit.release(a, key_a, type);
        assert_int_equal(released.notices.size(), 1);
        assert_true(released.notices == (Notices{{b, Told::Released}}));
    }
}

void releasing_needs_the_type_and_ignores_who_does_not_hold(void**) {
    auto unit = a_and_b_registered();
    const auto type = ReservationType::WriteExclusive;
    (void)unit.reserve(a, key_a, type);
    assert_true(unit.release(a, key_a, ReservationType::ExclusiveAccess).outcome ==
                Outcome::InvalidRelease);
    assert_true(unit.release(b, key_b, type).outcome == Outcome::Good);
    assert_true(unit.release(b, key_a, type).outcome == Outcome::Conflict);
    assert_true(unit.held());
}

void the_holder_that_unregisters_takes_the_reservation_along(void**) {
    auto unit = a_and_b_registered();
    (void)unit.reserve(a, key_a, ReservationType::ExclusiveAccessRegistrantsOnly);
    const Nexus nexus = a;
    const auto gone = unit.register_key(std::span(&nexus, 1), key_a, 0, false, false);
    assert_true(gone.notices == (Notices{{b, Told::Released}}));
    assert_false(unit.held());

    // All registrants: the reservation stays with the last one.
    auto shared = a_and_b_registered();
    (void)shared.reserve(a, key_a, ReservationType::ExclusiveAccessAllRegistrants);
    (void)shared.register_key(std::span(&nexus, 1), key_a, 0, false, false);
    assert_true(shared.held());
    assert_true(shared.holds(b));
    const Nexus other = b;
    (void)shared.register_key(std::span(&other, 1), key_b, 0, false, false);
    assert_false(shared.held());
}

void clearing_tells_everybody_else(void**) {
    auto unit = a_and_b_registered();
    (void)unit.reserve(a, key_a, ReservationType::WriteExclusive);
    assert_true(unit.clear(c, 0).outcome == Outcome::Conflict);
    const auto cleared = unit.clear(b, key_b);
    assert_true(cleared.notices == (Notices{{a, Told::ReservationsPreempted}}));
    assert_true(unit.registrations().empty());
    assert_false(unit.held());
    assert_int_equal(unit.generation(), 3);
}

void preempting_the_holder_takes_over(void**) {
    auto unit = a_and_b_registered();
    (void)unit.reserve(a, key_a, ReservationType::WriteExclusive);
    const auto taken = unit.preempt(b, key_b, key_a, ReservationType::WriteExclusive);
    assert_true(taken.outcome == Outcome::Good);
    assert_true(taken.notices == (Notices{{a, Told::RegistrationsPreempted}}));
    assert_true(unit.holds(b));
    assert_int_equal(unit.registrations().size(), 1);
    assert_false(unit.allows(a, CommandKind::Write));
}

void preempting_with_another_type_tells_who_stays(void**) {
    auto unit = a_and_b_registered();
    assert_true(add(unit, c, 0xc).outcome == Outcome::Good);
    (void)unit.reserve(a, key_a, ReservationType::WriteExclusive);
    const auto taken =
        unit.preempt(b, key_b, key_a, ReservationType::WriteExclusiveRegistrantsOnly);
    assert_true(taken.notices == (Notices{{a, Told::RegistrationsPreempted}, {c, Told::Released}}));
}

void preempting_a_registrant_leaves_the_reservation(void**) {
    auto unit = a_and_b_registered();
    assert_true(add(unit, c, 0xc).outcome == Outcome::Good);
    (void)unit.reserve(a, key_a, ReservationType::WriteExclusive);
    assert_true(unit.preempt(b, key_b, 0xdead, ReservationType::WriteExclusive).outcome ==
                Outcome::Conflict);
    assert_true(unit.preempt(b, key_b, 0, ReservationType::WriteExclusive).outcome ==
                Outcome::InvalidField);
    const auto removed = unit.preempt(b, key_b, 0xc, ReservationType::WriteExclusive);
    assert_true(removed.notices == (Notices{{c, Told::RegistrationsPreempted}}));
    assert_true(unit.holds(a));
}

void preempting_key_zero_takes_an_all_registrants_reservation_from_everybody(void**) {
    auto unit = a_and_b_registered();
    (void)unit.reserve(a, key_a, ReservationType::WriteExclusiveAllRegistrants);
    const auto taken = unit.preempt(b, key_b, 0, ReservationType::ExclusiveAccess);
    assert_true(taken.outcome == Outcome::Good);
    assert_int_equal(unit.registrations().size(), 1);
    assert_true(unit.holds(b));
    assert_true(unit.type() == ReservationType::ExclusiveAccess);
}

void a_reservation_moves_to_another_nexus(void**) {
    auto unit = a_and_b_registered();
    assert_true(unit.register_and_move(a, key_a, 0xc, c, false, false).outcome ==
                Outcome::Conflict); // holds nothing
    (void)unit.reserve(a, key_a, ReservationType::WriteExclusive);
    assert_true(unit.register_and_move(a, key_a, 0, c, false, false).outcome ==
                Outcome::InvalidField);
    assert_true(unit.register_and_move(a, key_a, 0xc, c, true, false).outcome == Outcome::Good);
    assert_true(unit.holds(c));
    assert_false(unit.allows(a, CommandKind::Write));
    assert_int_equal(unit.registrations().size(), 2);
}

// --- over the wire ---

struct Node {
    World world = World::from(example("two-arrays"));

    daemon::ScsiReply send(const std::string& initiator, const std::string& port,
                           std::span<const std::uint8_t> cdb,
                           std::span<const std::uint8_t> out = {}) {
        in.assign(4096, 0);
        auto reply = world.san->execute(initiator, "north", port, "database", cdb, out, in);
        assert_ok(reply);
        in.resize(reply->received);
        return *reply;
    }
    std::uint8_t reserve_out(const std::string& initiator, const std::string& port,
                             scsi::ReserveOutAction action, std::uint64_t key,
                             std::uint64_t action_key, bool all_ports = false,
                             ReservationType type = ReservationType::None) {
        scsi::ReserveOutList list;
        list.key = key;
        list.service_action_key = action_key;
        list.all_target_ports = all_ports;
        const auto bytes = scsi::build_reserve_out(list);
        assert_ok(bytes);
        const auto length = static_cast<std::uint32_t>(bytes->size());
        return send(initiator, port, scsi::reserve_out_cdb({action, 0, type, length}), *bytes)
            .status;
    }
    std::string attention(const std::string& initiator, const std::string& port) {
        const auto reply = send(initiator, port, scsi::test_unit_ready_cdb());
        if (reply.status == 0) return "";
        const auto sense = scsi::parse_sense(reply.sense);
        assert_ok(sense);
        print_message("%s\n", scsi::sense_text(*sense).c_str());
        return scsi::hex8(sense->asc) + "/" + scsi::hex8(sense->ascq);
    }
    std::vector<std::uint8_t> in;
};

constexpr std::uint8_t conflict = 0x18;

void two_nodes_fence_each_other(void**) {
    Node node;
    using Action = scsi::ReserveOutAction;
    // Every nexus of the host's port at once, the other node's one by one.
    assert_int_equal(node.reserve_out("fc-a", "A0", Action::Register, 0, 0xa, true), 0);
    assert_int_equal(node.reserve_out("other-node", "A0", Action::Register, 0, 0xb), 0);
    assert_int_equal(node.reserve_out("fc-a", "A0", Action::Reserve, 0xa, 0, false,
                                      ReservationType::WriteExclusiveRegistrantsOnly),
                     0);

    assert_true(
        node.send("fc-b", "A1", scsi::reserve_in_cdb(scsi::ReserveInAction::ReadFullStatus, 2048))
            .good());
    const auto status = scsi::parse_full_status(node.in);
    assert_ok(status);
    assert_int_equal(status->generation, 2);
    assert_int_equal(status->registrations.size(), 3);
    const auto& first = status->registrations[0];
    assert_int_equal(first.key, 0xa);
    assert_true(first.holder);
    assert_true(first.type == ReservationType::WriteExclusiveRegistrantsOnly);
    assert_int_equal(first.relative_target_port, 1);
    assert_true(*first.initiator ==
                scsi::TransportId(scsi::FibreChannelInitiator{0x2100001b329f1c40}));
    assert_int_equal(status->registrations[1].relative_target_port, 3);
    assert_false(status->registrations[1].holder);

    // fc-b is not registered: it may read and not write.
    std::vector<std::uint8_t> block(512, 0x5a);
    const std::array<std::uint8_t, 10> write{0x2a, 0, 0, 0, 0, 7, 0, 0, 1, 0};
    const std::array<std::uint8_t, 10> read{0x28, 0, 0, 0, 0, 7, 0, 0, 1, 0};
    assert_int_equal(node.send("fc-b", "A1", write, block).status, conflict);
    assert_int_equal(node.send("fc-a", "B0", write, block).status, 0);
    assert_int_equal(node.send("fc-b", "A1", read).status, 0);
    assert_true(node.in == block);

    // The other node throws the host out: all its nexuses hear of it, once, and lose their rights.
    assert_int_equal(node.reserve_out("other-node", "A0", Action::PreemptAndAbort, 0xb, 0xa, false,
                                      ReservationType::WriteExclusiveRegistrantsOnly),
                     0);
    assert_text_equal(node.attention("fc-a", "A0"), "2Ah/05h");
    assert_text_equal(node.attention("fc-a", "A0"), "");
    assert_text_equal(node.attention("fc-a", "B0"), "2Ah/05h");
    assert_text_equal(node.attention("fc-b", "A1"), "");
    assert_int_equal(node.send("fc-a", "A0", write, block).status, conflict);
    assert_int_equal(node.send("other-node", "A0", write, block).status, 0);

    assert_true(
        node.send("fc-a", "A0", scsi::reserve_in_cdb(scsi::ReserveInAction::ReadReservation, 256))
            .good());
    const auto held = scsi::parse_reservation(node.in);
    assert_ok(held);
    assert_int_equal(held->held->key, 0xb);
}

void clearing_over_the_wire_tells_reservations_preempted(void**) {
    Node node;
    using Action = scsi::ReserveOutAction;
    assert_int_equal(node.reserve_out("fc-a", "A0", Action::Register, 0, 0xa), 0);
    assert_int_equal(node.reserve_out("other-node", "A0", Action::Register, 0, 0xb), 0);
    assert_int_equal(node.reserve_out("other-node", "A0", Action::Clear, 0xb, 0), 0);
    assert_text_equal(node.attention("fc-a", "A0"), "2Ah/03h");
    assert_true(
        node.send("fc-a", "A0", scsi::reserve_in_cdb(scsi::ReserveInAction::ReadKeys, 256)).good());
    const auto keys = scsi::parse_reservation_keys(node.in);
    assert_ok(keys);
    assert_true(keys->keys.empty());
    assert_int_equal(keys->generation, 3);
}

void bad_parameter_lists_are_refused_with_the_right_sense(void**) {
    Node node;
    std::vector<std::uint8_t> bytes(23);
    auto reply = node.send(
        "fc-a", "A0",
        scsi::reserve_out_cdb({scsi::ReserveOutAction::Register, 0, ReservationType::None, 23}),
        bytes);
    assert_true(scsi::parse_sense(reply.sense)->is(scsi::SenseKey::IllegalRequest, 0x1a, 0x00));
    bytes.assign(24, 0);
    bytes[20] = 0x08; // SPEC_I_PT, which is not offered
    reply = node.send(
        "fc-a", "A0",
        scsi::reserve_out_cdb({scsi::ReserveOutAction::Register, 0, ReservationType::None, 24}),
        bytes);
    assert_true(scsi::parse_sense(reply.sense)->is(scsi::SenseKey::IllegalRequest, 0x26, 0x00));
}

void explicit_failover_tells_the_other_nexuses(void**) {
    Node node;
    node.world.recorder.told.clear();
    const std::array<scsi::SetTargetPortGroup, 2> wanted{
        {{1, scsi::AccessState::ActiveNonOptimized}, {2, scsi::AccessState::ActiveOptimized}}};
    const auto list = scsi::build_set_target_port_groups(wanted);
    assert_true(node.send("fc-a", "A0",
                          scsi::set_target_port_groups_cdb(static_cast<std::uint32_t>(list.size())),
                          list)
                    .good());
    node.world.settle();
    // The one that asked knows already.
    assert_text_equal(node.world.recorder.take(), "access sdf, access sdj, access sdn, map mpatha");
    assert_true(node.send("fc-a", "A0",
                          scsi::report_target_port_groups_cdb(scsi::GroupsFormat::LengthOnly, 512))
                    .good());
    const auto groups = scsi::parse_target_port_groups(node.in);
    assert_ok(groups);
    assert_true(groups->groups[1].state == scsi::AccessState::ActiveOptimized);
    assert_true(groups->groups[1].status == scsi::GroupStatus::SetByCommand);

    const std::array<scsi::SetTargetPortGroup, 1> unknown{{{9, scsi::AccessState::Standby}}};
    const auto bad = scsi::build_set_target_port_groups(unknown);
    const auto reply =
        node.send("fc-a", "A0",
                  scsi::set_target_port_groups_cdb(static_cast<std::uint32_t>(bad.size())), bad);
    assert_true(scsi::parse_sense(reply.sense)->is(scsi::SenseKey::IllegalRequest, 0x26, 0x00));
}

void capacity_and_blocks_are_those_of_the_description(void**) {
    Node node;
    assert_true(node.send("fc-a", "A0", scsi::read_capacity_16_cdb(32)).good());
    const auto capacity = scsi::parse_capacity_16(node.in);
    assert_ok(capacity);
    assert_int_equal(capacity->bytes(), 200ull << 30);
    assert_true(node.send("fc-a", "A0", scsi::read_capacity_10_cdb()).good());
    assert_int_equal(scsi::parse_capacity_10(node.in)->bytes(), 200ull << 30);
    // The last block is there, the one behind it is not.
    const auto last = static_cast<std::uint32_t>(capacity->last_block);
    std::array<std::uint8_t, 10> read{0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0};
    scsi::store_u32(read, 2, last);
    assert_true(node.send("fc-a", "A0", read).good());
    assert_true(node.in == std::vector<std::uint8_t>(512, 0));
    scsi::store_u32(read, 2, last + 1);
    const auto reply = node.send("fc-a", "A0", read);
    assert_true(scsi::parse_sense(reply.sense)->is(scsi::SenseKey::IllegalRequest, 0x21, 0x00));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_type_allows_what_its_row_of_the_table_says),
        cmocka_unit_test(a_registration_needs_the_key_that_is_there),
        cmocka_unit_test(nobody_reserves_without_a_registration_or_against_another),
        cmocka_unit_test(releasing_tells_the_registrants_of_shared_types_only),
        cmocka_unit_test(releasing_needs_the_type_and_ignores_who_does_not_hold),
        cmocka_unit_test(the_holder_that_unregisters_takes_the_reservation_along),
        cmocka_unit_test(clearing_tells_everybody_else),
        cmocka_unit_test(preempting_the_holder_takes_over),
        cmocka_unit_test(preempting_with_another_type_tells_who_stays),
        cmocka_unit_test(preempting_a_registrant_leaves_the_reservation),
        cmocka_unit_test(preempting_key_zero_takes_an_all_registrants_reservation_from_everybody),
        cmocka_unit_test(a_reservation_moves_to_another_nexus),
        cmocka_unit_test(two_nodes_fence_each_other),
        cmocka_unit_test(clearing_over_the_wire_tells_reservations_preempted),
        cmocka_unit_test(bad_parameter_lists_are_refused_with_the_right_sense),
        cmocka_unit_test(explicit_failover_tells_the_other_nexuses),
        cmocka_unit_test(capacity_and_blocks_are_those_of_the_description),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
