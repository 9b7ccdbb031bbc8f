// SPDX-License-Identifier: LGPL-2.1-or-later
//
// multipathd, systemd, udev and the kernel are played; bus, socket and files are real.
#include "common/system/read_file.hpp"
#include "daemon/multipathd/manager.hpp"
#include "daemon/multipathd/policy.hpp"
#include "tests/unit/daemon/multipathd/fake_systemd.hpp"
#include "tests/unit/daemon/multipathd/simulated.hpp"
#include "tests/unit/daemon/multipathd/temporary_root.hpp"

#include <cerrno>
#include <chrono>
#include <deque>
#include <optional>

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

const std::string our_file = std::string(drop_in_path).substr(1);

struct World final : daemon::ModelSource {
    World() {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
        if (!bus.running()) {
            print_message("skipped: no dbus-daemon here\n");
            skip();
        }
        std::filesystem::create_directories(root.path() + "/etc/multipath/conf.d");
        root.write("etc/multipath.conf", "defaults {\n\tpolling_interval 5\n}\n");
        multipathd = std::make_unique<SimulatedMultipathd>(root.path());
        systemd = std::make_unique<FakeSystemd>(bus.connect(made));
        systemd->set("active");
        ours = bus.connect(made);
        model = multipathd->snapshot(1);
        options.client.addresses = {multipathd->address()};
        options.client.peer = geteuid();
        options.root = root.path();
        options.limits = {500ms, 2s, 300ms, 5ms, 20ms};
        options.pauses = {30ms, 120ms};
        sd_event_source* source = nullptr;
        assert_true(sd_event_add_defer(made, &source, &World::aside, this) >= 0);
        aside_.reset(source);
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    }

    void start() {
        Means means{loop.get(),
                    *this,
                    [this](std::function<void()> work, std::function<void()> done) {
                        work();
                        later.push_back(std::move(done));
                        sd_event_source_set_enabled(aside_.get(), SD_EVENT_ON);
                    },
                    [this](const std::set<paths::PathName>& disabled) -> Status {
                        story += "record " + std::to_string(disabled.size()) + "; ";
                        if (record_fails) return Error{"write", "record", "", ENOSPC};
                        record = disabled;
                        return Done{};
                    },
                    [this](const std::string& device, std::function<void(Status)> ended) {
                        story += "udev " + device + "; ";
                        if (device == udev_fails) {
                            ended(Error{"run", device, "systemd says \"failed\"", EIO});
                            return;
                        }
                        const bool marked = record.count(name_of(device)) != 0;
                        held = [this, device, marked, ended] {
                            multipathd->set_property(device, marked);
                            ended(Done{});
                        };
                        if (!udev_is_slow) std::exchange(held, nullptr)();
                    },
                    [this](const std::string& shown) { learnt = shown; }};
        manager = std::make_unique<MultipathdManager>(means, ours.get(), policy, options);
    }

    static int aside(sd_event_source*, void* self) {
        auto* world = static_cast<World*>(self);
        const auto done = std::move(world->later.front());
        world->later.pop_front();
        if (world->later.empty()) sd_event_source_set_enabled(world->aside_.get(), SD_EVENT_OFF);
        done();
        return 0;
    }

    // What the kernel tells.
    void look() {
        auto now = multipathd->snapshot(model->generation + 1);
        const auto events = model::diff(*model, *now);
        if (events.empty()) return;
        const auto before = std::exchange(model, now);
        manager->model_changed(before, model, events, {});
    }
    void run(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end)
                fail_msg("nothing happened for 10 s; %s", multipathd->deeds().c_str());
            assert_true(sd_event_run(loop.get(), 20'000) >= 0);
            if (manager) look();
        }
    }
    // Until nothing has happened for as long as anything here waits at most.
    void run_dry() {
        while (true) {
            const int events = sd_event_run(loop.get(), 600'000);
            assert_true(events >= 0);
            look();
            if (events == 0) return;
        }
    }

    paths::Outcome wait() {
        run([this] { return outcome.has_value(); });
        return *std::exchange(outcome, std::nullopt);
    }
    paths::Ended take() {
        return [this](paths::Outcome told) {
            if (outcome) fail_msg("ended twice");
            outcome = std::move(told);
        };
    }
    paths::Outcome pursue(const paths::Intents& wanted) {
        begin(wanted);
        return wait();
    }
    void begin(const paths::Intents& wanted) {
        manager->pursue(asked, wanted, take());
        if (outcome) fail_msg("ended from within");
    }
    void make(const paths::Intents& wanted) {
        const auto told = pursue(wanted);
        if (const auto* why = paths::refused(told)) fail_msg("refused: %s", why->text.c_str());
        asked = wanted;
    }
    std::string refuse(const paths::Intents& wanted, paths::Refusal why) {
        return expect(pursue(wanted), why);
    }
    static std::string expect(const paths::Outcome& told, paths::Refusal why) {
        const auto* refused = paths::refused(told);
        if (refused == nullptr) fail_msg("not refused");
        if (refused->why != why)
            fail_msg("refused as %d: %s", static_cast<int>(refused->why), refused->text.c_str());
        assert_true(refused->text.ends_with('.'));
        return refused->text;
    }

    std::string file() const {
        const auto text = read_file(root.path() + drop_in_path, 1 << 20);
        return text ? *text : "";
    }
    const model::Unit& unit() const { return *model->units.begin(); }
    std::uint32_t group_of(const std::string& device) const {
        for (const auto& path : unit().paths)
            if (path.device == device) return path.priority_group;
        return 99;
    }

    model::SnapshotPtr snapshot() const override { return model; }
    daemon::WorkCounters counters() const override { return {}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)>) override {}
    void refresh(model::Sequence) override {}
    void look_again(model::Sequence unit) override { looked_at.insert(unit); }

