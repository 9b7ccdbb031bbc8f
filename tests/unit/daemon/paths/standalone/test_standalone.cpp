// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The manager over an embedded SAN that nobody else keeps, with the inventory between them. Unit
// "database" of two-arrays.toml is mpatha: sda (A0) and sdj (A1) in its optimized group, sdf (B0)
// and sdn (B1) in the other.
#include "daemon/paths/standalone/standalone.hpp"

#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "daemon/inventory/inventory.hpp"
#include "daemon/paths/requests.hpp"
#include "daemon/san/san.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <random>

using namespace mpapi;
using namespace mpapi::standalone;
using namespace std::chrono_literals;
using paths::Intents;
using paths::Outcome;
using paths::PathName;
using paths::Refusal;
using san::Fault;
using san::Verb;

namespace {

// Passes everything on, tells what, and refuses or swallows what a test wants.
class Between final : public daemon::Hardware {
  public:
    explicit Between(san::San& san)
      : san_(san) {}

    std::vector<std::string> told;
    std::function<bool(const std::string&)> refuses = [](const std::string&) { return false; };
    std::function<bool(const std::string&)> swallows = [](const std::string&) { return false; };
    std::optional<std::string> instead; // the next table is this one, whatever is said

    Status start(sd_event* loop, daemon::HardwareObserver& observer) override {
        loop_ = loop;
        return san_.start(loop, observer);
    }
    Result<std::unique_ptr<daemon::ScsiDevice>> open(const std::string& device,
                                                     model::DeviceNumber number) override {
        return san_.open(device, number);
    }
    void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) override {
        san_.settle(timeout, std::move(done));
    }
    void look_again(const std::vector<std::string>& disks,
                    const std::vector<model::DeviceNumber>& maps) override {
        san_.look_again(disks, maps);
    }
    model::Plugin describe() override { return san_.describe(); }
    void send_message(const daemon::MapRef& map, const std::string& message, Ended ended) override {
        pass(map.name + " " + message, std::move(ended),
             [&](Ended on) { san_.send_message(map, message, std::move(on)); });
    }
    void load_table(const daemon::MapRef& map, const std::string& table, Ended ended) override {
        pass(map.name + " load " + table, std::move(ended), [&](Ended on) {
            san_.load_table(map, std::exchange(instead, std::nullopt).value_or(table),
                            std::move(on));
        });
    }
    void remove_map(const daemon::MapRef& map, Ended ended) override {
        pass(map.name + " remove", std::move(ended),
             [&](Ended on) { san_.remove_map(map, std::move(on)); });
    }
    void clear_inactive_table(const daemon::MapRef& map, Ended ended) override {
        pass(map.name + " clear", std::move(ended),
             [&](Ended on) { san_.clear_inactive_table(map, std::move(on)); });
    }

  private:
    template <typename Pass>
    void pass(const std::string& what, Ended ended, Pass on) {
        told.push_back(what);
        const bool refused = refuses(what);
        if (!refused && !swallows(what)) return on(std::move(ended));
        later_.push_back([ended = std::move(ended), refused] {
            ended(refused ? Status(Error{"change", "map", "refused by the test", EINVAL})
                          : Status(Done{}));
        });
        sd_event_source* source = nullptr;
        const auto tell = [](sd_event_source*, void* self) {
            auto& waiting = static_cast<Between*>(self)->later_;
            const auto next = std::move(waiting.front());
            waiting.pop_front();
            next();
            return 0;
        };
        assert_true(sd_event_add_defer(loop_, &source, tell, this) >= 0);
        sources_.emplace_back(source);
    }

    san::San& san_;
    sd_event* loop_ = nullptr;
    std::deque<std::function<void()>> later_;
    std::deque<EventSource> sources_;
};

class World final : public daemon::ModelListener {
  public:
    explicit World(bool probing = false) {
        sd_event* raw = nullptr;
        assert_int_equal(sd_event_new(&raw), 0);
        loop_.reset(raw);
        auto description =
            san::load_description(MPAPI_SOURCE_ROOT "/daemon/san/examples/two-arrays.toml");
        assert_ok(description);
        description->machine.multipathd = false;
        auto made = san::San::make(std::move(*description));
        assert_ok(made);
        san_ = std::move(*made);
        hardware = std::make_unique<Between>(*san_);
        config_.commands.timeout = 500ms;
        config_.startup.verify = 20s;
        auto workers = daemon::Workers::create(raw, config_.commands);
        assert_ok(workers);
        workers_ = std::move(*workers);
        inventory_ = std::make_unique<daemon::Inventory>(raw, *hardware, *workers_, ids_, policy_,
                                                         config_, 1);
        bool ready = false;
        assert_ok(
            inventory_->start([&] { ready = true; },
                              [](const Error& error) { fail_msg("%s", error.message().c_str()); }));
        run_until([&] { return ready; });
        inventory_->add_listener(*this);
        // Unless a test is about them.
        asked.everywhere.auto_probing = probing;
        asked.everywhere.auto_failback = false;
        take_charge();
    }
    ~World() {
        show(asked, false);
        manager.reset();
        workers_->close(0ms);
        inventory_.reset();
        san_.reset(); // lets hanging commands go
    }

