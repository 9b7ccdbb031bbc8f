// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Groups whose states are set: stories with an array that obeys, refuses, takes its time or lies.
// The clock is the test's: each command and each look at the states may take as long as it says.
#include "daemon/paths/access_states.hpp"
#include "tests/unit/daemon/paths/group_array.hpp"

#include <optional>

using namespace mpapi;
using namespace mpapi::paths;
using namespace std::chrono_literals;
using model::AccessState;
using scsi::SenseKey;

namespace {

constexpr model::Sequence kUnit = 10;
constexpr model::Sequence kGroups[] = {21, 22}; // numbers 1 and 2

model::Unit unit_of(const std::string& name) {
    model::Unit unit;
    unit.unit.id = kUnit;
    unit.unit.key = "a";
    unit.unit.name = "mpatha";
    unit.unit.unit_name = name;
    for (std::uint16_t n = 1; n <= 2; ++n) {
        model::TargetPortGroup group;
        group.id = kGroups[n - 1];
        group.number = n;
        group.access_state = n == 1 ? AccessState::ActiveOptimized : AccessState::Standby;
        group.explicit_failover = true;
        group.source = model::Source::Rtpg;
        unit.groups.push_back(group);
        model::Path path;
        path.id = 30U + n;
        path.device = n == 1 ? "sda" : "sdb";
        path.state = model::PathState::Okay;
        path.identity = model::Identity::Verified;
        path.group_known = true;
        path.target_port_group = n;
        unit.paths.push_back(path);
    }
    return unit;
}

class Model final : public daemon::ModelSource {
  public:
    void show(const model::Unit& unit) {
        auto now = std::make_shared<model::Snapshot>();
        std::vector<model::UnitPtr> units{std::make_shared<const model::Unit>(unit)};
        now->units.put_all(std::move(units));
        snapshot_ = now;
    }
    void show_nothing() { snapshot_ = std::make_shared<model::Snapshot>(); }
    model::SnapshotPtr snapshot() const override { return snapshot_; }
    daemon::WorkCounters counters() const override { return {}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)> done) override {
        done(Done{});
    }
    void refresh(model::Sequence) override { ++refreshed; }
    void look_again(model::Sequence) override {}
    int refreshed = 0;

  private:
    model::SnapshotPtr snapshot_;
};

class Opens final : public daemon::Hardware {
  public:
    explicit Opens(GroupArray& array)
      : array_(array) {}
    Result<std::unique_ptr<daemon::ScsiDevice>> open(const std::string& device,
                                                     model::DeviceNumber) override {
        return std::unique_ptr<daemon::ScsiDevice>(std::make_unique<GroupDevice>(array_, device));
    }
    void send_message(const daemon::MapRef&, const std::string& message, Ended ended) override {
        messages.push_back(message);
        ended(Done{});
    }
    Status start(sd_event*, daemon::HardwareObserver&) override { return Done{}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)>) override {}
    void look_again(const std::vector<std::string>&,
                    const std::vector<model::DeviceNumber>&) override {}
    model::Plugin describe() override { return {}; }
    void load_table(const daemon::MapRef&, const std::string&, Ended) override {}
    void remove_map(const daemon::MapRef&, Ended) override {}
    void clear_inactive_table(const daemon::MapRef&, Ended) override {}
    std::vector<std::string> messages;

  private:
    GroupArray& array_;
};

struct World {
    World() {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop.reset(raw);
        auto made = daemon::Workers::create(loop.get(), daemon::Config::Commands{});
        assert_ok(made);
        workers = std::move(*made);
        model.show(unit_of(unit_name(1)));
        AccessStates::Options options;
        options.interval = 1ms;
        options.now = [this] { return now; };
        options.lead = [this](const model::LogicalUnit& unit, std::uint32_t group,
                              const std::function<void()>& then) {
            led += unit.name + " " + std::to_string(group) + " after " +
                   std::to_string(array.times_asked()) + "; ";
            then();
        };
        states.emplace(loop.get(), hardware, *workers, model, options);
    }
    ~World() {
        states.reset();
        assert_int_equal(workers->close(5s), 0);
    }