    EventLoop loop;
    PrivateBus bus;
    std::unique_ptr<FakeSystemd> systemd;
    Bus ours;
    TemporaryRoot root;
    std::unique_ptr<SimulatedMultipathd> multipathd;
    MultipathdPolicy policy;
    MultipathdManager::Options options;
    model::SnapshotPtr model;
    std::deque<std::function<void()>> later;
    EventSource aside_;
    std::string story, udev_fails, learnt;
    std::set<model::Sequence> looked_at;
    std::set<paths::PathName> record;
    bool record_fails = false, udev_is_slow = false;
    std::function<void()> held; // an event that udev has not handled yet
    paths::Intents asked;
    std::optional<paths::Outcome> outcome;
    std::unique_ptr<MultipathdManager> manager;
};

paths::Intents selector(const char* text) {
    paths::Intents wanted;
    wanted.units[map_wwid].settings.selector = text;
    return wanted;
}

paths::Intents disabled(std::initializer_list<const char*> devices) {
    paths::Intents wanted;
    for (const char* device : devices)
        wanted.disabled.insert(name_of(device));
    return wanted;
}

paths::Intents override_by(const char* device) {
    paths::Intents wanted;
    wanted.units[map_wwid].override_path = name_of(device);
    return wanted;
}

// Settings

