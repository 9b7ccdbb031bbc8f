// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/prober.hpp"

#include "tests/unit/daemon/paths/standalone/fake_model.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <set>

using namespace mpapi;
using namespace mpapi::standalone;
using namespace std::chrono_literals;

namespace {

using Clock = Prober::Clock;

class World {
  public:
    struct Question {
        model::Path path;
        std::function<void(Readiness)> answered;
        Clock::time_point at;
    };

    FakeModel model;
    Prober::Policy policy{true, 5s};
    std::set<model::Sequence> disabled;
    Clock::time_point now = Clock::time_point(1h);
    std::vector<Question> questions; // unanswered
    std::vector<std::string> told;
    std::map<model::Sequence, std::vector<Clock::time_point>> asked; // by path
    std::map<model::Sequence, Answer> says;                          // Ready where nothing is said
    bool answers = true;
    // Of paths that are to be let in; let in at once where there is nothing here.
    std::optional<Status> lets_in = Done{};
    std::vector<std::function<void(Status)>> at_the_door;
    std::size_t wakeups = 0;

    Prober prober{
        model,
        {[this](const model::Unit&) { return policy; },
         [this](const model::Unit&, const model::Path& path) {
             return disabled.count(path.id) != 0;
         },
         [this](const model::Path& path, std::function<void(Readiness)> answered) {
             asked[path.id].push_back(now);
             questions.push_back({path, std::move(answered), now});
         },
         [this](const model::Unit&, const std::string& message) { told.push_back(message); },
         [this](model::Sequence id) { model.refresh(id); }, [this] { return now; },
         [this](const model::Unit&, const model::Path&, std::function<void(Status)> then) {
             lets_in ? then(*lets_in) : at_the_door.push_back(std::move(then));
         }}};
    model::Unit unit = make_unit(1, {2, 2});

