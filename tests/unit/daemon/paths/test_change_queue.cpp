// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One order, batches, and what everyone is told, with a path manager that does what the test says.
#include "daemon/paths/change_queue.hpp"
#include "tests/unit/cmocka.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>

using namespace mpapi;
using namespace mpapi::paths;

namespace {

constexpr model::Sequence kUnit = 10;
const Target unit_target{{model::ObjectType::LogicalUnit, kUnit}, kUnit};

class OneUnit final : public daemon::ModelSource {
  public:
    explicit OneUnit(model::Capabilities capabilities) {
        auto now = std::make_shared<model::Snapshot>();
        model::Plugin plugin;
        plugin.id = 1;
        plugin.capabilities = capabilities;
        now->plugins = std::make_shared<const std::vector<model::Plugin>>(1, plugin);
        auto unit = std::make_shared<model::Unit>();
        unit->unit.id = kUnit;
        unit->unit.key = "a";
        std::vector<model::UnitPtr> units{unit};
        now->units.put_all(std::move(units));
        snapshot_ = now;
    }
    model::SnapshotPtr snapshot() const override { return snapshot_; }
    daemon::WorkCounters counters() const override { return {}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)> done) override {
        done(Done{});
    }
    void refresh(model::Sequence) override {}
    void look_again(model::Sequence) override {}

  private:
    model::SnapshotPtr snapshot_;
};

model::Capabilities everything() {
    model::Capabilities all;
    all.auto_failback = all.failback_rate = model::SettingSupport::Both;
    all.failback_rate_max = 3600;
    return all;
}

// Takes each step and waits for the test to end it.
class ToldManager final : public PathManager {
  public:
    model::Capabilities capabilities() const override { return everything(); }
    model::Upkeep upkeep(const model::LogicalUnit*) const override { return {}; }
    std::string default_selector() const override { return ""; }
    std::optional<Refused> check(const Intents&, const Intents& wanted) const override {
        if (wanted.everywhere.failback_rate == 13U)
            return Refused{Refusal::Unsupported, "not thirteen"};
        return std::nullopt;
    }
    void pursue(const Intents&, const Intents& wanted, Ended ended) override {
        steps.push_back(wanted);
        open = std::move(ended);
    }
    void resume(const Intents& kept, Ended ended) override {
        resumed = kept;
        ended(Made{});
    }
    void remove(const model::LogicalUnit& unit, Ended ended) override {
        removed.push_back(unit.id);
        open = std::move(ended);
    }

    void end(const Outcome& outcome) { std::exchange(open, nullptr)(outcome); }

    std::vector<Intents> steps;
    std::vector<model::Sequence> removed;
    std::optional<Intents> resumed;
    Ended open;
};

struct Observer final : ManagementObserver {
    void set_management(const PathManager* manager, std::shared_ptr<const Intents> intents,
                        std::function<void()> shown) override {
        last = {manager, std::move(intents)};
        if (shown) shown();
    }
    // What the manager that is in charge was asked to resume when its settings were looked at.
    void policy_changed() override { seen = told->resumed; }
    const ToldManager* told = nullptr;
    std::optional<Intents> seen;
    Management last;
};

struct World {
    explicit World(bool begun = true) {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop.reset(raw);
        char name[] = "/tmp/change-queue.XXXXXX";
        assert_non_null(mkdtemp(name));
        directory = name;
        queue.emplace(
            loop.get(), model, observer, IntentsFile(directory, directory + "/disabled"),
            [](const auto& work, const auto& done) {
                work();
                done();
            },
            [this](const std::string& text) { troubles.push_back(text); });
        observer.told = &manager;
        if (begun) queue->begin();
    }
    ~World() {
        queue.reset();
        std::filesystem::remove_all(directory);
    }

    void turn() {
        while (sd_event_run(loop.get(), 0) > 0) {
        }
    }
    void ask(Request request) {
        const std::size_t place = outcomes.size();
        outcomes.emplace_back();
        queue->submit(unit_target, std::move(request),
                      [this, place](const Outcome& outcome) { outcomes[place] = outcome; });
    }
    void ask_to_remove(model::Sequence unit = kUnit) {
        const std::size_t place = outcomes.size();
        outcomes.emplace_back();
        queue->remove(unit, [this, place](const Outcome& outcome) { outcomes[place] = outcome; });
    }
    bool made(std::size_t place) const { return outcomes[place] && !refused(*outcomes[place]); }
    Refusal why(std::size_t place) const {
        assert_true(outcomes[place].has_value());
        const Refused* told = refused(*outcomes[place]);
        assert_non_null(told);
        return told->why;
    }
    Intents kept() const {
        const auto content = IntentsFile(directory, directory + "/disabled").read();
        assert_ok(content);
        return content->intents;
    }

    EventLoop loop;
    std::string directory;
    OneUnit model{everything()};
    Observer observer;
    ToldManager manager;
    std::vector<std::string> troubles;
    std::vector<std::optional<Outcome>> outcomes;
    std::optional<ChangeQueue> queue;
};