void a_setting_is_written_loaded_and_in_the_table(void**) {
    World world;
    world.start();
    world.make(selector("queue-length 0"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
    assert_text_equal(world.unit().unit.selector, "queue-length");
    assert_text_equal(world.file(), drop_in(world.asked)->text);
    // Who asked may look at once: its settings are those that were loaded.
    assert_true(world.learnt.find(drop_in(world.asked)->revision) != std::string::npos);
}

// It shows what it took for arguments that were left out (hst_status()).
void what_the_kernel_adds_to_a_selector_is_no_contradiction(void**) {
    World world;
    world.multipathd->set_shown("historical-service-time 0", "historical-service-time 2 64 0");
    world.multipathd->set_shown("historical-service-time 1 9", "historical-service-time 2 9 0");
    world.start();
    world.make(selector("historical-service-time 0"));
    assert_text_equal(world.unit().unit.selector_arguments, "64 0");
    world.make(selector("historical-service-time 1 9"));
    world.multipathd->set_shown("historical-service-time 1 8", "historical-service-time 2 9 0");
    assert_contains(world.refuse(selector("historical-service-time 1 8"), paths::Refusal::Failed),
                    "has path selector \"historical-service-time 2 9 0\"");
}

void what_is_changed_together_is_one_reconfigure(void**) {
    World world;
    world.start();
    paths::Intents wanted = selector("historical-service-time 2 20 5");
    wanted.units[map_wwid].settings.auto_failback = false;
    wanted.everywhere.auto_failback = true;
    wanted.everywhere.failback_rate = 20;
    wanted.everywhere.probing_rate = 3;
    wanted.everywhere.selector = "round-robin 0";
    wanted.disabled.insert(name_of("sdd"));
    world.make(wanted);
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    assert_int_equal(world.group_of("sdd"), 0);
}

// "manual" has no room for it.
void a_rate_that_was_set_is_shown_while_failback_is_off(void**) {
    World world;
    world.start();
    const auto loaded = [&] {
        world.policy.set_configuration({}, *multipath_conf::parse("show config", world.learnt));
        model::LogicalUnit unit = world.unit().unit;
        unit.settings = world.policy.settings(unit, model::Transport::Unknown);
        return unit;
    };
    paths::Intents wanted;
    wanted.everywhere.auto_failback = false;
    wanted.everywhere.failback_rate = 30;
    world.make(wanted);
    const model::LogicalUnit of_all = loaded();
    for (const model::LogicalUnit* unit :
         {static_cast<const model::LogicalUnit*>(nullptr), &of_all}) {
        assert_true(world.manager->upkeep(unit).auto_failback == model::Switch::Off);
        assert_int_equal(world.manager->upkeep(unit).failback_rate, 30);
    }
    wanted.units[map_wwid].settings.failback_rate = 40;
    world.make(wanted);
    const model::LogicalUnit own = loaded();
    assert_int_equal(world.manager->upkeep(&own).failback_rate, 40);
    assert_int_equal(world.manager->upkeep(nullptr).failback_rate, 30);
    wanted.everywhere.auto_failback = true;
    world.make(wanted);
    loaded();
    assert_int_equal(world.manager->upkeep(nullptr).failback_rate, 30);
    // What was refused is not.
    wanted.everywhere.auto_failback = false;
    wanted.everywhere.failback_rate = 50;
    world.multipathd->behaves("reconfigure", "fail");
    world.refuse(wanted, paths::Refusal::Failed);
    assert_int_equal(world.manager->upkeep(nullptr).failback_rate, 30);
}

void a_setting_that_is_taken_back_leaves_the_file_without_it(void**) {
    World world;
    world.start();
    world.make(selector("queue-length 0"));
    world.make({});
    assert_text_equal(world.file(), drop_in({})->text);
    assert_text_equal(world.unit().unit.selector, "service-time");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure");
}

void a_slow_reconfigure_is_waited_for(void**) {
    World world;
    world.multipathd->set_slow(4);
    world.start();
    world.make(selector("queue-length 0"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
}

void a_busy_multipathd_is_asked_again(void**) {
    World world;
    world.start();
    world.multipathd->behaves("show config", "timeout", 3);
    world.multipathd->behaves("reconfigure", "timeout", 2);
    world.make(selector("queue-length 0"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure, reconfigure");
}

void one_that_is_busy_for_ever_ends_it(void**) {
    World world;
    world.options.limits.busy = 100ms;
    world.start();
    world.multipathd->behaves("show config", "timeout");
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TimedOut);
    assert_contains(text, "busy");
    assert_text_equal(world.file(), "");
}

void an_administrators_file_that_wins_is_named_and_ours_is_put_back(void**) {
    World world;
    world.root.write("etc/multipath/conf.d/zzz.conf", "multipaths {\n multipath {\n  wwid " +
                                                          std::string(map_wwid) +
                                                          "\n  path_selector \"round-robin 0\"\n"
                                                          " }\n}\n");
    world.start();
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::Failed);
    assert_contains(text, "/etc/multipath/conf.d/zzz.conf, line 4");
    assert_contains(text, "\"round-robin 0\"");
    assert_text_equal(world.file(), "");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure");

    // What was ours before stays ours.
    paths::Intents wanted;
    wanted.everywhere.probing_rate = 3;
    world.make(wanted);
    const std::string before = world.file();
    wanted.units = selector("queue-length 0").units;
    world.refuse(wanted, paths::Refusal::Failed);
    assert_text_equal(world.file(), before);
    // What was not true already is no reason to refuse another change.
    world.asked = wanted;
    wanted.everywhere.probing_rate = 4;
    world.make(wanted);
}

// "overrides" is looked at before "defaults", where that of all units stands.
void a_selector_of_all_units_that_an_administrator_overrides_is_told(void**) {
    World world;
    world.root.write("etc/multipath/conf.d/site.conf",
                     "overrides {\n path_selector \"round-robin 0\"\n}\n");
    world.start();
    paths::Intents wanted;
    wanted.everywhere.selector = "queue-length 0";
    const auto text = world.refuse(wanted, paths::Refusal::Failed);
    assert_contains(text, "/etc/multipath/conf.d/site.conf, line 2");
    assert_contains(text, "\"round-robin 0\"");
    assert_text_equal(world.file(), "");
    // The same is no contradiction, nor is what a unit has of its own.
    wanted.everywhere.selector = "round-robin 0";
    world.make(wanted);
    wanted.units[map_wwid].settings.selector = "queue-length 0";
    world.make(wanted);
}

// One thing that cannot be put back is no reason to leave the others as they are.
void a_disk_that_udev_is_stuck_with_does_not_keep_the_file_from_being_put_back(void**) {
    World world;
    world.root.write("etc/multipath/conf.d/zzz.conf", "multipaths {\n multipath {\n  wwid " +
                                                          std::string(map_wwid) +
                                                          "\n  path_selector \"round-robin 0\"\n"
                                                          " }\n}\n");
    world.start();
    paths::Intents wanted = selector("queue-length 0");
    wanted.disabled = disabled({"sdd"}).disabled;
    world.begin(wanted);
    world.run([&] { return world.story.ends_with("udev sdd; "); });
    world.udev_fails = "sdd";
    const auto text = World::expect(world.wait(), paths::Refusal::Failed);
    assert_contains(text, "zzz.conf");
    assert_contains(text, "could not be put back");
    assert_contains(text, "sdd");
    assert_text_equal(world.story, "record 1; udev sdd; record 0; udev sdd; ");
    assert_text_equal(world.file(), "");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, reconfigure, add path sdd");
}

void one_that_does_not_load_the_file_ends_it(void**) {
    World world;
    world.multipathd->set_slow(1'000'000);
    world.start();
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TimedOut);
    assert_contains(text, "has not loaded");
    assert_text_equal(world.file(), "");
}

void a_table_that_does_not_follow_ends_it(void**) {
    World world;
    world.start();
    // Loaded, and yet not in the table: the rest of the world has not this map's name.
    paths::Intents wanted = disabled({"sdd"});
    world.multipathd->behaves("del path sdd", "fail");
    world.make(selector("queue-length 0"));
    world.multipathd->forget();
    wanted.units = world.asked.units;
    const auto text = world.refuse(wanted, paths::Refusal::Failed);
    assert_contains(text, "The table of mpatha still has path sdd");
    assert_text_equal(world.multipathd->deeds(), "del path sdd, add path sdd");
    assert_true(world.record.empty());
    assert_int_equal(world.group_of("sdd"), 2);
}

// Disabled paths

void a_path_is_disabled_in_the_order_that_keeps_it_so(void**) {
    World world;
    world.start();
    world.make(disabled({"sdd"}));
    assert_text_equal(world.story, "record 1; udev sdd; ");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    assert_int_equal(world.group_of("sdd"), 0);
    // Told at once, and not when udev's rules are through with the new table.
    assert_true(world.looked_at.count(world.unit().unit.id) == 1);
    world.multipathd->forget();

    // The line is there now: no reconfigure for the next one.
    world.make(disabled({"sdd", "sda"}));
    assert_text_equal(world.multipathd->deeds(), "del path sda");
    assert_int_equal(world.group_of("sda"), 0);
    world.multipathd->restart();
    world.look();
    assert_int_equal(world.group_of("sda"), 0);
    world.multipathd->forget();

    world.story.clear();
    world.make(disabled({"sdd"}));
    assert_text_equal(world.story, "record 1; udev sda; ");
    assert_text_equal(world.multipathd->deeds(), "add path sda");
    assert_int_equal(world.group_of("sda"), 1);
}

void of_a_path_that_is_gone_only_the_record_changes(void**) {
    World world;
    world.start();
    world.make(disabled({"sdd"}));
    world.multipathd->forget();
    world.story.clear();
    paths::Intents wanted = disabled({"sdd", "sdx"});
    world.make(wanted);
    assert_text_equal(world.story, "record 2; ");
    assert_text_equal(world.multipathd->deeds(), "");
}

void the_last_paths_of_a_table_are_left(void**) {
    World world;
    world.start();
    const auto text =
        world.refuse(disabled({"sda", "sdb", "sdc", "sdd"}), paths::Refusal::NotPermitted);
    assert_contains(text, "the last one");
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.story, "");
    world.make(disabled({"sda", "sdb", "sdc"}));
    world.multipathd->forget();
    world.refuse(disabled({"sda", "sdb", "sdc", "sdd"}), paths::Refusal::NotPermitted);
    assert_text_equal(world.multipathd->deeds(), "");
}

void a_path_that_the_configuration_excludes_is_not_enabled(void**) {
    World world;
    world.start();
    world.make(disabled({"sdd"}));
    world.root.write("etc/multipath.conf", "blacklist {\n\tdevnode \"^sdd$\"\n}\n");
    world.multipathd->restart();
    const auto text = world.refuse({}, paths::Refusal::Failed);
    assert_contains(text, "its configuration excludes it");
    assert_int_equal(world.record.size(), 1);
}

void udev_that_fails_puts_the_record_back(void**) {
    World world;
    world.start();
    world.udev_fails = "sdd";
    const auto text = world.refuse(disabled({"sdc", "sdd"}), paths::Refusal::Failed);
    assert_contains(text, "sdd");
    assert_true(world.record.empty());
    // An event that multipathd was told of may have taken either out of its table.
    assert_text_equal(world.multipathd->deeds(), "add path sdd, add path sdc");
    assert_text_equal(world.file(), "");
}

// The record is read when it comes back; until then there is no disk that an event could be of.
void a_path_whose_device_is_gone_is_disabled_without_udev(void**) {
    World world;
    world.start();
    world.multipathd->set_removed("sdd");
    world.look();
    world.udev_fails = "sdd";
    world.make(disabled({"sdd"}));
    assert_text_equal(world.story, "record 1; ");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    world.make({});
    assert_text_equal(world.story, "record 1; record 0; ");
}

void a_record_that_cannot_be_written_changes_nothing(void**) {
    World world;
    world.start();
    world.record_fails = true;
    world.refuse(disabled({"sdd"}), paths::Refusal::Failed);
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.file(), "");
}

// Overrides

void an_override_is_one_group_that_is_in_use(void**) {
    World world;
    world.start();
    world.make(override_by("sdc"));
    assert_text_equal(world.multipathd->deeds(), "reconfigure, switch map mpatha group 3");
    assert_int_equal(world.group_of("sdc"), 3);
    assert_int_equal(world.unit().unit.current_group, 3);

    world.multipathd->forget();
    world.make({});
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
    assert_int_equal(world.group_of("sda"), 1);
    assert_int_equal(world.group_of("sdc"), 2);
    assert_int_equal(world.unit().unit.current_group, 1);
    world.multipathd->forget();
    world.multipathd->reload();
    world.run_dry();
    assert_text_equal(world.multipathd->deeds(), "");
}

void an_override_outlives_reloads_and_the_loss_of_its_path(void**) {
    World world;
    world.start();
    world.make(override_by("sdc"));
    world.multipathd->forget();
    world.multipathd->reload();
    world.look();
    assert_int_equal(world.unit().unit.current_group, 1);
    world.run([&] { return world.unit().unit.current_group == 3; });

    world.multipathd->set_failed("sdc", true);
    world.look();
    world.run_dry();
    assert_int_equal(world.unit().unit.current_group, 1); // I/O goes on
    const std::size_t before = world.multipathd->commands().size();
    world.run_dry();
    assert_int_equal(world.multipathd->commands().size(), before);
    world.multipathd->set_failed("sdc", false);
    world.look();
    assert_int_equal(world.unit().unit.current_group, 1);
    world.run([&] { return world.unit().unit.current_group == 3; });
}

void a_switch_that_does_nothing_is_repeated_with_growing_pauses(void**) {
    World world;
    world.start();
    world.make(override_by("sdc"));
    world.multipathd->forget();
    world.multipathd->behaves("switch map mpatha group 3", "fail", 3);
    world.multipathd->reload();
    const auto begin = std::chrono::steady_clock::now();
    world.look();
    world.run([&] { return world.unit().unit.current_group == 3; });
    // The first at once or after the pause of the one that was made; then 60, 120 ms or more.
    assert_true(std::chrono::steady_clock::now() - begin >= 180ms);
    assert_in_range(world.multipathd->commands().size(), 4, 4);
}

void an_override_needs_a_path_that_works(void**) {
    World world;
    world.start();
    world.multipathd->set_failed("sdc", true);
    world.look();
    world.refuse(override_by("sdc"), paths::Refusal::PathNonoperational);
    world.refuse(override_by("sdx"), paths::Refusal::ObjectNotFound);
    assert_text_equal(world.multipathd->deeds(), "");
}

void a_switch_that_fails_ends_the_override(void**) {
    World world;
    world.start();
    world.multipathd->behaves("switch map mpatha group 3", "fail");
    const auto text = world.refuse(override_by("sdc"), paths::Refusal::Failed);
    assert_contains(text, "is in use, not that of path sdc");
    assert_int_equal(world.group_of("sdc"), 2);
    assert_text_equal(world.file(), "");
}

// A multipathd that is not as it should be

void nothing_is_asked_while_it_does_not_run(void**) {
    World world;
    world.systemd->set("inactive");
    world.start();
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TryAgain);
    assert_contains(text, "multipathd.service is inactive");
    world.run_dry();
    assert_int_equal(world.multipathd->commands().size(), 0);
    assert_text_equal(world.file(), "");
}