    std::size_t ask(std::vector<GroupState> wanted) {
        const std::size_t place = outcomes.size();
        outcomes.emplace_back();
        states->set(kUnit, std::move(wanted), [this, place](const Outcome& outcome) {
            outcomes[place] = outcome;
            order.push_back(place);
        });
        return place;
    }
    std::size_t swap() {
        return ask({{kGroups[0], AccessState::Standby}, {kGroups[1], AccessState::Active}});
    }
    void until_ended(std::size_t place) {
        while (!outcomes[place])
            assert_true(sd_event_run(loop.get(), 10'000'000) > 0);
    }
    void assert_made(std::size_t place) {
        until_ended(place);
        if (const Refused* told = refused(*outcomes[place])) fail_msg("%s", told->text.c_str());
    }
    void assert_refused(std::size_t place, Refusal why, const std::string& text) {
        until_ended(place);
        const Refused* told = refused(*outcomes[place]);
        assert_non_null(told);
        assert_contains(told->text, text);
        assert_int_equal(static_cast<int>(told->why), static_cast<int>(why));
    }

    std::chrono::steady_clock::time_point now{1h}; // workers change it while the loop waits
    GroupArray array;
    EventLoop loop;
    Model model;
    Opens hardware{array};
    std::unique_ptr<daemon::Workers> workers;
    std::optional<AccessStates> states;
    std::vector<std::optional<Outcome>> outcomes;
    std::vector<std::size_t> order;
    std::string led; // where I/O was led to, and how many commands had been sent before
};

// A priority group for each target port group, the first in use.
model::Unit apart() {
    auto unit = unit_of(unit_name(1));
    for (auto& path : unit.paths)
        path.priority_group = path.target_port_group;
    unit.unit.current_group = 1;
    return unit;
}

void an_array_that_obeys(void**) {
    World world;
    world.assert_made(world.swap());
    assert_int_equal(world.array.asked.size(), 1);
    assert_true(world.array.states[1] == scsi::AccessState::Standby);
    assert_true(world.array.states[2] == scsi::AccessState::ActiveOptimized);
    assert_true(world.model.refreshed > 0);
}

void io_is_led_to_what_will_be_in_use_before_the_command(void**) {
    World world;
    world.model.show(apart());
    world.assert_made(world.swap());
    assert_text_equal(world.led, "mpatha 2 after 0; ");
}

void io_is_led_back_where_the_command_is_refused(void**) {
    World world;
    world.model.show(apart());
    world.array.answer = [](const auto&) {
        return check_condition(SenseKey::IllegalRequest, 0x26, 0x00);
    };
    world.assert_refused(world.swap(), Refusal::AccessStateInvalid, "SET TARGET PORT GROUPS");
    assert_text_equal(world.led, "mpatha 2 after 0; mpatha 1 after 1; ");
}

void io_is_not_led_where_it_is_well_or_no_group_is_whole(void**) {
    World world;
    auto unit = apart();
    unit.unit.current_group = 2;
    world.model.show(unit);
    world.assert_made(world.swap());
    assert_text_equal(world.led, "");
    // One priority group of both: whichever is made active, some of it is not.
    World mixed;
    unit = apart();
    for (auto& path : unit.paths)
        path.priority_group = 1;
    mixed.model.show(unit);
    mixed.assert_made(mixed.swap());
    assert_text_equal(mixed.led, "");
}

void an_array_that_is_transitioning_for_ten_seconds(void**) {
    World world;
    int left = 20;
    world.array.answer = [&](const auto& wanted) {
        world.now += 500ms;
        return left-- > 0 ? check_condition(SenseKey::NotReady, 0x04, 0x0a)
                          : world.array.obey(wanted);
    };
    world.assert_made(world.swap());
    assert_int_equal(world.array.asked.size(), 21);
    assert_true(world.array.states[2] == scsi::AccessState::ActiveOptimized);
}

void an_array_that_never_ends_its_transition(void**) {
    World world;
    world.array.answer = [&](const auto&) {
        world.now += 500ms;
        return check_condition(SenseKey::NotReady, 0x04, 0x0a);
    };
    world.assert_refused(world.swap(), Refusal::TryAgain, "state transition");
    assert_int_equal(world.array.asked.size(), 120); // a minute
}

void an_array_that_takes_it_and_then_its_time(void**) {
    World world;
    int looks = 0;
    world.array.answer = [&](const auto&) {
        // One after the other, as arrays do it: the first has not begun when the second has.
        world.array.states[2] = scsi::AccessState::Transitioning;
        return daemon::ScsiReply{};
    };
    world.array.reporting = [&] {
        world.now += 1s;
        if (++looks < 10) return;
        world.array.states[1] = scsi::AccessState::Standby;
        world.array.states[2] = scsi::AccessState::ActiveNonOptimized;
    };
    world.assert_made(world.swap());
    assert_int_equal(world.array.asked.size(), 1);
}