void without_a_manager_nothing_is_changed(void**) {
    World world;
    world.queue->set_manager(nullptr, "multipathd.service is inactive");
    world.ask(SetAutoFailback{true});
    world.turn();
    assert_int_equal(static_cast<int>(world.why(0)), static_cast<int>(Refusal::TryAgain));
    assert_contains(refused(*world.outcomes[0])->text, "multipathd.service is inactive");
    assert_true(world.kept() == Intents());
}

void what_waits_becomes_one_step(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask(SetAutoFailback{true});
    world.turn();
    assert_int_equal(world.manager.steps.size(), 1);
    assert_true(world.kept() == world.manager.steps[0]); // before anything is made true
    world.ask(SetFailbackRate{5});
    world.ask(SetFailbackRate{7});
    world.turn();
    assert_int_equal(world.manager.steps.size(), 1);
    world.manager.end(Made{});
    world.turn();
    assert_true(world.made(0));
    assert_int_equal(world.manager.steps.size(), 2);
    assert_int_equal(*world.manager.steps[1].units.at("a").settings.failback_rate, 7);
    world.manager.end(Made{});
    world.turn();
    assert_true(world.made(1) && world.made(2));
    assert_true(world.kept() == world.queue->asked());
    assert_true(*world.observer.last.intents == world.queue->asked());
}

void a_step_that_fails_is_tried_one_by_one(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask(SetAutoFailback{true});
    world.ask(SetFailbackRate{7});
    world.turn();
    world.manager.end(Refused{Refusal::Failed, "no"});
    world.turn();
    assert_int_equal(world.manager.steps.size(), 2);
    assert_false(world.manager.steps[1].units.at("a").settings.failback_rate.has_value());
    world.manager.end(Made{});
    world.turn();
    assert_true(world.made(0));
    world.manager.end(Refused{Refusal::Failed, "no"});
    world.turn();
    assert_int_equal(static_cast<int>(world.why(1)), static_cast<int>(Refusal::Failed));
    assert_true(world.kept() == world.queue->asked());
    assert_false(world.queue->asked().units.at("a").settings.failback_rate.has_value());
}

// Each would wait for as long again, and nobody behind them would have a turn.
void a_step_that_takes_too_long_is_not_tried_again(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask(SetAutoFailback{true});
    world.ask(SetFailbackRate{7});
    world.turn();
    world.manager.end(Refused{Refusal::TimedOut, "It does not answer."});
    world.turn();
    assert_int_equal(world.manager.steps.size(), 1);
    for (const std::size_t each : {0u, 1u})
        assert_int_equal(static_cast<int>(world.why(each)), static_cast<int>(Refusal::TimedOut));
    assert_true(world.kept() == Intents());
}

void what_cannot_be_is_refused_before_anything_happens(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask(SetFailbackRate{4000});
    world.queue->submit({{model::ObjectType::Plugin, 1}, 0}, SetFailbackRate{13},
                        [&](const Outcome& outcome) { world.outcomes.emplace_back(outcome); });
    world.turn();
    assert_int_equal(static_cast<int>(world.why(0)), static_cast<int>(Refusal::InvalidParameter));
    assert_int_equal(static_cast<int>(world.why(1)), static_cast<int>(Refusal::Unsupported));
    assert_true(world.manager.steps.empty());
}

void a_manager_that_goes_ends_its_change(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask(SetAutoFailback{true});
    world.turn();
    world.queue->set_manager(nullptr, "it was stopped");
    world.turn();
    assert_int_equal(static_cast<int>(world.why(0)), static_cast<int>(Refusal::TryAgain));
    assert_true(world.kept() == Intents());
    world.manager.end(Made{}); // too late
    world.turn();
    assert_true(world.queue->asked() == Intents());
}

void what_was_kept_is_resumed_once_the_model_shows_what_there_is(void**) {
    World world(false);
    Intents kept;
    kept.units["a"].settings.auto_failback = false;
    kept.disabled.insert({"6001405", "host1", "5000", 3});
    assert_ok(IntentsFile(world.directory, world.directory + "/disabled").write({}, kept));
    assert_true(world.kept() == kept);
    world.queue->begin_with(world.kept());
    world.queue->set_manager(&world.manager, "");
    world.turn();
    assert_false(world.manager.resumed.has_value());
    world.queue->begin();
    world.turn();
    assert_true(world.manager.resumed == kept);
    assert_true(world.observer.seen == kept); // its settings are looked at again
    assert_true(*world.observer.last.intents == kept);
}

void a_file_that_cannot_be_written_changes_nothing(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    std::filesystem::remove_all(world.directory);
    world.ask(SetAutoFailback{true});
    world.turn();
    assert_int_equal(static_cast<int>(world.why(0)), static_cast<int>(Refusal::Failed));
    assert_contains(refused(*world.outcomes[0])->text, "kept");
    assert_true(world.manager.steps.empty());
}