    void begin() {
        model.put(unit);
        prober.look(1, &model.unit(1));
    }
    // The unit is as it was made to be now; path n is told to the prober.
    void changes(std::size_t n) {
        const model::Unit before = model.unit(1);
        model.put(unit);
        prober.path_changed(model.unit(1), &before.paths[n], model.unit(1).paths[n]);
        answer_all();
    }
    void answer_all() {
        while (answers && !questions.empty()) {
            const Question question = questions.front();
            questions.erase(questions.begin());
            const auto known = says.find(question.path.id);
            question.answered({known == says.end() ? Answer::Ready : known->second, false});
        }
    }
    std::string after(Clock::duration time) {
        const auto end = now + time;
        answer_all();
        while (const auto due = prober.next()) {
            if (*due > end) break;
            now = std::max(now, *due);
            ++wakeups;
            prober.turn();
            answer_all();
        }
        now = end;
        std::string all;
        for (const auto& line : told)
            all += (all.empty() ? "" : ", ") + line;
        told.clear();
        return all;
    }
};

void each_path_is_asked_once_within_the_rate(void**) {
    World world;
    world.begin();
    const auto begin = world.now;
    assert_text_equal(world.after(60s), "");
    assert_int_equal(world.asked.size(), 4);
    for (const auto& [path, times] : world.asked) {
        // Up to a quarter and a sixteenth early, never late.
        assert_in_range(times.size(), 12, 18);
        auto before = begin;
        for (const auto time : times) {
            assert_true(time - before <= 5s);
            before = time;
        }
    }
}

void switched_off_nothing_is_asked(void**) {
    World world;
    world.policy.on = false;
    world.begin();
    fail(world.unit.paths[0]);
    world.changes(0);
    assert_text_equal(world.after(1h), "");
    assert_true(world.asked.empty());
    assert_false(world.prober.next().has_value());
}

void a_change_of_the_rate_holds_at_once(void**) {
    World world;
    world.policy.rate = 3600s;
    world.begin();
    world.after(60s);
    assert_true(world.asked.empty());
    world.policy.rate = 10s;
    world.prober.look(1, &world.model.unit(1));
    world.after(10s);
    assert_int_equal(world.asked.size(), 4);
    world.policy.on = false;
    world.prober.look(1, &world.model.unit(1));
    world.asked.clear();
    world.after(60s);
    assert_true(world.asked.empty());
}

void a_disabled_path_is_never_asked(void**) {
    World world;
    world.disabled.insert(world.unit.paths[1].id);
    world.unit.paths[2].priority_group = 0; // in no table
    world.begin();
    world.changes(1);
    world.after(60s);
    assert_int_equal(world.asked.size(), 2);
    assert_int_equal(world.asked.count(world.unit.paths[1].id), 0);
}

void a_failed_path_that_works_is_reinstated(void**) {
    World world;
    world.begin();
    fail(world.unit.paths[1]);
    world.model.put(world.unit);
    assert_text_equal(world.after(5s), "reinstate_path 8:2");
    assert_int_equal(world.asked.size(), 4);
}

void it_is_asked_at_once_when_it_failed(void**) {
    World world;
    world.begin();
    fail(world.unit.paths[1]);
    world.changes(1);
    assert_text_equal(world.after(0s), "reinstate_path 8:2");
    assert_int_equal(world.asked.size(), 1);
}

void one_that_leads_to_something_else_is_not(void**) {
    World world;
    fail(world.unit.paths[1]);
    world.unit.paths[1].identity = model::Identity::Changed;
    world.begin();
    assert_text_equal(world.after(1min), "");
}

const Error kNotYet{"use path", "", "the ownership of the unit is changing", EAGAIN};
const Error kNoKey{"PERSISTENT RESERVE OUT", "sdb", "", EIO};

void one_that_may_not_return_yet_stays_failed(void**) {
    World world;
    world.lets_in = kNotYet;
    fail(world.unit.paths[1]);
    world.begin();
    assert_text_equal(world.after(5s), "");
    assert_text_equal(world.after(30s), "");
    assert_true(world.asked[world.unit.paths[1].id].size() >= 7); // as often as the others
    world.lets_in = Done{};
    assert_text_equal(world.after(5s), "reinstate_path 8:2");
}

void one_that_cannot_be_let_in_is_asked_less_and_less(void**) {
    World world;
    world.lets_in = kNoKey;
    fail(world.unit.paths[1]);
    world.begin();
    assert_text_equal(world.after(1h), "");
    assert_in_range(world.asked[world.unit.paths[1].id].size(), 55, 75);
    world.lets_in = Done{};
    std::string told;
    for (int seconds = 0; told.empty() && seconds < 65; ++seconds)
        told = world.after(1s);
    assert_text_equal(told, "reinstate_path 8:2");
}

void it_is_reinstated_when_it_is_let_in_and_not_before(void**) {
    World world;
    world.lets_in.reset();
    fail(world.unit.paths[1]);
    world.begin();
    assert_text_equal(world.after(1min), "");
    assert_int_equal(world.at_the_door.size(), 1); // nor is it asked anew meanwhile
    assert_int_equal(world.asked[world.unit.paths[1].id].size(), 1);
    assert_true(world.asked[world.unit.paths[0].id].size() >= 12);
    world.at_the_door[0](Done{});
    assert_text_equal(world.after(0s), "reinstate_path 8:2");
}

void who_is_let_in_when_it_is_another_is_not_reinstated(void**) {
    for (const bool gone : {false, true}) {
        World world;
        world.lets_in.reset();
        fail(world.unit.paths[1]);
        world.begin();
        world.after(5s);
        const auto path = world.unit.paths[1].id;
        if (gone)
            world.unit.paths.erase(world.unit.paths.begin() + 1);
        else
            world.unit.paths[1].number = {8, 99};
        world.model.put(world.unit);
        if (gone) world.prober.path_gone(path);
        world.at_the_door[0](Done{});
        world.lets_in = Done{};
        assert_text_equal(world.after(0s), "");
        assert_text_equal(world.after(5s), gone ? "" : "reinstate_path 8:99");
    }
}

void what_happens_while_it_is_let_in_is_asked_about(void**) {
    World world;
    world.lets_in.reset();
    fail(world.unit.paths[1]);
    world.begin();
    world.after(5s);
    world.unit.paths[1].device_state = model::DeviceState::Running;
    world.changes(1);
    assert_int_equal(world.asked[world.unit.paths[1].id].size(), 1);
    world.at_the_door[0](kNoKey);
    world.answer_all();
    assert_int_equal(world.asked[world.unit.paths[1].id].size(), 2);
}

void an_active_path_that_is_silent_is_failed(void**) {
    for (const auto answer : {Answer::Silent, Answer::NoUnit}) {
        World world;
        world.says[world.unit.paths[3].id] = answer;
        world.begin();
        assert_text_equal(world.after(5s), "fail_path 8:4");
    }
}

void what_says_nothing_about_the_path_changes_nothing(void**) {
    for (const auto answer : {Answer::Waits, Answer::Speaks, Answer::NotAsked}) {
        World world;
        fail(world.unit.paths[1]);
        for (const auto& path : world.unit.paths)
            world.says[path.id] = answer;
        world.begin();
        assert_text_equal(world.after(1min), "");
    }
}

void a_path_of_a_group_that_carries_no_io_stays_as_it_is(void**) {
    World world;
    world.unit.groups[1].access_state = model::AccessState::Standby;
    fail(world.unit.paths[2]);
    world.says[world.unit.paths[3].id] = Answer::NoUnit; // units may be hidden there
    world.begin();
    assert_text_equal(world.after(1min), "");
    // The group returns: at once.
    const auto before = world.unit.groups[1];
    world.unit.groups[1].access_state = model::AccessState::ActiveOptimized;
    world.model.put(world.unit);
    world.prober.group_changed(world.model.unit(1), &before, world.model.unit(1).groups[1]);
    assert_text_equal(world.after(0s), "reinstate_path 8:3");
}

void a_dead_path_is_asked_less_and_less(void**) {
    World world;
    fail(world.unit.paths[0]);
    const auto path = world.unit.paths[0].id;
    world.says[path] = Answer::Silent;
    world.begin();
    world.after(1h);
    const auto& times = world.asked[path];
    // 5, 10, 20, 40, then 60 s: twelve times the rate.
    assert_true(times.size() > 6);
    for (const auto& [index, seconds] : {std::pair(1, 5), std::pair(2, 10), std::pair(3, 20),
                                         std::pair(4, 40), std::pair(5, 60), std::pair(6, 60)}) {
        const auto waited =
            std::chrono::duration_cast<std::chrono::milliseconds>(
                times[static_cast<std::size_t>(index)] - times[static_cast<std::size_t>(index) - 1])
                .count();
        assert_in_range(waited, seconds * 1000 * 11 / 16, seconds * 1000 + 4000);
    }
    assert_in_range(times.size(), 55, 75);
    // The others are asked as before.
    assert_in_range(world.asked[world.unit.paths[1].id].size(), 720, 1100);
    // Once it speaks again it is asked as often as they are.
    world.says.erase(path);
    const auto spoken = world.now;
    std::string told;
    while (told.empty() && world.now < spoken + 65s)
        told = world.after(1s);
    assert_text_equal(told, "reinstate_path 8:1");
}

void a_dead_path_is_asked_every_five_minutes_at_least(void**) {
    World world;
    world.policy.rate = 60s;
    fail(world.unit.paths[0]);
    world.says[world.unit.paths[0].id] = Answer::Silent;
    world.begin();
    world.after(2h);
    const auto& times = world.asked[world.unit.paths[0].id];
    for (std::size_t i = 1; i < times.size(); ++i)
        assert_true(times[i] - times[i - 1] <= 300s + 15s);
    assert_true(times.back() - times[times.size() - 2] >= 240s);
}

// TEST UNIT READY works, data does not: no tight loop of reinstating and failing.
void a_path_that_fails_again_soon_waits_longer_and_longer(void**) {
    World world;
    world.begin();
    std::vector<Clock::time_point> reinstated;
    const auto end = world.now + 10min;
    fail(world.unit.paths[1]);
    world.changes(1);
    while (world.now < end) {
        if (world.after(250ms) == "reinstate_path 8:2") {
            reinstated.push_back(world.now);
            work(world.unit.paths[1]);
            world.changes(1);
            fail(world.unit.paths[1]);
            world.changes(1);
        }
    }
    assert_in_range(reinstated.size(), 8, 16);
    assert_true(reinstated.back() - reinstated[reinstated.size() - 2] >= 45s);
    // Once it holds it is trusted again.
    while (world.after(250ms).empty()) {
    }
    work(world.unit.paths[1]);
    world.changes(1);
    world.after(5min);
    fail(world.unit.paths[1]);
    world.changes(1);
    assert_text_equal(world.after(0s), "reinstate_path 8:2");
}

void an_answer_for_another_device_counts_no_more(void**) {
    World world;
    world.says[world.unit.paths[0].id] = Answer::Silent;
    world.answers = false;
    world.begin();
    world.after(5s);
    world.unit.paths[0].number = {8, 99}; // the path came back
    world.model.put(world.unit);
    world.answers = true;
    assert_text_equal(world.after(0s), "");
    assert_text_equal(world.after(5s), "fail_path 8:99");
}

void what_happens_while_it_is_asked_is_asked_about_again(void**) {
    World world;
    world.answers = false;
    fail(world.unit.paths[0]);
    world.begin();
    world.after(5s);
    assert_int_equal(world.asked[world.unit.paths[0].id].size(), 1);
    world.unit.paths[0].device_state = model::DeviceState::Running;
    world.changes(0);
    assert_int_equal(world.asked[world.unit.paths[0].id].size(), 1);
    world.answers = true;
    world.answer_all();
    assert_int_equal(world.asked[world.unit.paths[0].id].size(), 2);
}

void news_of_a_device_have_its_unit_asked(void**) {
    World world;
    world.answers = false;
    world.begin();
    world.after(5s);
    world.questions.front().answered({Answer::Ready, true});
    assert_int_equal(world.model.refreshed.size(), 1);
}

void a_path_that_is_gone_is_forgotten(void**) {
    World world;
    const auto path = world.unit.paths[0].id;
    world.says[path] = Answer::Silent;
    fail(world.unit.paths[0]);
    world.begin();
    world.after(2min);
    world.asked.clear();
    world.prober.path_gone(path);
    world.after(5s); // at the usual interval again
    assert_int_equal(world.asked[path].size(), 1);
}

// Hosts of 40 000 paths that never answer keep nobody else waiting, and 80 000 paths wake nobody
// 80 000 times.
void ten_thousand_units_are_asked_in_slices(void**) {
    World world;
    std::vector<model::Unit> units;
    for (model::Sequence id = 1; id <= 10'000; ++id) {
        auto unit = make_unit(id, {4, 4});
        for (auto& path : unit.paths)
            path.address.host = 1 + path.number.minor % 2;
        units.push_back(std::move(unit));
    }
    world.model.put_all(units);
    for (model::Sequence id = 1; id <= 10'000; ++id)
        world.prober.look(id, &world.model.unit(id));
    world.after(5s);
    world.asked.clear(), world.wakeups = 0;
    world.after(5s);
    assert_int_equal(world.asked.size(), 80'000);
    // 64 units a turn.
    assert_in_range(world.wakeups, 157, 300);
    // At most so many at a time are with the workers.
    world.answers = false;
    world.after(10s);
    assert_int_equal(world.questions.size(), 16);
    // One host answers again: all of its paths are asked.
    world.asked.clear();
    for (bool any = true; any;) {
        any = false;
        for (std::size_t i = 0; i < world.questions.size(); ++i)
            if (world.questions[i].path.address.host == 1) {
                const auto question = world.questions[i];
                world.questions.erase(world.questions.begin() + static_cast<std::ptrdiff_t>(i));
                question.answered({Answer::Ready, false});
                any = true;
                break;
            }
    }
    assert_true(world.asked.size() >= 39'990);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_path_is_asked_once_within_the_rate),
        cmocka_unit_test(switched_off_nothing_is_asked),
        cmocka_unit_test(a_change_of_the_rate_holds_at_once),
        cmocka_unit_test(a_disabled_path_is_never_asked),
        cmocka_unit_test(a_failed_path_that_works_is_reinstated),
        cmocka_unit_test(it_is_asked_at_once_when_it_failed),
        cmocka_unit_test(one_that_leads_to_something_else_is_not),
        cmocka_unit_test(one_that_may_not_return_yet_stays_failed),
        cmocka_unit_test(one_that_cannot_be_let_in_is_asked_less_and_less),
        cmocka_unit_test(it_is_reinstated_when_it_is_let_in_and_not_before),
        cmocka_unit_test(who_is_let_in_when_it_is_another_is_not_reinstated),
        cmocka_unit_test(what_happens_while_it_is_let_in_is_asked_about),
        cmocka_unit_test(an_active_path_that_is_silent_is_failed),
        cmocka_unit_test(what_says_nothing_about_the_path_changes_nothing),
        cmocka_unit_test(a_path_of_a_group_that_carries_no_io_stays_as_it_is),
        cmocka_unit_test(a_dead_path_is_asked_less_and_less),
        cmocka_unit_test(a_dead_path_is_asked_every_five_minutes_at_least),
        cmocka_unit_test(a_path_that_fails_again_soon_waits_longer_and_longer),
        cmocka_unit_test(an_answer_for_another_device_counts_no_more),
        cmocka_unit_test(what_happens_while_it_is_asked_is_asked_about_again),
        cmocka_unit_test(news_of_a_device_have_its_unit_asked),
        cmocka_unit_test(a_path_that_is_gone_is_forgotten),
        cmocka_unit_test(ten_thousand_units_are_asked_in_slices),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