void one_that_stops_amid_it_ends_it_with_try_again(void**) {
    World world;
    world.multipathd->set_slow(1'000'000);
    world.start();
    world.begin(selector("queue-length 0"));
    world.run([&] { return world.multipathd->deeds() == "reconfigure"; });
    world.systemd->set("deactivating");
    const auto text = World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_contains(text, "deactivating");
    assert_text_equal(world.file(), ""); // what it reads when it starts again
    world.run_dry();
    const std::size_t asked = world.multipathd->commands().size();
    world.run_dry();
    assert_int_equal(world.multipathd->commands().size(), asked);
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
}

void one_that_stops_before_systemd_tells_is_not_connected_to(void**) {
    World world;
    world.start();
    world.systemd->set_untold("inactive");
    World::expect(world.pursue(selector("queue-length 0")), paths::Refusal::TryAgain);
    assert_int_equal(world.multipathd->commands().size(), 0);
}

// Each request: its stop may come between any two.
void one_that_stops_amid_it_before_systemd_tells_is_not_connected_to(void**) {
    World world;
    world.multipathd->set_slow(1'000'000);
    world.options.limits.proof = 5s;
    world.start();
    world.begin(selector("queue-length 0"));
    world.run([&] { return world.multipathd->deeds() == "reconfigure"; });
    world.systemd->set_untold("inactive");
    const std::size_t asked = world.multipathd->commands().size();
    World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_in_range(world.multipathd->commands().size(), asked, asked + 1); // one was under way
}