// They lie on two file systems, of which one may be read-only.
void a_setting_is_kept_where_the_record_of_disabled_paths_cannot_be(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    const std::string record = world.directory + "/disabled";
    std::filesystem::create_directory(record + ".new");
    world.ask(SetAutoFailback{true});
    world.turn();
    world.manager.end(Made{});
    world.turn();
    assert_true(world.made(0));
    assert_true(world.kept().units.at("a").settings.auto_failback == true);
    // And back.
    world.ask(SetAutoFailback{false});
    world.turn();
    world.manager.end(Refused{Refusal::Failed, "No."});
    world.turn();
    assert_text_equal(refused(*world.outcomes[1])->text, "No.");
    assert_true(world.kept().units.at("a").settings.auto_failback == true);
}

void a_damaged_file_is_set_aside_and_told(void**) {
    World world;
    const std::string path = world.directory + "/intents";
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fputs("version = 7\n", file);
    std::fclose(file);
    const auto content = IntentsFile(world.directory, world.directory + "/disabled").read();
    assert_ok(content);
    assert_int_equal(content->notices.size(), 1);
    assert_contains(content->notices[0], ".damaged");
    assert_true(std::filesystem::exists(path + ".damaged"));
    assert_false(std::filesystem::exists(path));
}

void a_record_full_of_nonsense_is_told_once(void**) {
    World world;
    const std::string path = world.directory + "/disabled";
    std::FILE* file = std::fopen(path.c_str(), "w");
    for (int line = 0; line < 1000; ++line)
        std::fputs(line == 4 ? "6001405 host1 5000 3\n" : "nonsense\n", file);
    std::fclose(file);
    const auto content = IntentsFile(world.directory, path).read();
    assert_ok(content);
    assert_int_equal(content->intents.disabled.size(), 1);
    assert_int_equal(content->notices.size(), 1);
    assert_contains(content->notices[0], "line 1 ");
    assert_contains(content->notices[0], "998 more");
}

void a_removal_has_its_place_among_the_changes(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask(SetAutoFailback{true});
    world.turn();
    world.ask(SetFailbackRate{10});
    world.ask_to_remove();
    world.ask(SetFailbackRate{20});
    world.turn();
    assert_int_equal(world.manager.steps.size(), 1);
    assert_true(world.manager.removed.empty());
    world.manager.end(Made{});
    world.turn();
    // What came before it, without it and what came after.
    assert_int_equal(world.manager.steps.size(), 2);
    assert_true(world.manager.removed.empty());
    world.manager.end(Made{});
    world.turn();
    assert_true(world.made(1));
    assert_int_equal(world.manager.removed.size(), 1);
    assert_int_equal(world.manager.steps.size(), 2);
    assert_false(world.outcomes[2].has_value());
    world.manager.end(Refused{Refusal::TryAgain, "in use"});
    world.turn();
    assert_int_equal(static_cast<int>(world.why(2)), static_cast<int>(Refusal::TryAgain));
    assert_int_equal(world.manager.removed.size(), 1); // not tried again by itself
    assert_int_equal(world.manager.steps.size(), 3);
    world.manager.end(Made{});
    world.turn();
    assert_true(world.made(3));
    // It changed nothing of what is asked for.
    assert_true(world.kept().units.at("a").settings.failback_rate == 20U);
}

void a_unit_that_is_gone_when_its_removal_comes(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask_to_remove(99);
    world.turn();
    assert_int_equal(static_cast<int>(world.why(0)), static_cast<int>(Refusal::ObjectNotFound));
    assert_true(world.manager.removed.empty());
    world.ask(SetAutoFailback{true});
    world.turn();
    assert_int_equal(world.manager.steps.size(), 1);
    world.manager.end(Made{});
    world.turn();
}

void a_manager_that_goes_amid_a_removal(void**) {
    World world;
    world.queue->set_manager(&world.manager, "");
    world.turn();
    world.ask_to_remove();
    world.turn();
    world.queue->set_manager(nullptr, "multipathd.service is inactive");
    world.turn();
    assert_int_equal(static_cast<int>(world.why(0)), static_cast<int>(Refusal::TryAgain));
    world.manager.end(Made{}); // nobody listens any more
    world.ask_to_remove();
    world.turn();
    assert_contains(refused(*world.outcomes[1])->text, "multipathd.service is inactive");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_a_manager_nothing_is_changed),
        cmocka_unit_test(what_waits_becomes_one_step),
        cmocka_unit_test(a_step_that_fails_is_tried_one_by_one),
        cmocka_unit_test(a_step_that_takes_too_long_is_not_tried_again),
        cmocka_unit_test(what_cannot_be_is_refused_before_anything_happens),
        cmocka_unit_test(a_manager_that_goes_ends_its_change),
        cmocka_unit_test(what_was_kept_is_resumed_once_the_model_shows_what_there_is),
        cmocka_unit_test(a_file_that_cannot_be_written_changes_nothing),
        cmocka_unit_test(a_setting_is_kept_where_the_record_of_disabled_paths_cannot_be),
        cmocka_unit_test(a_damaged_file_is_set_aside_and_told),
        cmocka_unit_test(a_record_full_of_nonsense_is_told_once),
        cmocka_unit_test(a_removal_has_its_place_among_the_changes),
        cmocka_unit_test(a_unit_that_is_gone_when_its_removal_comes),
        cmocka_unit_test(a_manager_that_goes_amid_a_removal),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