    std::unique_ptr<Between> hardware;
    std::unique_ptr<Standalone> manager;
    Intents asked;
    std::vector<std::string> notices;

    // As another run of the daemon would, with what was kept.
    void take_charge() {
        show(asked, false);
        manager = std::make_unique<Standalone>(Standalone::Surroundings{
            loop_.get(), *hardware, *workers_, *inventory_,
            [this](model::DeviceNumber number) { return inventory_->map_facts(number); }, 500ms, 2s,
            [this](const std::string& text) { notices.push_back(text); },
            [] { return Standalone::Clock::now(); }});
        assert_ok(manager->start());
        std::optional<Outcome> outcome;
        show(asked);
        manager->resume(asked, [&](Outcome ended) { outcome = std::move(ended); });
        run_until([&] { return outcome.has_value(); });
        assert_null(paths::refused(*outcome));
        hardware->told.clear();
    }

    // As the change queue does it. "" or the refusal's text.
    std::string wish(const std::function<void(Intents&)>& edit) {
        Intents wanted = asked;
        edit(wanted);
        if (const auto refused = manager->check(asked, wanted)) {
            why = refused->why;
            return refused->text;
        }
        wanted = manager->completed(asked, std::move(wanted));
        Intents shown = asked;
        shown.disabled.insert(wanted.disabled.begin(), wanted.disabled.end());
        show(shown);
        std::optional<Outcome> outcome;
        manager->pursue(asked, wanted, [&](Outcome ended) { outcome = std::move(ended); });
        assert_false(outcome.has_value()); // later, from the loop
        run_until([&] { return outcome.has_value(); });
        const auto* refused = paths::refused(*outcome);
        if (!refused) asked = std::move(wanted);
        show(asked);
        settle();
        if (!refused) return "";
        why = refused->why;
        return refused->text;
    }
    Refusal why = Refusal::Failed;

    void happens(const Fault& fault) { assert_ok(san_->apply(fault)); }
    void happens(Verb verb, const std::string& disk) {
        Fault fault;
        fault.verb = verb;
        fault.disk = disk;
        happens(fault);
    }

    template <typename Condition>
    void run_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline)
                fail_msg("not within 20 s; told: %s; map: %s", told().c_str(),
                         table("mpatha").c_str());
            sd_event_run(loop_.get(), 100'000);
        }
    }
    void settle() {
        bool settled = false;
        inventory_->settle(20s, [&](const Status& status) {
            assert_ok(status);
            settled = true;
        });
        run_until([&] { return settled; });
    }

    const model::Snapshot& model() const { return *inventory_->snapshot(); }
    const model::Unit& unit(const std::string& name = "mpatha") const {
        const model::Unit* found = nullptr;
        model().units.for_each([&](const model::Unit& each) {
            if (each.unit.name == name) found = &each;
        });
        if (!found) fail_msg("no unit %s", name.c_str());
        return *found;
    }
    const model::Path* find(const std::string& device) const {
        const model::Path* found = nullptr;
        model().units.for_each([&](const model::Unit& each) {
            for (const auto& path : each.paths)
                if (path.device == device) found = &path;
        });
        return found;
    }
    PathName name(const std::string& device, const std::string& map = "mpatha") const {
        const model::Path* path = find(device);
        assert_non_null(path);
        const auto found = paths::path_name(model(), unit(map), *path);
        assert_true(found.has_value());
        return *found;
    }

    // "sda sdj* | sdf sdn": groups of the table, * for what is failed.
    std::string table(const std::string& map) const {
        const auto* facts = inventory_->map_facts(unit(map).unit.number);
        assert_non_null(facts);
        const auto status = dm::parse_multipath_status(facts->status);
        assert_ok(status);
        std::string text;
        for (const auto& group : status->groups) {
            if (!text.empty()) text += "| ";
            for (const auto& path : group.paths) {
                std::string device = path.device;
                for (const auto& each : unit(map).paths)
                    if ("8:" + std::to_string(each.number.minor) == path.device)
                        device = each.device;
                text += device + (path.state == dm::PathState::Failed ? "* " : " ");
            }
        }
        if (!text.empty()) text.pop_back();
        return text;
    }
    std::string raw_table(const std::string& map = "mpatha") const {
        return inventory_->map_facts(unit(map).unit.number)->table;
    }
    // What the hardware was told since the last call, the texts of tables left out.
    std::string told() {
        std::string all;
        for (const std::string& line : hardware->told) {
            const auto load = line.find(" load ");
            all += (all.empty() ? "" : ", ") +
                   (load == std::string::npos ? line : line.substr(0, load + 5));
        }
        hardware->told.clear();
        return all;
    }
    Standalone::Clock::time_point clock() const { return Standalone::Clock::now(); }

  private:
    void show(const Intents& intents, bool managed = true) {
        inventory_->set_management(managed ? manager.get() : nullptr,
                                   std::make_shared<const Intents>(intents));
    }
    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point cause) override {
        if (manager) manager->model_changed(before, after, events, cause);
    }

    EventLoop loop_;
    daemon::Config config_;
    daemon::TablePolicy policy_;
    daemon::ObjectIds ids_;
    std::unique_ptr<san::San> san_;
    std::unique_ptr<daemon::Workers> workers_;
    std::unique_ptr<daemon::Inventory> inventory_;
};

