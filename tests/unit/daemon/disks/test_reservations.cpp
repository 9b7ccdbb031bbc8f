// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Two nodes at one logical unit of the embedded SAN: ours with four paths (sda and sdf through
// fc-a, sdj and sdn through fc-b), and another that sends its commands itself.
#include "daemon/disks/reservations.hpp"

#include "daemon/disks/ownership/disk_reservations.hpp"
#include "daemon/disks/reservation_commands.hpp"
#include "daemon/san/san_blocks.hpp"
#include "tests/unit/daemon/disks/overheard_san.hpp"
#include "tests/unit/daemon/san/recorder.hpp"

#include <atomic>
#include <cerrno>

using namespace mpapi;
using namespace mpapi::disks;
using scsi::ReserveOutAction;

namespace {

constexpr std::uint64_t kOurs = 0x1111222233334444;
constexpr std::uint64_t kTheirs = 0x9999888877776666;
using Actions = std::vector<std::string>;
// For stories about which nexus it is: however slow the machine is, none passes for a silent one.
constexpr std::chrono::milliseconds kLong{20'000};

class Cluster {
  public:
    explicit Cluster(std::chrono::milliseconds timeout = std::chrono::milliseconds(300),
                     std::chrono::milliseconds patience = std::chrono::milliseconds(50))
      : world(san::World::from(san::example("two-arrays")))
      , overheard(*world.san) {
        daemon::Config::Commands limits;
        limits.timeout = timeout;
        auto made = daemon::Workers::create(world.loop.get(), limits);
        assert_ok(made);
        workers = std::move(*made);
        reservations = std::make_unique<Reservations>(Reservations::Means{
            world.loop.get(), overheard, *workers, limits.timeout, kOurs, patience});
        disk = describe();
    }
    ~Cluster() {
        reservations.reset();
        overheard.shut();
        world.san.reset(); // ends what hangs
        workers->close(std::chrono::milliseconds(1000));
    }

    DiskPtr describe(const std::string& dead = "") const {
        Disk made;
        made.id = "360060e80123456000000000000000001";
        made.unit_name = "60060e80123456000000000000000001";
        std::uint16_t relative = 0;
        for (const char* device : {"sda", "sdj", "sdf", "sdn"}) {
            const auto& facts = world.recorder.disks.at(device);
            made.nexuses.push_back(Nexus{device, facts.number, facts.address,
                                         facts.initiator_port->port_id, facts.target_port->port_id,
                                         ++relative, device != dead});
        }
        return std::make_shared<const Disk>(std::move(made));
    }

    std::vector<NexusResult> each(void (Reservations::*action)(const DiskPtr&,
                                                               Reservations::PerNexus)) {
        std::optional<std::vector<NexusResult>> got;
        ((*reservations).*
         action)(disk, [&](std::vector<NexusResult> results) { got = std::move(results); });
        run([&] { return got.has_value(); });
        return *got;
    }
    Status once(void (Reservations::*action)(const DiskPtr&, Reservations::Ended)) {
        std::optional<Status> got;
        ((*reservations).*action)(disk, [&](Status status) { got = std::move(status); });
        run([&] { return got.has_value(); });
        return *got;
    }
    ReservationState state() {
        std::optional<Result<ReservationState>> got;
        reservations->read(disk, [&](Result<ReservationState> now) { got = std::move(now); });
        run([&] { return got.has_value(); });
        assert_ok(*got);
        return **got;
    }
    void register_ours() {
        for (const auto& result : each(&Reservations::register_all))
            assert_ok(result.status);
    }

    // The other node, through A0. Whatever attentions wait for it are of no concern.
    std::uint8_t theirs(ReserveOutAction action, std::uint64_t key, std::uint64_t other = 0) {
        scsi::ReserveOutList list;
        list.key = key;
        list.service_action_key = other;
        const auto bytes = scsi::build_reserve_out(list);
        scsi::ReserveOutCommand command;
        command.action = action;
        command.type = action == ReserveOutAction::RegisterAndIgnoreExistingKey ||
                               action == ReserveOutAction::Clear
                           ? scsi::ReservationType::None
                           : kOurType;
        command.parameter_list_length = static_cast<std::uint32_t>(bytes->size());
        const auto cdb = scsi::reserve_out_cdb(command);
        for (int tries = 0;; ++tries) {
            const auto reply =
                world.san->execute("other-node", "north", "A0", "database", cdb, *bytes, {});
            assert_ok(reply);
            if (reply->status != 2 || tries == 8) return reply->status;
        }
    }
    void they_register_and_reserve() {
        assert_int_equal(theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
        assert_int_equal(theirs(ReserveOutAction::Reserve, kTheirs), 0);
    }

    // What was sent by it.
    Actions sent(void (Reservations::*action)(const DiskPtr&, Reservations::Ended), Status& ended) {
        overheard.take();
        ended = once(action);
        return overheard.take();
    }
    Actions sent(void (Reservations::*action)(const DiskPtr&, Reservations::Ended)) {
        Status ended = Done{};
        return sent(action, ended);
    }

    void run(const std::function<bool()>& over) {
        while (!over())
            if (sd_event_run(world.loop.get(), 20'000'000) <= 0) fail_msg("no answer in 20 s");
    }

    san::World world;
    OverheardSan overheard;
    std::unique_ptr<daemon::Workers> workers;
    std::unique_ptr<Reservations> reservations;
    DiskPtr disk;
};

std::size_t count(const ReservationState& state, std::uint64_t key) {
    return static_cast<std::size_t>(
        std::count_if(state.registrations.begin(), state.registrations.end(),
                      [key](const auto& each) { return each.registration.key == key; }));
}

void the_key_is_registered_on_every_nexus(void**) {
    Cluster cluster;
    assert_true(cluster.state().registrations.empty());
    cluster.register_ours();
    const auto state = cluster.state();
    assert_true(state.full);
    assert_int_equal(count(state, kOurs), 4);
    std::vector<std::size_t> seen;
    for (const auto& each : state.registrations) {
        assert_int_equal(each.ours.size(), 1);
        seen.push_back(each.ours.front());
    }
    std::sort(seen.begin(), seen.end());
    assert_true(seen == std::vector<std::size_t>({0, 1, 2, 3}));
}

void another_nodes_registration_is_nobodys_of_ours(void**) {
    Cluster cluster;
    cluster.they_register_and_reserve();
    const auto state = cluster.state();
    assert_int_equal(state.registrations.size(), 1);
    assert_true(state.registrations[0].ours.empty());
    assert_true(state.held_by(kTheirs));
    assert_false(state.held_by(kOurs));
}

void a_key_that_was_there_is_replaced(void**) {
    Cluster cluster;
    cluster.register_ours();
    Reservations other({cluster.world.loop.get(), *cluster.world.san, *cluster.workers,
                        std::chrono::milliseconds(300), 5});
    std::optional<std::vector<NexusResult>> got;
    other.register_all(cluster.disk, [&](auto results) { got = std::move(results); });
    cluster.run([&] { return got.has_value(); });
    for (const auto& result : *got)
        assert_ok(result.status);
    assert_int_equal(count(cluster.state(), 5), 4);
    assert_int_equal(count(cluster.state(), kOurs), 0);
}

void a_lost_path_fails_alone(void**) {
    Cluster cluster;
    cluster.world.apply(san::disk_fault(san::Verb::PathLost, "sdj"));
    const auto results = cluster.each(&Reservations::register_all);
    for (const auto& result : results)
        assert_int_equal(result.status.has_value(), result.nexus.device != "sdj");
    assert_int_equal(count(cluster.state(), kOurs), 3);

    cluster.world.apply(san::disk_fault(san::Verb::PathRestored, "sdj"));
    std::optional<std::vector<NexusResult>> got;
    cluster.reservations->register_some(cluster.disk, {cluster.disk->nexuses[1]},
                                        [&](auto some) { got = std::move(some); });
    cluster.run([&] { return got.has_value(); });
    assert_int_equal(got->size(), 1);
    assert_ok(got->front().status);
    assert_int_equal(count(cluster.state(), kOurs), 4);
}

void a_path_that_hangs_is_given_up(void**) {
    Cluster cluster;
    cluster.world.apply(san::disk_fault(san::Verb::CommandHangs, "sdj"));
    for (const auto& result : cluster.each(&Reservations::register_all)) {
        if (result.nexus.device != "sdj")
            assert_ok(result.status);
        else
            assert_int_equal(result.status.error().errnum, ETIMEDOUT);
    }
}

// All but one nexus are silent, and nobody knows that yet: the model has them usable. Their
// commands end after a minute, far later than the owner has to have looked.
void reading_does_not_wait_for_paths_that_hang(void**) {
    Cluster cluster(std::chrono::minutes(1));
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    for (const char* device : {"sda", "sdj", "sdf"})
        cluster.world.apply(san::disk_fault(san::Verb::CommandHangs, device));
    assert_true(cluster.state().held_by(kOurs));
    // Remembered: what may be sent only once does not begin with one of them either.
    assert_int_equal(cluster.theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
    std::optional<Status> removed;
    cluster.reservations->preempt_key(cluster.disk, kTheirs,
                                      [&](Status status) { removed = std::move(status); });
    cluster.run([&] { return removed.has_value(); });
    assert_ok(*removed);
    assert_int_equal(count(cluster.state(), kTheirs), 0);
}

void where_every_path_hangs_reading_fails_when_the_last_is_given_up(void**) {
    Cluster cluster;
    for (const char* device : {"sda", "sdj", "sdf", "sdn"})
        cluster.world.apply(san::disk_fault(san::Verb::CommandHangs, device));
    std::optional<Result<ReservationState>> got;
    cluster.reservations->read(cluster.disk,
                               [&](Result<ReservationState> now) { got = std::move(now); });
    cluster.run([&] { return got.has_value(); });
    assert_false(got->has_value());
    assert_int_equal(got->error().errnum, ETIMEDOUT);
}

void nobody_reserves_without_a_registration_and_the_device_says_so(void**) {
    Cluster cluster(kLong, kLong);
    using Action = void (Reservations::*)(const DiskPtr&, Reservations::Ended);
    const std::string victim = std::to_string(kTheirs);
    const std::pair<Action, std::string> rows[] = {
        {&Reservations::reserve, "sda reserve"},
        {&Reservations::release, "sda release"},
        {&Reservations::preempt_holder, "sda preempt " + victim},
        {&Reservations::clear, "sda clear"},
    };
    cluster.they_register_and_reserve();
    for (const auto& [action, command] : rows) {
        Status status = Done{};
        assert_true(cluster.sent(action, status) == Actions{command});
        assert_int_equal(status.error().errnum, ENOKEY);
        assert_contains(status.error().message(), "not registered");
    }
    assert_int_equal(count(cluster.state(), kOurs), 0);
    assert_true(cluster.state().held_by(kTheirs));
}

void reserving_twice_is_reserving_once(void**) {
    Cluster cluster(kLong, kLong);
    cluster.register_ours();
    assert_true(cluster.sent(&Reservations::reserve) == Actions{"sda reserve"});
    Status again = Done{};
    assert_true(cluster.sent(&Reservations::reserve, again) == Actions{"sda reserve"});
    assert_ok(again);
    const auto state = cluster.state();
    assert_true(state.held_by(kOurs));
    assert_true(state.held->type == scsi::ReservationType::WriteExclusiveRegistrantsOnly);
}

// Through any other nexus than the holder's the device calls it a conflict.
void reserving_again_goes_through_the_holder(void**) {
    Cluster cluster(kLong, kLong);
    cluster.register_ours();
    auto other = *cluster.disk;
    for (auto& nexus : other.nexuses)
        nexus.usable = nexus.device == "sdn";
    const auto usual = std::exchange(cluster.disk, std::make_shared<const Disk>(other));
    assert_ok(cluster.once(&Reservations::reserve));
    cluster.disk = usual;
    Status again = Done{};
    assert_true(cluster.sent(&Reservations::reserve, again) == Actions{"sdn reserve"});
    assert_ok(again);
    cluster.world.apply(san::disk_fault(san::Verb::PathLost, "sdn"));
    assert_true(cluster.sent(&Reservations::reserve, again) == Actions{"sda reserve"});
    assert_ok(again); // for it is held
}

// An owner whose holding path falls silent, which it has not asked since: its defence does not wait
// for that one. Only RESERVE needs the holder.
void preempting_does_not_wait_for_the_holders_path(void**) {
    Cluster cluster(std::chrono::minutes(1), kLong);
    cluster.register_ours();
    auto other = *cluster.disk;
    for (auto& nexus : other.nexuses)
        nexus.usable = nexus.device == "sdn";
    const auto usual = std::exchange(cluster.disk, std::make_shared<const Disk>(other));
    assert_ok(cluster.once(&Reservations::reserve));
    cluster.disk = usual;
    assert_int_equal(cluster.theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
    cluster.world.apply(san::disk_fault(san::Verb::CommandHangs, "sdn"));
    std::optional<Status> removed;
    cluster.reservations->preempt_key(cluster.disk, kTheirs,
                                      [&](Status status) { removed = std::move(status); });
    cluster.run([&] { return removed.has_value(); });
    assert_ok(*removed);
    assert_int_equal(count(cluster.state(), kTheirs), 0);
}

void a_reservation_of_another_node_is_a_conflict(void**) {
    Cluster cluster(kLong, kLong);
    cluster.they_register_and_reserve();
    cluster.register_ours();
    assert_int_equal(cluster.once(&Reservations::reserve).error().errnum, EBADE);
    Status released = Done{};
    assert_true(cluster.sent(&Reservations::release, released) == Actions{"sda release"});
    assert_int_equal(released.error().errnum, EBADE);
    assert_true(cluster.state().held_by(kTheirs));
}

// A rival that wins the race for a free disk may remove our key before our RESERVE arrives.
void to_an_ownership_a_key_that_was_removed_is_a_conflict(void**) {
    Cluster cluster;
    cluster.they_register_and_reserve();
    assert_int_equal(cluster.once(&Reservations::reserve).error().errnum, ENOKEY);
    DiskReservations unit(*cluster.reservations, [&] { return cluster.disk; });
    const auto ends_with_conflict = [&](const std::function<void(ReservationUnit::Ended)>& ask) {
        std::optional<Status> got;
        ask([&](Status status) { got = std::move(status); });
        cluster.run([&] { return got.has_value(); });
        assert_int_equal(got->error().errnum, EBADE);
    };
    ends_with_conflict([&](auto ended) { unit.reserve(kOurs, std::move(ended)); });
    ends_with_conflict([&](auto ended) { unit.preempt(kOurs, kTheirs, std::move(ended)); });
}

// LIO does not say RESERVATION CONFLICT to who is not registered.
void that_we_are_not_registered_is_known_without_the_devices_word(void**) {
    Cluster cluster(kLong, kLong);
    cluster.they_register_and_reserve();
    cluster.overheard.conflicts_as_lio = true;
    for (const auto action : {&Reservations::reserve, &Reservations::preempt_holder,
                              &Reservations::release, &Reservations::clear})
        assert_int_equal(cluster.once(action).error().errnum, ENOKEY);
}

void a_key_that_is_removed_before_the_command_comes_is_missed(void**) {
    Cluster cluster(kLong, kLong);
    cluster.register_ours();
    assert_int_equal(cluster.theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
    cluster.overheard.conflicts_as_lio = true;
    cluster.overheard.before = [&, removed = false]() mutable {
        if (std::exchange(removed, true)) return;
        assert_int_equal(cluster.theirs(ReserveOutAction::Preempt, kTheirs, kOurs), 0);
        assert_int_equal(cluster.theirs(ReserveOutAction::Reserve, kTheirs), 0);
    };
    assert_int_equal(cluster.once(&Reservations::reserve).error().errnum, ENOKEY);
    assert_true(cluster.state().held_by(kTheirs));
}

void releasing_keeps_the_registrations(void**) {
    Cluster cluster(kLong, kLong);
    cluster.register_ours();
    Status released = Done{};
    assert_true(cluster.sent(&Reservations::release, released) == Actions{"sda release"});
    assert_ok(released); // nobody holds
    assert_ok(cluster.once(&Reservations::reserve));
    assert_ok(cluster.once(&Reservations::release));
    const auto state = cluster.state();
    assert_false(state.held.has_value());
    assert_int_equal(count(state, kOurs), 4);
}

void releasing_works_through_whichever_nexus_holds(void**) {
    for (const char* first : {"sda", "sdn"}) {
        Cluster cluster;
        cluster.register_ours();
        // The first usable nexus reserves.
        auto reordered = *cluster.disk;
        for (auto& nexus : reordered.nexuses)
            nexus.usable = nexus.device == first;
        cluster.disk = std::make_shared<const Disk>(reordered);
        assert_ok(cluster.once(&Reservations::reserve));
        cluster.disk = cluster.describe();
        for (const auto& each : cluster.state().registrations)
            assert_int_equal(each.registration.holder,
                             cluster.disk->nexuses[each.ours[0]].device == first);
        assert_ok(cluster.once(&Reservations::release));
        assert_false(cluster.state().held.has_value());
    }
}

void a_reservation_whose_path_died_is_released_all_the_same(void**) {
    Cluster cluster;
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    assert_int_equal(cluster.theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
    cluster.world.apply(san::disk_fault(san::Verb::PathLost, "sda"));
    assert_ok(cluster.once(&Reservations::release));
    const auto state = cluster.state();
    assert_false(state.held.has_value());
    assert_int_equal(count(state, kOurs), 3); // all that live
    assert_int_equal(count(state, kTheirs), 1);
}

// Each write goes out between two of our own commands.
void no_write_meets_a_conflict_while_the_holders_path_is_dead(void**) {
    Cluster cluster(kLong, kLong);
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    cluster.world.apply(san::disk_fault(san::Verb::PathLost, "sda"));
    cluster.disk = cluster.describe("sda");
    san::SanBlocks blocks(*cluster.world.san);
    std::atomic<int> written = 0, refused = 0;
    cluster.overheard.after = [&] {
        for (std::size_t n = 1; n < cluster.disk->nexuses.size(); ++n) {
            const auto& nexus = cluster.disk->nexuses[n];
            auto block =
                blocks.open({"dm-0", {253, 0}}, {{nexus.device, nexus.number}}, {true, true});
            const std::vector<std::uint8_t> sector(512, 0x5a);
            ++((block && (*block)->write(512, sector)) ? written : refused);
        }
    };
    assert_ok(cluster.once(&Reservations::release));
    assert_int_equal(refused, 0);
    assert_int_equal(written, 3 * (3 + 2 + 3)); // to the passing key, preempt, release, and back
    const auto state = cluster.state();
    assert_false(state.held.has_value());
    assert_int_equal(count(state, kOurs), 3);
    assert_int_equal(state.registrations.size(), 3);
}

void a_usable_path_that_cannot_change_keeps_the_reservation_where_it_is(void**) {
    Cluster cluster;
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    cluster.world.apply(san::disk_fault(san::Verb::PathLost, "sda"));
    cluster.disk = cluster.describe("sda");
    auto hangs = san::disk_fault(san::Verb::CommandHangs, "sdj");
    hangs.operations = {0x5f};
    cluster.world.apply(hangs);
    Status released = Done{};
    cluster.sent(&Reservations::release, released);
    assert_int_equal(released.error().errnum, ETIMEDOUT);
    assert_contains(released.error().reason, "sdj (");
    const auto state = cluster.state();
    assert_true(state.held_by(kOurs));
    assert_int_equal(count(state, kOurs), 4);
    assert_int_equal(state.registrations.size(), 4);
}

void preempting_takes_the_reservation_over(void**) {
    Cluster cluster(kLong, kLong);
    cluster.they_register_and_reserve();
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::preempt_holder));
    const auto state = cluster.state();
    assert_true(state.held_by(kOurs));
    assert_int_equal(count(state, kOurs), 4);
    assert_int_equal(count(state, kTheirs), 0);
    Status again = Done{};
    assert_true(cluster.sent(&Reservations::preempt_holder, again) == Actions{});
    assert_ok(again); // it is ours, and PREEMPT of our key would unregister the other nexuses
    assert_int_equal(count(cluster.state(), kOurs), 4);
    assert_int_equal(cluster.theirs(ReserveOutAction::Reserve, kTheirs), 0x18);
}

void preempting_nobody_is_reserving(void**) {
    Cluster cluster(kLong, kLong);
    cluster.register_ours();
    Status preempted = Done{};
    assert_true(cluster.sent(&Reservations::preempt_holder, preempted) == Actions{"sda reserve"});
    assert_ok(preempted);
    assert_true(cluster.state().held_by(kOurs));
}

void a_key_without_the_reservation_can_be_preempted(void**) {
    Cluster cluster;
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    assert_int_equal(cluster.theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
    std::optional<Status> got;
    cluster.reservations->preempt_key(cluster.disk, kTheirs, [&](auto status) { got = status; });
    cluster.run([&] { return got.has_value(); });
    assert_ok(*got);
    assert_int_equal(count(cluster.state(), kTheirs), 0);
    assert_true(cluster.state().held_by(kOurs));
}

void who_was_preempted_learns_it_and_is_not_registered_again(void**) {
    Cluster cluster;
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    assert_int_equal(cluster.theirs(ReserveOutAction::RegisterAndIgnoreExistingKey, 0, kTheirs), 0);
    assert_int_equal(cluster.theirs(ReserveOutAction::Preempt, kTheirs, kOurs), 0);
    const auto state = cluster.state(); // each nexus has a unit attention for it
    assert_true(state.held_by(kTheirs));
    assert_int_equal(count(state, kOurs), 0);
    assert_int_equal(cluster.once(&Reservations::reserve).error().errnum, ENOKEY);
    assert_int_equal(count(cluster.state(), kOurs), 0);
}

void clearing_leaves_nothing(void**) {
    Cluster cluster;
    cluster.they_register_and_reserve();
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::clear));
    assert_true(cluster.state().registrations.empty());
    assert_false(cluster.state().held.has_value());
}

void clearing_needs_a_registration_and_makes_none(void**) {
    Cluster cluster;
    cluster.they_register_and_reserve();
    assert_int_equal(cluster.once(&Reservations::clear).error().errnum, ENOKEY);
    assert_true(cluster.state().held_by(kTheirs));
    assert_int_equal(cluster.state().registrations.size(), 1);
}

void unregistering_the_holder_gives_the_reservation_up(void**) {
    Cluster cluster;
    cluster.register_ours();
    assert_ok(cluster.once(&Reservations::reserve));
    for (const auto& result : cluster.each(&Reservations::unregister_all))
        assert_ok(result.status);
    const auto state = cluster.state();
    assert_true(state.registrations.empty());
    assert_false(state.held.has_value());
}

void a_path_that_leads_elsewhere_is_not_used(void**) {
    Cluster cluster;
    auto other = *cluster.disk;
    other.unit_name = "60060e80123456000000000000000002";
    cluster.disk = std::make_shared<const Disk>(other);
    for (const auto& result : cluster.each(&Reservations::register_all))
        assert_int_equal(result.status.error().errnum, EXDEV);
    cluster.disk = cluster.describe();
    assert_true(cluster.state().registrations.empty());
}

void a_disk_without_paths_is_answered_at_once(void**) {
    Cluster cluster;
    cluster.disk = std::make_shared<const Disk>();
    assert_true(cluster.each(&Reservations::register_all).empty());
    assert_int_equal(cluster.once(&Reservations::reserve).error().errnum, ENODEV);
}

// What a node meets that was shut out, as the block layer has it.
void a_write_without_registration_conflicts(void**) {
    Cluster cluster;
    san::SanBlocks blocks(*cluster.world.san);
    std::vector<daemon::BlockRef> paths;
    for (const auto& nexus : cluster.disk->nexuses)
        paths.push_back({nexus.device, nexus.number});
    auto block = blocks.open({"dm-0", {253, 0}}, paths, {true, true});
    assert_ok(block);
    std::vector<std::uint8_t> sector(512, 0x5a), back(512);
    assert_ok((*block)->write(512, sector));
    cluster.they_register_and_reserve();
    assert_int_equal((*block)->write(512, sector).error().errnum, EBADE);
    assert_ok((*block)->read(512, back));
    assert_true(back == sector);
    cluster.register_ours();
    assert_ok((*block)->write(512, sector));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_key_is_registered_on_every_nexus),
        cmocka_unit_test(another_nodes_registration_is_nobodys_of_ours),
        cmocka_unit_test(a_key_that_was_there_is_replaced),
        cmocka_unit_test(a_lost_path_fails_alone),
        cmocka_unit_test(a_path_that_hangs_is_given_up),
        cmocka_unit_test(reading_does_not_wait_for_paths_that_hang),
        cmocka_unit_test(where_every_path_hangs_reading_fails_when_the_last_is_given_up),
        cmocka_unit_test(nobody_reserves_without_a_registration_and_the_device_says_so),
        cmocka_unit_test(reserving_twice_is_reserving_once),
        cmocka_unit_test(reserving_again_goes_through_the_holder),
        cmocka_unit_test(preempting_does_not_wait_for_the_holders_path),
        cmocka_unit_test(a_reservation_of_another_node_is_a_conflict),
        cmocka_unit_test(to_an_ownership_a_key_that_was_removed_is_a_conflict),
        cmocka_unit_test(that_we_are_not_registered_is_known_without_the_devices_word),
        cmocka_unit_test(a_key_that_is_removed_before_the_command_comes_is_missed),
        cmocka_unit_test(releasing_keeps_the_registrations),
        cmocka_unit_test(releasing_works_through_whichever_nexus_holds),
        cmocka_unit_test(a_reservation_whose_path_died_is_released_all_the_same),
        cmocka_unit_test(no_write_meets_a_conflict_while_the_holders_path_is_dead),
        cmocka_unit_test(a_usable_path_that_cannot_change_keeps_the_reservation_where_it_is),
        cmocka_unit_test(preempting_takes_the_reservation_over),
        cmocka_unit_test(preempting_nobody_is_reserving),
        cmocka_unit_test(a_key_without_the_reservation_can_be_preempted),
        cmocka_unit_test(who_was_preempted_learns_it_and_is_not_registered_again),
        cmocka_unit_test(clearing_leaves_nothing),
        cmocka_unit_test(clearing_needs_a_registration_and_makes_none),
        cmocka_unit_test(unregistering_the_holder_gives_the_reservation_up),
        cmocka_unit_test(a_path_that_leads_elsewhere_is_not_used),
        cmocka_unit_test(a_disk_without_paths_is_answered_at_once),
        cmocka_unit_test(a_write_without_registration_conflicts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