void an_array_that_takes_it_and_never_gets_there(void**) {
    World world;
    world.array.answer = [&](const auto&) {
        world.array.states[2] = scsi::AccessState::Transitioning;
        return daemon::ScsiReply{};
    };
    world.array.reporting = [&] { world.now += 1s; };
    world.assert_refused(world.swap(), Refusal::TryAgain,
                         "Target port group 1 of mpatha is active-optimized all the same.");
    assert_int_equal(world.array.asked.size(), 1);
}

// It is given a moment to begin with it.
void an_array_that_accepts_and_does_nothing(void**) {
    World world;
    const auto began = world.now;
    world.array.answer = [](const auto&) { return daemon::ScsiReply{}; };
    world.array.reporting = [&] { world.now += 400ms; };
    world.assert_refused(world.swap(), Refusal::Failed,
                         "The device took the request. Target port group 1 of mpatha is "
                         "active-optimized all the same.");
    assert_int_equal(world.array.asked.size(), 1);
    assert_true(world.now - began >= 2s && world.now - began < 4s);
    assert_true(world.model.refreshed > 0); // whatever became of it is shown
}

void an_array_that_refuses(void**) {
    World world;
    world.array.answer = [](const auto&) {
        return check_condition(SenseKey::IllegalRequest, 0x26, 0x00);
    };
    world.assert_refused(world.swap(), Refusal::AccessStateInvalid, "parameter list");
    world.array.answer = [](const auto&) {
        return check_condition(SenseKey::HardwareError, 0x67, 0x0a);
    };
    world.assert_refused(world.swap(), Refusal::Failed, "command failed");
    assert_int_equal(world.array.asked.size(), 2);
}

void what_is_there_already_is_not_asked_for_again(void**) {
    World world;
    world.assert_made(
        world.ask({{kGroups[0], AccessState::Active}, {kGroups[1], AccessState::Standby}}));
    assert_true(world.array.asked.empty());
    // The model has not heard what became of it.
    world.array.states[1] = scsi::AccessState::Standby;
    world.assert_made(world.ask({{kGroups[0], AccessState::Active}}));
    assert_int_equal(world.array.asked.size(), 1);
    assert_true(world.array.states[1] == scsi::AccessState::ActiveOptimized);
}

void a_device_that_became_another_unit_is_left_alone(void**) {
    World world;
    world.array.last_byte["sdb"] = 2;
    world.assert_made(world.swap());
    assert_int_equal(world.array.asked.size(), 1);
    assert_string_equal(world.array.asked.front().first.c_str(), "sda");
    // Nor are its states taken for those of the unit.
    world.array.last_byte["sda"] = 3;
    world.array.asked.clear();
    world.assert_refused(world.ask({{kGroups[1], AccessState::Standby}}),
                         Refusal::PathNonoperational, "is logical unit " + unit_name(2));
    assert_true(world.array.asked.empty());
}

void a_path_that_is_lost_leaves_it_to_another(void**) {
    World world;
    world.array.answer = [&](const auto& wanted) {
        if (world.array.asked.size() == 1) {
            world.array.dead[world.array.asked[0].first] = true;
            return no_connection();
        }
        return world.array.obey(wanted);
    };
    world.assert_made(world.swap());
    assert_int_equal(world.array.asked.size(), 2);
    assert_string_not_equal(world.array.asked[0].first.c_str(), world.array.asked[1].first.c_str());
    // The other one, too.
    world.array.dead["sda"] = world.array.dead["sdb"] = true;
    world.assert_refused(world.ask({{kGroups[1], AccessState::Standby}}),
                         Refusal::PathNonoperational, "DID_NO_CONNECT");
}

void paths_lost_after_good_are_waited_for(void**) {
    World world;
    int looks = 0;
    world.array.answer = [&](const auto& wanted) {
        world.array.dead["sda"] = world.array.dead["sdb"] = true;
        return world.array.obey(wanted);
    };
    const auto place = world.swap();
    // Found dead while the states are read back; then one returns.
    while (world.array.times_asked() == 0 || ++looks < 20)
        assert_true(sd_event_run(world.loop.get(), 10'000'000) > 0);
    assert_false(world.outcomes[place].has_value());
    {
        const std::lock_guard lock(world.array.mutex);
        world.array.dead["sda"] = false;
    }
    world.assert_made(place);
}