std::function<void(Intents&)> disable(const PathName& name) {
    return [name](Intents& intents) { intents.disabled.insert(name); };
}
std::function<void(Intents&)> enable(const PathName& name) {
    return [name](Intents& intents) { intents.disabled.erase(name); };
}
std::function<void(Intents&)> override_with(const World& world, std::optional<PathName> name) {
    return [key = world.unit().unit.key, name](Intents& intents) {
        intents.units[key].override_path = name;
        if (intents.units[key].empty()) intents.units.erase(key);
    };
}

void taking_charge_touches_no_table(void**) {
    World world;
    world.asked = Intents();
    world.hardware->told.clear();
    world.take_charge();
    world.settle();
    assert_text_equal(world.told(), "");
    assert_text_equal(world.table("mpatha"), "sda sdj | sdf sdn");
}

void a_disabled_path_leaves_its_table_and_comes_back_to_its_place(void**) {
    World world;
    const auto before = world.raw_table();
    const auto name = world.name("sda");
    assert_text_equal(world.wish(disable(name)), "");
    assert_text_equal(world.told(), "mpatha load");
    assert_text_equal(world.table("mpatha"), "sdj | sdf sdn");
    const model::Path* path = world.find("sda");
    assert_non_null(path);
    assert_true(path->disabled && path->priority_group == 0);
    // Once more is nothing to do.
    assert_text_equal(world.wish(disable(name)), "");
    assert_text_equal(world.told(), "");
    assert_text_equal(world.wish(enable(name)), "");
    assert_text_equal(world.raw_table(), before);
    assert_false(world.find("sda")->disabled);
}

void the_last_usable_path_is_not_disabled(void**) {
    World world;
    for (const char* device : {"sda", "sdf", "sdn"})
        assert_text_equal(world.wish(disable(world.name(device))), "");
    world.told();
    assert_contains(world.wish(disable(world.name("sdj"))), "last path");
    assert_true(world.why == Refusal::NotPermitted);
    assert_text_equal(world.told(), "");
    assert_text_equal(world.table("mpatha"), "sdj");
}

void nor_is_the_last_one_that_works(void**) {
    World world;
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    for (const char* device : {"8:80", "8:208", "8:144"})
        world.hardware->send_message(map, std::string("fail_path ") + device, [](const Status&) {});
    world.settle();
    assert_contains(world.wish(disable(world.name("sda"))), "last path");
    assert_text_equal(world.wish(disable(world.name("sdf"))), "");
    assert_text_equal(world.table("mpatha"), "sda sdj* | sdn*");
}

void a_disabled_path_is_not_asked_for_anything(void**) {
    World world;
    assert_text_equal(world.wish(disable(world.name("sdj"))), "");
    world.happens(Verb::PathLost, "sdj");
    assert_text_equal(world.wish(override_with(world, world.name("sda"))), "");
    // It cannot say who it is: not now.
    assert_contains(world.wish(enable(world.name("sdj"))), "sdj");
    assert_true(world.why == Refusal::TryAgain);
    world.happens(Verb::PathRestored, "sdj");
    assert_text_equal(world.wish(enable(world.name("sdj"))), "");
    assert_text_equal(world.table("mpatha"), "sda | sdj | sdf sdn");
}

void what_was_failed_is_failed_again(void**) {
    World world;
    world.hardware->send_message({world.unit().unit.number, "mpatha", world.unit().unit.uuid},
                                 "fail_path 8:80", [](const Status&) {});
    world.settle();
    world.told();
    assert_text_equal(world.wish(disable(world.name("sda"))), "");
    assert_text_equal(world.told(), "mpatha load, mpatha fail_path 8:80");
    assert_text_equal(world.table("mpatha"), "sdj | sdf* sdn");
}