void one_that_stops_before_the_proof_is_there_is_not_waited_for(void**) {
    World world;
    world.options.limits.proof = 8s;
    world.start();
    world.make(selector("queue-length 0"));
    world.multipathd->behaves("del path sdd", "fail");
    paths::Intents wanted = world.asked;
    wanted.disabled.insert(name_of("sdd"));
    world.begin(wanted);
    world.run([&] { return world.multipathd->deeds() == "reconfigure, del path sdd"; });
    world.run_dry();
    const auto begin = std::chrono::steady_clock::now();
    world.systemd->set("inactive");
    World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_true(std::chrono::steady_clock::now() - begin < 4s);
    assert_true(world.record.empty());
}

void one_that_hangs_ends_it_with_few_requests(void**) {
    World world;
    world.start();
    for (const char* command : {"show config", "reconfigure"}) {
        world.multipathd->behaves_well();
        world.multipathd->behaves(command, "hang");
        world.multipathd->forget();
        const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::TimedOut);
        assert_contains(text, "no answer in time");
        assert_true(world.multipathd->commands().size() <= 4);
        assert_text_equal(world.file(), "");
    }
}

void one_that_closes_the_connection_ends_it(void**) {
    World world;
    world.start();
    world.multipathd->behaves("reconfigure", "close");
    const auto text = world.refuse(selector("queue-length 0"), paths::Refusal::Failed);
    assert_contains(text, "closed the connection");
    assert_contains(text, "could not be put back");
    assert_true(world.multipathd->commands().size() <= 4);
    assert_text_equal(world.file(), "");
}