void a_unit_that_is_gone_meanwhile(void**) {
    World world;
    world.array.answer = [&](const auto&) {
        return check_condition(SenseKey::NotReady, 0x04, 0x0a);
    };
    const auto place = world.swap();
    while (world.array.times_asked() == 0)
        assert_true(sd_event_run(world.loop.get(), 10'000'000) > 0);
    world.model.show_nothing();
    world.assert_refused(place, Refusal::ObjectNotFound, "gone");
}

void what_no_device_can_be_asked_for(void**) {
    World world;
    for (const auto state : {AccessState::Transitioning, AccessState::Unknown, AccessState::Offline,
                             AccessState::LogicalBlockDependent})
        world.assert_refused(world.ask({{kGroups[0], state}}), Refusal::AccessStateInvalid, "made");
    world.assert_refused(world.ask({{99, AccessState::Active}}), Refusal::InvalidParameter,
                         "none of mpatha");
    auto unit = unit_of(unit_name(1));
    for (auto& group : unit.groups)
        group.explicit_failover = false;
    world.model.show(unit);
    world.assert_refused(world.swap(), Refusal::Unsupported, "by itself only");
    world.model.show(unit_of(""));
    world.assert_refused(world.swap(), Refusal::TryAgain, "what it leads to");
    assert_true(world.array.asked.empty());
}

void two_that_change_the_same_unit_do_it_one_after_the_other(void**) {
    World world;
    int transitions = 3; // of the first
    world.array.answer = [&](const auto& wanted) {
        return transitions-- > 0 ? check_condition(SenseKey::NotReady, 0x04, 0x0a)
                                 : world.array.obey(wanted);
    };
    const auto first = world.swap();
    const auto second =
        world.ask({{kGroups[0], AccessState::Active}, {kGroups[1], AccessState::Unavailable}});
    world.until_ended(second);
    world.assert_made(first);
    world.assert_made(second);
    assert_true(world.order == std::vector<std::size_t>({first, second}));
    assert_true(world.array.states[1] == scsi::AccessState::ActiveOptimized);
    assert_true(world.array.states[2] == scsi::AccessState::Unavailable);
    assert_int_equal(world.array.asked.size(), 5);
}

void a_synthetic_group_is_switched_to(void**) {
    World world;
    auto unit = unit_of(unit_name(1));
    for (auto& group : unit.groups) {
        group.source = model::Source::Synthetic;
        --group.number; // from 0
    }
    world.model.show(unit);
    world.assert_made(world.ask({{kGroups[1], AccessState::Active}}));
    assert_int_equal(world.hardware.messages.size(), 1);
    assert_string_equal(world.hardware.messages[0].c_str(), "switch_group 2");
    world.assert_refused(world.swap(), Refusal::AccessStateInvalid, "one group");
    assert_true(world.array.asked.empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_array_that_obeys),
        cmocka_unit_test(io_is_led_to_what_will_be_in_use_before_the_command),
        cmocka_unit_test(io_is_led_back_where_the_command_is_refused),
        cmocka_unit_test(io_is_not_led_where_it_is_well_or_no_group_is_whole),
        cmocka_unit_test(an_array_that_is_transitioning_for_ten_seconds),
        cmocka_unit_test(an_array_that_never_ends_its_transition),
        cmocka_unit_test(an_array_that_takes_it_and_then_its_time),
        cmocka_unit_test(an_array_that_takes_it_and_never_gets_there),
        cmocka_unit_test(an_array_that_accepts_and_does_nothing),
        cmocka_unit_test(an_array_that_refuses),
        cmocka_unit_test(what_is_there_already_is_not_asked_for_again),
        cmocka_unit_test(a_device_that_became_another_unit_is_left_alone),
        cmocka_unit_test(a_path_that_is_lost_leaves_it_to_another),
        cmocka_unit_test(paths_lost_after_good_are_waited_for),
        cmocka_unit_test(a_unit_that_is_gone_meanwhile),
        cmocka_unit_test(what_no_device_can_be_asked_for),
        cmocka_unit_test(two_that_change_the_same_unit_do_it_one_after_the_other),
        cmocka_unit_test(a_synthetic_group_is_switched_to),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