void all_io_goes_through_the_override_path_and_back(void**) {
    World world;
    const auto before = world.raw_table();
    assert_text_equal(world.wish(override_with(world, world.name("sdn"))), "");
    assert_text_equal(world.table("mpatha"), "sdn | sda sdj | sdf");
    assert_int_equal(world.unit().unit.current_group, 1);
    // Another one at once.
    assert_text_equal(world.wish(override_with(world, world.name("sda"))), "");
    assert_text_equal(world.table("mpatha"), "sda | sdj | sdf sdn");
    assert_text_equal(world.wish(override_with(world, std::nullopt)), "");
    assert_text_equal(world.raw_table(), before);
    assert_true(world.unit().unit.override_path == 0);
    // The groups are kept one change longer, for who is killed in between.
    assert_int_equal(world.asked.units.size(), 1);
    assert_text_equal(world.wish([](Intents& intents) { intents.everywhere.probing_rate = 7; }),
                      "");
    assert_true(world.asked.units.empty());
}

void a_failed_override_path_is_gone_back_to(void**) {
    World world;
    assert_text_equal(world.wish(override_with(world, world.name("sdn"))), "");
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    world.hardware->send_message(map, "fail_path 8:208", [](const Status&) {});
    world.run_until([&] { return world.unit().unit.current_group == 2; });
    world.told();
    world.hardware->send_message(map, "reinstate_path 8:208", [](const Status&) {});
    world.run_until([&] { return world.unit().unit.current_group == 1; });
    assert_text_equal(world.told(), "mpatha reinstate_path 8:208, mpatha switch_group 1");
}

void an_override_path_that_does_not_work_is_refused(void**) {
    World world;
    const auto name = world.name("sdn");
    world.hardware->send_message({world.unit().unit.number, "mpatha", world.unit().unit.uuid},
                                 "fail_path 8:208", [](const Status&) {});
    world.settle();
    assert_contains(world.wish(override_with(world, name)), "sdn");
    assert_true(world.why == Refusal::PathNonoperational);
}

void weights_arrange_the_groups(void**) {
    World world;
    const auto before = world.raw_table();
    const auto name = world.name("sdj");
    const auto weigh = [&](std::uint32_t weight) {
        return [&world, name, weight](Intents& intents) {
            auto& unit = intents.units[world.unit().unit.key];
            if (weight == 1)
                unit.weights.erase(name);
            else
                unit.weights[name] = weight;
        };
    };
    assert_text_equal(world.wish(weigh(10)), "");
    assert_text_equal(world.table("mpatha"), "sdj | sda | sdf sdn");
    assert_int_equal(world.find("sdj")->weight, 10);
    assert_contains(world.wish(weigh(256)), "256");
    assert_true(world.why == Refusal::InvalidWeight);
    assert_text_equal(world.wish(weigh(1)), "");
    assert_text_equal(world.raw_table(), before);
}

void the_selector_of_one_unit_and_of_all(void**) {
    World world;
    const auto set = [&](const std::string& selector) {
        return [&world, selector](Intents& intents) {
            intents.units[world.unit().unit.key].settings.selector = selector;
        };
    };
    assert_text_equal(world.wish(set("queue-length 0")), "");
    assert_text_equal(world.unit().unit.selector, "queue-length");
    assert_text_equal(world.told(), "mpatha load");
    for (const auto& [selector, why] : {std::pair("nonsense 0", Refusal::InvalidParameter),
                                        std::pair("io-affinity 0", Refusal::Unsupported),
                                        std::pair("round-robin 1 7", Refusal::InvalidParameter),
                                        std::pair("queue-length 2 1", Refusal::InvalidParameter)}) {
        assert_true(!world.wish(set(selector)).empty());
        assert_true(world.why == why);
    }
    assert_text_equal(world.told(), "");
    assert_text_equal(
        world.wish([](Intents& intents) { intents.everywhere.selector = "round-robin 0"; }), "");
    assert_text_equal(world.unit().unit.selector, "queue-length");
    assert_text_equal(world.unit("mpathd").unit.selector, "round-robin");
    assert_text_equal(world.manager->default_selector(), "round-robin 0");
}

// Of three maps the second takes no table: the first gets its old one back, the third keeps it.
void what_cannot_be_had_whole_is_taken_back_whole(void**) {
    World world;
    std::map<std::string, std::string> before;
    world.model().units.for_each(
        [&](const model::Unit& unit) { before[unit.unit.name] = world.raw_table(unit.unit.name); });
    std::size_t loads = 0;
    world.hardware->refuses = [&loads](const std::string& what) {
        return what.find(" load ") != std::string::npos && ++loads == 3;
    };
    const auto refused = world.wish(
        [](Intents& intents) { intents.everywhere.selector = "historical-service-time 0"; });
    assert_contains(refused, "refused by the test");
    assert_int_equal(loads, 5); // three forward, two back
    for (const auto& [name, table] : before)
        assert_text_equal(world.raw_table(name), table);
    assert_text_equal(world.manager->default_selector(), "");
}