// Taking charge

void taking_charge_of_what_is_in_force_does_nothing(void**) {
    World world;
    world.start();
    paths::Intents kept = selector("queue-length 0");
    kept.disabled.insert(name_of("sdd"));
    world.make(kept);
    world.multipathd->forget();
    world.story.clear();
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.story, "");
}

void taking_charge_of_nothing_writes_no_file(void**) {
    World world;
    world.start();
    world.manager->resume({}, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "");
    assert_text_equal(world.file(), "");
}

void taking_charge_makes_true_what_a_killed_daemon_left(void**) {
    World world;
    paths::Intents kept = selector("queue-length 0");
    kept.disabled.insert(name_of("sdd"));
    world.record = kept.disabled; // and nothing else was done
    world.start();
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.story, "udev sdd; ");
    assert_text_equal(world.multipathd->deeds(), "reconfigure, del path sdd");
    assert_int_equal(world.group_of("sdd"), 0);
    assert_text_equal(world.unit().unit.selector, "queue-length");
}

void taking_charge_has_a_file_loaded_that_was_only_written(void**) {
    World world;
    const paths::Intents kept = selector("queue-length 0");
    world.start();
    world.root.write(our_file, drop_in(kept)->text);
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "reconfigure");
}

void taking_charge_undoes_what_nobody_asks_for_any_more(void**) {
    World world;
    world.root.write(our_file, drop_in(override_by("sdc"))->text);
    world.multipathd->restart();
    world.model = world.multipathd->snapshot(2);
    world.start();
    assert_int_equal(world.group_of("sdd"), 4);
    world.manager->resume({}, world.take());
    assert_false(paths::refused(world.wait()));
    assert_int_equal(world.group_of("sdd"), 2);
    assert_text_equal(world.file(), drop_in({})->text);
}

// Killed and started anew while a path was being disabled: it read udev's database before the path
// was enabled again, and was told of that as of a disk that it does not have.
// udev and a reconfigure may be long: what was no last path when it was asked for may be one.
// Whoever took charge keeps the record from then on, and may have written it meanwhile.
void what_is_undone_after_the_end_leaves_the_record_alone(void**) {
    World world;
    world.start();
    world.udev_is_slow = true;
    world.begin(disabled({"sdd"}));
    world.run([&] { return world.held != nullptr; });
    world.systemd->set("inactive");
    world.manager->retire();
    world.record = disabled({"sda"}).disabled;
    world.udev_is_slow = false;
    std::exchange(world.held, nullptr)();
    World::expect(world.wait(), paths::Refusal::TryAgain);
    assert_true(world.record == disabled({"sda"}).disabled);
    assert_text_equal(world.story, "record 1; udev sdd; udev sdd; ");
}

