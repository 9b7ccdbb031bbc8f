// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/failback.hpp"

#include "tests/unit/daemon/paths/standalone/fake_model.hpp"

using namespace mpapi;
using namespace mpapi::standalone;
using namespace std::chrono_literals;
using model::AccessState;

namespace {

class World {
  public:
    FakeModel model;
    Failback::Policy policy{true, 0s, {}};
    Failback::Clock::time_point now{};
    std::vector<std::string> told;
    Failback failback{model, [this](const model::Unit&) { return policy; },
                      [this](const model::Unit& of, const std::string& message) {
                          told.push_back(of.unit.name + " " + message);
                      }};
    model::Unit unit = make_unit(1, {2, 2});

    World() { show(); }
    void show() {
        model.put(unit);
        failback.look(1, &model.unit(1), now);
    }
    // What is told by that time, doing what is due when it is due.
    std::string until(Failback::Clock::time_point end) {
        while (const auto due = failback.next()) {
            if (*due > end) break;
            now = std::max(now, *due);
            failback.turn(now);
        }
        now = end;
        std::string all;
        for (const auto& line : told)
            all += (all.empty() ? "" : ", ") + line;
        told.clear();
        return all;
    }
    std::string after(Failback::Clock::duration time) { return until(now + time); }

    void group_fails(unsigned group) {
        for (auto& path : unit.paths)
            if (path.priority_group == group) fail(path);
        unit.unit.current_group = group == 1 ? 2 : 1;
        show();
    }
    void group_returns(unsigned group) {
        for (auto& path : unit.paths)
            if (path.priority_group == group) work(path);
        show();
    }
};

void the_best_group_is_gone_back_to_at_once(void**) {
    World world;
    assert_text_equal(world.after(1h), "");
    world.group_fails(1);
    assert_text_equal(world.after(1h), "");
    world.group_returns(1);
    assert_text_equal(world.after(0s), "unit-1 switch_group 1");
    world.unit.unit.current_group = 1;
    world.show();
    assert_text_equal(world.after(1h), "");
    assert_false(world.failback.next().has_value());
}

void switched_off_it_stays(void**) {
    World world;
    world.policy.on = false;
    world.group_fails(1);
    world.group_returns(1);
    assert_text_equal(world.after(1h), "");
}

void the_rate_is_waited_from_its_return(void**) {
    World world;
    world.policy.rate = 30s;
    world.group_fails(1);
    world.after(1h);
    world.group_returns(1);
    assert_text_equal(world.after(20s), "");
    world.show(); // other news of the unit do not begin the wait anew
    assert_text_equal(world.after(9s), "");
    assert_text_equal(world.after(1s), "unit-1 switch_group 1");
}

void a_group_that_fails_again_begins_the_wait_anew(void**) {
    World world;
    world.policy.rate = 30s;
    world.group_fails(1);
    for (int i = 0; i < 10; ++i) {
        world.group_returns(1);
        assert_text_equal(world.after(29s), "");
        world.group_fails(1);
    }
    world.group_returns(1);
    assert_text_equal(world.after(29s), "");
    assert_text_equal(world.after(1s), "unit-1 switch_group 1");
}

void a_switch_that_is_not_followed_is_not_asked_for_all_the_time(void**) {
    World world;
    world.group_fails(1);
    world.group_returns(1);
    assert_text_equal(world.after(4s), "unit-1 switch_group 1");
    world.show();
    assert_text_equal(world.after(1s), "unit-1 switch_group 1");
}

void access_states_decide_before_the_place_in_the_table(void**) {
    World world;
    world.unit.groups[0].access_state = AccessState::ActiveNonOptimized;
    world.unit.groups[1].access_state = AccessState::ActiveOptimized;
    world.show();
    assert_text_equal(world.after(0s), "unit-1 switch_group 2");
    world.unit.unit.current_group = 2;
    world.show();
    assert_text_equal(world.after(1h), "");
}

void the_preferred_one_is_better_among_optimized_groups_only(void**) {
    World world;
    world.unit.groups[1].preferred = true;
    world.show();
    assert_text_equal(world.after(1h), "");
    world.unit.groups[1].access_state = AccessState::ActiveOptimized;
    world.show();
    assert_text_equal(world.after(0s), "unit-1 switch_group 2");
}

void a_group_that_carries_no_io_is_no_better_one(void**) {
    World world;
    world.group_fails(1);
    world.unit.groups[0].access_state = AccessState::Standby;
    world.group_returns(1);
    assert_text_equal(world.after(1h), "");
    world.unit.groups[0].access_state = AccessState::ActiveOptimized;
    world.show();
    assert_text_equal(world.after(0s), "unit-1 switch_group 1");
}

void heavier_paths_are_gone_back_to(void**) {
    World world;
    world.unit.groups[1].access_state = AccessState::ActiveOptimized;
    world.policy.preferences.weights[world.unit.paths[2].id] = 9;
    world.show();
    assert_text_equal(world.after(0s), "unit-1 switch_group 2");
}

void the_override_path_is_gone_back_to_whatever_is_set(void**) {
    World world;
    world.policy.on = false;
    world.policy.rate = 60s;
    world.policy.preferences.override_path = world.unit.paths[3].id;
    fail(world.unit.paths[3]);
    world.show();
    assert_text_equal(world.after(1h), "");
    work(world.unit.paths[3]);
    world.show();
    assert_text_equal(world.after(0s), "unit-1 switch_group 2");
}

void a_suspended_map_is_left_alone(void**) {
    World world;
    world.unit.unit.suspended = true;
    world.group_fails(1);
    world.group_returns(1);
    assert_text_equal(world.after(1h), "");
}

void a_unit_that_is_gone_is_forgotten(void**) {
    World world;
    world.policy.rate = 30s;
    world.group_fails(1);
    world.group_returns(1);
    world.failback.look(1, nullptr, world.now);
    assert_false(world.failback.next().has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_best_group_is_gone_back_to_at_once),
        cmocka_unit_test(switched_off_it_stays),
        cmocka_unit_test(the_rate_is_waited_from_its_return),
        cmocka_unit_test(a_group_that_fails_again_begins_the_wait_anew),
        cmocka_unit_test(a_switch_that_is_not_followed_is_not_asked_for_all_the_time),
        cmocka_unit_test(access_states_decide_before_the_place_in_the_table),
        cmocka_unit_test(the_preferred_one_is_better_among_optimized_groups_only),
        cmocka_unit_test(a_group_that_carries_no_io_is_no_better_one),
        cmocka_unit_test(heavier_paths_are_gone_back_to),
        cmocka_unit_test(the_override_path_is_gone_back_to_whatever_is_set),
        cmocka_unit_test(a_suspended_map_is_left_alone),
        cmocka_unit_test(a_unit_that_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