void a_kernel_that_does_not_do_what_it_says_is_found_out(void**) {
    World world;
    const auto before = world.raw_table();
    assert_text_equal(world.wish(disable(world.name("sdf"))), "");
    world.hardware->instead = world.raw_table();
    assert_contains(world.wish(enable(world.name("sdf"))), "does not show it");
    assert_true(world.why == Refusal::TimedOut);
    assert_text_equal(world.table("mpatha"), "sda sdj | sdn");
    // Another one than was asked for is not left in force either.
    assert_text_equal(world.wish(enable(world.name("sdf"))), "");
    world.hardware->instead = "0 1 alua 1 1 service-time 0 1 1 8:80 1 ";
    assert_contains(world.wish(disable(world.name("sda"))), "does not show it");
    assert_text_equal(world.raw_table(), before);
}

void half_of_many_is_left_to_who_comes_after(void**) {
    World world;
    world.hardware->refuses = [&world](const std::string& what) {
        if (what.find(" load ") != std::string::npos) world.manager->retire();
        return false;
    };
    bool ended = false;
    Intents wanted = world.asked;
    wanted.everywhere.selector = "historical-service-time 0";
    world.manager->pursue(world.asked, wanted, [&](const Outcome&) { ended = true; });
    world.run_until([&] { return !world.hardware->told.empty(); });
    world.settle();
    world.settle();
    assert_int_equal(world.hardware->told.size(), 1);
    assert_false(ended);
}

void a_suspended_map_is_not_waited_for(void**) {
    World world;
    Fault fault;
    fault.verb = Verb::MapSuspended;
    fault.map = "mpatha";
    world.happens(fault);
    world.settle();
    assert_contains(world.wish(disable(world.name("sda"))), "suspended");
    assert_true(world.why == Refusal::TryAgain);
}

Fault disk_added(const std::string& initiator, const std::string& port) {
    Fault fault;
    fault.verb = Verb::DiskAdded;
    fault.unit = "database";
    fault.initiator = initiator;
    fault.port = port;
    return fault;
}

void a_lost_path_that_comes_back_takes_its_place(void**) {
    World world;
    const auto name = world.name("sdj");
    const auto id = world.find("sdj")->id;
    const auto number = world.find("sdj")->number;
    // The kernel gives no number twice that a table still names; the SAN gives the lowest.
    assert_int_equal(world.model().disks.size(), 1);
    world.happens(Verb::DiskRemoved, world.model().disks.begin()->device);
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    assert_true(world.find("sdj")->state == model::PathState::Removed);
    assert_text_equal(world.told(), "");
    world.happens(disk_added("fc-b", "A1"));
    world.run_until([&] {
        const model::Path* path = world.unit().path(id);
        return path && path->state == model::PathState::Okay;
    });
    assert_text_equal(world.told(), "mpatha load");
    const model::Path* path = world.unit().path(id);
    assert_true(path->number != number);
    assert_int_equal(path->priority_group, 1);
    assert_text_equal(world.table("mpatha"), "sda " + path->device + " | sdf sdn");
    assert_true(world.name(path->device) == name);
}

// The tables of the SAN cannot be loaded with a device that is gone: the map does without until it
// is back, and then it stands where it stood.
void a_table_that_the_kernel_refuses_for_a_device_that_is_gone_does_without_it(void**) {
    World world;
    const auto id = world.find("sdf")->id;
    assert_text_equal(world.wish(override_with(world, world.name("sda"))), "");
    world.happens(Verb::DiskRemoved, "sdf");
    world.settle();
    world.told();
    assert_text_equal(world.wish(override_with(world, std::nullopt)), "");
    assert_text_equal(world.told(), "mpatha load, mpatha load");
    assert_text_equal(world.table("mpatha"), "sda sdj | sdn");
    world.happens(disk_added("fc-a", "B0"));
    world.run_until([&] { return world.unit().path(id) != nullptr; });
    assert_text_equal(world.table("mpatha"), "sda sdj | " + world.unit().path(id)->device + " sdn");
}