void a_path_that_became_the_last_that_works_stays(void**) {
    World world;
    world.start();
    world.udev_is_slow = true;
    world.begin(disabled({"sdd"}));
    world.run([&] { return world.held != nullptr; });
    for (const char* device : {"sda", "sdb", "sdc"})
        world.multipathd->set_failed(device, true);
    world.look();
    world.udev_is_slow = false;
    std::exchange(world.held, nullptr)();
    assert_contains(World::expect(world.wait(), paths::Refusal::NotPermitted), "sdd");
    assert_int_equal(world.group_of("sdd"), 2);
    assert_text_equal(world.story, "record 1; udev sdd; record 0; udev sdd; ");
    assert_true(world.multipathd->deeds().find("del path") == std::string::npos);
}

void taking_charge_waits_for_what_is_being_undone(void**) {
    World world;
    world.start();
    world.make(disabled({"sda"})); // the file stays as it is from now on
    world.multipathd->behaves("del path sdd", "hang");
    world.begin(disabled({"sda", "sdd"}));
    world.run([&] { return world.multipathd->deeds().ends_with("del path sdd"); });
    world.udev_is_slow = true;
    world.systemd->set("failed");
    world.multipathd->behaves_well();
    world.run([&] { return world.held != nullptr; });
    world.multipathd->restart();
    world.systemd->set("activating");
    world.run_dry();
    assert_int_equal(world.group_of("sdd"), 0);
    world.systemd->set("active");
    world.run_dry();
    std::optional<paths::Outcome> resumed;
    world.manager->resume(world.asked, [&](const paths::Outcome& told) {
        resumed = told;
        assert_true(world.outcome.has_value());
    });
    world.run_dry();
    world.udev_is_slow = false;
    std::exchange(world.held, nullptr)();
    world.run([&] { return resumed.has_value(); });
    assert_false(paths::refused(*resumed));
    assert_int_equal(world.group_of("sdd"), 2);
}

void taking_charge_adds_a_path_that_was_enabled_while_it_started(void**) {
    World world;
    world.start();
    world.make(disabled({"sda"})); // the file stays as it is from now on
    world.multipathd->behaves("del path sdd", "hang");
    world.begin(disabled({"sda", "sdd"}));
    world.run([&] { return world.multipathd->deeds().ends_with("del path sdd"); });
    world.multipathd->behaves_well();
    world.multipathd->restart();
    world.systemd->set("activating");
    World::expect(world.wait(), paths::Refusal::TryAgain);
    world.run_dry();
    assert_int_equal(world.group_of("sdd"), 0);
    world.systemd->set("active");
    world.multipathd->forget();
    world.manager->resume(world.asked, world.take());
    assert_false(paths::refused(world.wait()));
    assert_int_equal(world.group_of("sdd"), 2);
    assert_text_equal(world.multipathd->deeds(), "add path sdd");
    // Once is enough.
    world.multipathd->forget();
    world.manager->resume(world.asked, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "");
}

void taking_charge_takes_up_an_override(void**) {
    World world;
    const paths::Intents kept = override_by("sdc");
    world.root.write(our_file, drop_in(kept)->text);
    world.multipathd->restart();
    world.model = world.multipathd->snapshot(2);
    world.start();
    world.manager->resume(kept, world.take());
    assert_false(paths::refused(world.wait()));
    world.run([&] { return world.unit().unit.current_group == 3; });
    assert_text_equal(world.multipathd->deeds(), "switch map mpatha group 3");
}

void io_is_led_to_a_group_by_multipathd(void**) {
    World world;
    world.start();
    world.run_dry(); // it knows that multipathd runs
    bool led = false;
    world.manager->lead(world.unit().unit, 2, [&] { led = true; });
    world.run([&] { return led; });
    assert_text_equal(world.multipathd->deeds(), "switch map mpatha group 2");
    // What it cannot be told by name is not waited for.
    auto unit = world.unit().unit;
    unit.name = "mpatha group 1";
    led = false;
    world.manager->lead(unit, 2, [&] { led = true; });
    assert_true(led);
    assert_text_equal(world.multipathd->deeds(), "switch map mpatha group 2");
}

// Removal

void a_map_is_removed(void**) {
    World world;
    world.start();
    world.manager->remove(world.unit().unit, world.take());
    assert_false(paths::refused(world.wait()));
    assert_text_equal(world.multipathd->deeds(), "del map mpatha");
    assert_true(world.model->units.empty());
}

// udev may be long about its rules: the kernel is asked at once.
void a_map_that_is_said_to_be_removed_is_looked_at(void**) {
    World world;
    world.start();
    const model::Sequence unit = world.unit().unit.id;
    world.multipathd->behaves("del map mpatha", "ok");
    world.manager->remove(world.unit().unit, world.take());
    assert_contains(World::expect(world.wait(), paths::Refusal::TimedOut), "is still there");
    assert_true(world.looked_at.count(unit) == 1);
}

void a_map_in_use_is_not_removed(void**) {
    World world;
    world.start();
    world.multipathd->behaves("del map mpatha", "fail");
    world.manager->remove(world.unit().unit, world.take());
    assert_contains(World::expect(world.wait(), paths::Refusal::TryAgain), "is in use");
}