void a_disabled_path_stays_out_when_its_device_comes_back(void**) {
    World world;
    const auto name = world.name("sdj");
    assert_text_equal(world.wish(disable(name)), "");
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    world.told();
    world.happens(disk_added("fc-b", "A1"));
    world.settle();
    world.settle();
    assert_text_equal(world.told(), "");
    assert_text_equal(world.table("mpatha"), "sda | sdf sdn");
    // Enabled, it is back where it was.
    assert_text_equal(world.wish(enable(name)), "");
    const auto text = world.table("mpatha");
    assert_contains(text, "sda sd");
    assert_contains(text, " | sdf sdn");
}

void a_path_of_another_size_is_not_let_in(void**) {
    World world;
    world.happens(Verb::DiskRemoved, "sdj");
    world.settle();
    world.told();
    Fault fault;
    fault.verb = Verb::SizeChanged;
    fault.unit = "database";
    fault.size = std::uint64_t{300} << 30;
    world.happens(fault);
    world.happens(Verb::DiskRemoved, world.model().disks.begin()->device);
    world.happens(disk_added("fc-b", "A1"));
    world.run_until([&] {
        return std::any_of(world.model().disks.begin(), world.model().disks.end(), [&](auto& disk) {
            return disk.unit_name == world.unit().unit.unit_name;
        });
    });
    world.settle();
    world.settle();
    assert_text_equal(world.told(), "");
}

void a_path_that_leads_elsewhere_by_now_is_not_let_in(void**) {
    World world;
    const auto name = world.name("sdj");
    assert_text_equal(world.wish(disable(name)), "");
    Fault fault;
    fault.verb = Verb::PathReused;
    fault.disk = "sdj";
    fault.designator = {san::DesignatorKind::Eui64,
                        std::string("\x01\x02\x03\x04\x05\x06\x07\x08")};
    fault.serial = "X";
    fault.announced = false;
    world.happens(fault);
    const auto refused = world.wish(enable(name));
    assert_contains(refused, "it leads to");
    assert_true(world.why == Refusal::Failed);
    assert_text_equal(world.table("mpatha"), "sda | sdf sdn");
}

void who_takes_over_makes_what_was_kept_true(void**) {
    World world;
    const auto before = world.raw_table();
    const auto name = world.name("sda");
    // Killed after it was written down, before anything was done.
    world.asked = world.manager->completed(world.asked, [&] {
        Intents wanted = world.asked;
        wanted.disabled.insert(name);
        wanted.units[world.unit().unit.key].override_path = world.name("sdn");
        return wanted;
    }());
    world.take_charge();
    assert_text_equal(world.table("mpatha"), "sdn | sdj | sdf");
    // Killed after the table was loaded: there is nothing left to do.
    world.take_charge();
    assert_text_equal(world.told(), "");
    // Killed after cancelling was written down.
    Intents wanted = world.asked;
    wanted.disabled.clear();
    wanted.units[world.unit().unit.key].override_path.reset();
    world.asked = world.manager->completed(world.asked, wanted);
    world.take_charge();
    world.settle();
    assert_text_equal(world.raw_table(), before);
}

void inactive_tables_are_cleared_by_who_takes_over(void**) {
    World world;
    std::size_t cleared = 0;
    world.hardware->refuses = [&cleared](const std::string& what) {
        cleared += what.find(" clear") != std::string::npos;
        return false;
    };
    world.take_charge();
    assert_int_equal(cleared, world.model().units.size());
}

void a_table_that_somebody_else_loads_is_put_right(void**) {
    World world;
    const auto before = world.raw_table();
    assert_text_equal(world.wish(disable(world.name("sda"))), "");
    world.hardware->load_table({world.unit().unit.number, "mpatha", world.unit().unit.uuid}, before,
                               [](const Status&) {});
    world.run_until([&] { return world.table("mpatha") == "sda sdj | sdf sdn"; });
    world.run_until([&] { return world.table("mpatha") == "sdj | sdf sdn"; });
}

void who_is_not_in_charge_any_more_changes_nothing(void**) {
    World world(true);
    world.asked.everywhere.probing_rate = 1;
    world.asked.everywhere.auto_failback.reset();
    world.asked.disabled.insert(world.name("sda"));
    world.asked = world.manager->completed(Intents(), world.asked);
    world.take_charge();
    assert_text_equal(world.table("mpatha"), "sdj | sdf sdn");
    bool ended = false;
    world.manager->pursue(world.asked, Intents(), [&](const Outcome&) { ended = true; });
    world.manager->retire();
    assert_false(world.manager->next().has_value());
    world.happens(Verb::PathLost, "sdj");
    const daemon::MapRef map{world.unit().unit.number, "mpatha", world.unit().unit.uuid};
    world.hardware->send_message(map, "fail_path 8:80", [](const Status&) {});
    world.run_until([&] { return world.table("mpatha") == "sdj | sdf* sdn"; });
    world.settle();
    assert_text_equal(world.told(), "mpatha fail_path 8:80");
    assert_false(ended);
    // In charge again it makes up for it.
    world.take_charge();
    world.run_until([&] { return world.table("mpatha") == "sdj* | sdf sdn"; });
}

void paths_are_probed_failed_and_reinstated(void**) {
    World world(true);
    assert_text_equal(world.wish([](Intents& intents) {
        intents.everywhere.probing_rate = 1;
        intents.everywhere.auto_failback = true;
    }),
                      "");
    world.happens(Verb::PathLost, "sda");
    world.happens(Verb::PathLost, "sdj");
    world.run_until([&] { return world.table("mpatha") == "sda* sdj* | sdf sdn"; });
    world.happens(Verb::PathRestored, "sda");
    world.happens(Verb::PathRestored, "sdj");
    world.run_until([&] { return world.table("mpatha") == "sda sdj | sdf sdn"; });
    world.run_until([&] { return world.unit().unit.current_group == 1; });
}

void a_unit_is_removed_unless_it_is_in_use(void**) {
    World world;
    const auto remove = [&](const std::string& name) {
        std::optional<Outcome> outcome;
        world.manager->remove(world.unit(name).unit,
                              [&](Outcome ended) { outcome = std::move(ended); });
        world.run_until([&] { return outcome.has_value(); });
        const auto* refused = paths::refused(*outcome);
        return refused ? refused->text : std::string();
    };
    Fault fault;
    fault.verb = Verb::MapHeld;
    fault.map = "mpatha";
    world.happens(fault);
    assert_contains(remove("mpatha"), "in use");
    const auto count = world.model().units.size();
    assert_text_equal(remove("mpathb"), "");
    assert_int_equal(world.model().units.size(), count - 1);
}

void what_is_in_force_is_told(void**) {
    World world;
    world.asked = Intents();
    world.take_charge();
    const auto plain = world.manager->upkeep(nullptr);
    assert_true(plain.auto_failback == model::Switch::On && plain.failback_rate == 0);
    assert_true(plain.auto_probing == model::Switch::On && plain.probing_rate == 5);
    const auto key = world.unit().unit.key;
    assert_text_equal(world.wish([&](Intents& intents) {
        intents.everywhere.failback_rate = 60;
        intents.units[key].settings.auto_failback = false;
        intents.units[key].settings.probing_rate = 20;
    }),
                      "");
    const auto own = world.manager->upkeep(&world.unit().unit);
    assert_true(own.auto_failback == model::Switch::Off && own.failback_rate == 60);
    assert_true(own.auto_probing == model::Switch::On && own.probing_rate == 20);
    assert_contains(world.wish([](Intents& intents) { intents.everywhere.probing_rate = 3601; }),
                    "3601");
    assert_true(world.why == Refusal::InvalidParameter);
}

struct Nexus {
    const char* initiator;
    const char* port;
};
constexpr Nexus kNexuses[] = {{"fc-a", "A0"}, {"fc-b", "A1"}, {"fc-a", "B0"}, {"fc-b", "B1"}};

// "50060e8012345600 50060e8012345601 | ...": the table by target ports, which stay the same.
std::string ports(const World& world) {
    const auto table = dm::parse_multipath_table(world.raw_table());
    assert_ok(table);
    std::string text;
    for (const auto& group : table->groups) {
        text += text.empty() ? "" : "| ";
        for (const auto& in_table : group.paths)
            for (const auto& path : world.unit().paths)
                if (path.number.minor == in_table.number()->minor)
                    text +=
                        model::find(world.model().target_ports, path.target_port)->port_id + " ";
    }
    return text;
}