void a_map_that_multipathd_has_not_is_not_removed(void**) {
    World world;
    world.start();
    model::LogicalUnit unit = world.unit().unit;
    unit.uuid = "CRYPT-x";
    world.manager->remove(unit, world.take());
    World::expect(world.wait(), paths::Refusal::Unsupported);
    unit = world.unit().unit;
    unit.name = "mpatha group 1";
    world.manager->remove(unit, world.take());
    World::expect(world.wait(), paths::Refusal::Unsupported);
    unit = world.unit().unit;
    unit.key = "gone";
    world.manager->remove(unit, world.take());
    World::expect(world.wait(), paths::Refusal::ObjectNotFound);
    assert_text_equal(world.multipathd->deeds(), "");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_is_written_loaded_and_in_the_table),
        cmocka_unit_test(what_the_kernel_adds_to_a_selector_is_no_contradiction),
        cmocka_unit_test(what_is_changed_together_is_one_reconfigure),
        cmocka_unit_test(a_rate_that_was_set_is_shown_while_failback_is_off),
        cmocka_unit_test(a_setting_that_is_taken_back_leaves_the_file_without_it),
        cmocka_unit_test(a_slow_reconfigure_is_waited_for),
        cmocka_unit_test(a_busy_multipathd_is_asked_again),
        cmocka_unit_test(one_that_is_busy_for_ever_ends_it),
        cmocka_unit_test(an_administrators_file_that_wins_is_named_and_ours_is_put_back),
        cmocka_unit_test(a_selector_of_all_units_that_an_administrator_overrides_is_told),
        cmocka_unit_test(a_disk_that_udev_is_stuck_with_does_not_keep_the_file_from_being_put_back),
        cmocka_unit_test(one_that_does_not_load_the_file_ends_it),
        cmocka_unit_test(a_table_that_does_not_follow_ends_it),
        cmocka_unit_test(a_path_is_disabled_in_the_order_that_keeps_it_so),
        cmocka_unit_test(of_a_path_that_is_gone_only_the_record_changes),
        cmocka_unit_test(the_last_paths_of_a_table_are_left),
        cmocka_unit_test(a_path_that_the_configuration_excludes_is_not_enabled),
        cmocka_unit_test(udev_that_fails_puts_the_record_back),
        cmocka_unit_test(a_path_whose_device_is_gone_is_disabled_without_udev),
        cmocka_unit_test(a_record_that_cannot_be_written_changes_nothing),
        cmocka_unit_test(an_override_is_one_group_that_is_in_use),
        cmocka_unit_test(an_override_outlives_reloads_and_the_loss_of_its_path),
        cmocka_unit_test(a_switch_that_does_nothing_is_repeated_with_growing_pauses),
        cmocka_unit_test(an_override_needs_a_path_that_works),
        cmocka_unit_test(a_switch_that_fails_ends_the_override),
        cmocka_unit_test(nothing_is_asked_while_it_does_not_run),
        cmocka_unit_test(one_that_stops_amid_it_ends_it_with_try_again),
        cmocka_unit_test(one_that_stops_before_systemd_tells_is_not_connected_to),
        cmocka_unit_test(one_that_stops_amid_it_before_systemd_tells_is_not_connected_to),
        cmocka_unit_test(one_that_stops_before_the_proof_is_there_is_not_waited_for),
        cmocka_unit_test(one_that_hangs_ends_it_with_few_requests),
        cmocka_unit_test(one_that_closes_the_connection_ends_it),
        cmocka_unit_test(taking_charge_of_what_is_in_force_does_nothing),
        cmocka_unit_test(taking_charge_of_nothing_writes_no_file),
        cmocka_unit_test(taking_charge_makes_true_what_a_killed_daemon_left),
        cmocka_unit_test(taking_charge_has_a_file_loaded_that_was_only_written),
        cmocka_unit_test(taking_charge_undoes_what_nobody_asks_for_any_more),
        cmocka_unit_test(what_is_undone_after_the_end_leaves_the_record_alone),
        cmocka_unit_test(a_path_that_became_the_last_that_works_stays),
        cmocka_unit_test(taking_charge_waits_for_what_is_being_undone),
        cmocka_unit_test(taking_charge_adds_a_path_that_was_enabled_while_it_started),
        cmocka_unit_test(taking_charge_takes_up_an_override),
        cmocka_unit_test(io_is_led_to_a_group_by_multipathd),
        cmocka_unit_test(a_map_is_removed),
        cmocka_unit_test(a_map_that_is_said_to_be_removed_is_looked_at),
        cmocka_unit_test(a_map_in_use_is_not_removed),
        cmocka_unit_test(a_map_that_multipathd_has_not_is_not_removed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