// Wishes, faults and a daemon that is killed in between, in any order: no disabled path is in the
// table, each other one is, once; nobody is told one thing and gets another; and when nothing is
// asked any more all is as it was.
void any_story_ends_as_it_began(void**) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        World world;
        std::mt19937 engine(seed);
        const auto below = [&](std::size_t limit) {
            return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine);
        };
        const std::string begin = ports(world);
        std::vector<PathName> names;
        for (const char* device : {"sda", "sdj", "sdf", "sdn"})
            names.push_back(world.name(device));
        const auto key = world.unit().unit.key;
        const auto device_of = [&](const PathName& name) -> std::string {
            for (const auto& path : world.unit().paths)
                if (paths::path_name(world.model(), world.unit(), path) == name) return path.device;
            return "";
        };
        std::set<std::size_t> removed;
        const auto come_back = [&](std::size_t i) {
            auto fault = disk_added(kNexuses[i].initiator, kNexuses[i].port);
            world.happens(fault);
            removed.erase(i);
            world.run_until([&] {
                const bool disabled = world.asked.disabled.count(names[i]) != 0;
                for (const auto& path : world.unit().paths)
                    if (paths::path_name(world.model(), world.unit(), path) == names[i] &&
                        path.state == model::PathState::Okay)
                        return disabled || path.priority_group != 0;
                return false;
            });
        };
        for (int step = 0; step < 60; ++step) {
            const std::size_t i = below(names.size());
            const std::string before = ports(world);
            std::string refused;
            switch (below(9)) {
            case 0:
            case 1:
                refused = world.wish(disable(names[i]));
                break;
            case 2:
                refused = world.wish(enable(names[i]));
                break;
            case 3:
                refused = world.wish(override_with(world, names[i]));
                break;
            case 4:
                refused = world.wish(override_with(world, std::nullopt));
                break;
            case 5:
                refused = world.wish([&](Intents& intents) {
                    auto& weights = intents.units[key].weights;
                    weights[names[i]] = static_cast<std::uint32_t>(2 + below(3));
                });
                break;
            case 6:
                refused = world.wish([&](Intents& intents) {
                    intents.units[key].settings.selector =
                        below(2) == 0 ? "queue-length 0" : "service-time 0";
                });
                break;
            case 7:
                if (!removed.empty()) {
                    come_back(*removed.begin());
                } else if (const auto device = device_of(names[i]); !device.empty()) {
                    world.happens(Verb::DiskRemoved, device);
                    removed.insert(i);
                    world.settle();
                }
                continue;
            case 8:
                world.take_charge();
                continue;
            }
            if (!refused.empty()) assert_text_equal(ports(world), before);
            assert_false(world.unit().unit.suspended);
            std::size_t in_table = 0;
            for (const auto& path : world.unit().paths) {
                const auto name = paths::path_name(world.model(), world.unit(), path);
                assert_true(name.has_value());
                const bool disabled = world.asked.disabled.count(*name) != 0;
                if (disabled) assert_int_equal(path.priority_group, 0);
                in_table += path.priority_group != 0;
            }
            assert_true(in_table <= names.size() - world.asked.disabled.size());
            assert_true(in_table + removed.size() >= names.size() - world.asked.disabled.size());
        }
        while (!removed.empty())
            come_back(*removed.begin());
        assert_text_equal(world.wish([&](Intents& intents) {
            intents.disabled.clear();
            intents.units[key].override_path.reset();
            intents.units[key].weights.clear();
        }),
                          "");
        if (ports(world) != begin)
            fail_msg("seed %u: began with %s, ended with %s", seed, begin.c_str(),
                     ports(world).c_str());
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(taking_charge_touches_no_table),
        cmocka_unit_test(a_disabled_path_leaves_its_table_and_comes_back_to_its_place),
        cmocka_unit_test(the_last_usable_path_is_not_disabled),
        cmocka_unit_test(nor_is_the_last_one_that_works),
        cmocka_unit_test(a_disabled_path_is_not_asked_for_anything),
        cmocka_unit_test(what_was_failed_is_failed_again),
        cmocka_unit_test(all_io_goes_through_the_override_path_and_back),
        cmocka_unit_test(a_failed_override_path_is_gone_back_to),
        cmocka_unit_test(an_override_path_that_does_not_work_is_refused),
        cmocka_unit_test(weights_arrange_the_groups),
        cmocka_unit_test(the_selector_of_one_unit_and_of_all),
        cmocka_unit_test(what_cannot_be_had_whole_is_taken_back_whole),
        cmocka_unit_test(a_kernel_that_does_not_do_what_it_says_is_found_out),
        cmocka_unit_test(half_of_many_is_left_to_who_comes_after),
        cmocka_unit_test(a_suspended_map_is_not_waited_for),
        cmocka_unit_test(a_lost_path_that_comes_back_takes_its_place),
        cmocka_unit_test(a_table_that_the_kernel_refuses_for_a_device_that_is_gone_does_without_it),
        cmocka_unit_test(a_disabled_path_stays_out_when_its_device_comes_back),
        cmocka_unit_test(a_path_of_another_size_is_not_let_in),
        cmocka_unit_test(a_path_that_leads_elsewhere_by_now_is_not_let_in),
        cmocka_unit_test(who_takes_over_makes_what_was_kept_true),
        cmocka_unit_test(inactive_tables_are_cleared_by_who_takes_over),
        cmocka_unit_test(a_table_that_somebody_else_loads_is_put_right),
        cmocka_unit_test(who_is_not_in_charge_any_more_changes_nothing),
        cmocka_unit_test(paths_are_probed_failed_and_reinstated),
        cmocka_unit_test(a_unit_is_removed_unless_it_is_in_use),
        cmocka_unit_test(what_is_in_force_is_told),
        cmocka_unit_test(any_story_ends_as_it_began),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
