// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The manager over an embedded SAN that nobody else keeps, with the inventory between them. Unit
// "database" of two-arrays.toml is mpatha: sda (A0) and sdj (A1) in its optimized group, sdf (B0)
// and sdn (B1) in the other.
#pragma once

#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "daemon/inventory/inventory.hpp"
#include "daemon/paths/requests.hpp"
#include "daemon/paths/standalone/standalone.hpp"
#include "daemon/san/san.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>

namespace mpapi::standalone {

using namespace std::chrono_literals;
using paths::Intents;
using paths::Outcome;
using paths::PathName;
using paths::Refusal;
using san::Fault;
using san::Verb;

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
        workers_->close(10s); // what they look at goes next
        manager.reset();
        inventory_.reset();
        san_.reset(); // lets hanging commands go
    }

    std::unique_ptr<Between> hardware;
    std::unique_ptr<Standalone> manager;
    Intents asked;
    std::vector<std::string> notices;
    // Why a device may not carry I/O.
    std::function<Status(const std::string& device)> keeps_out = [](const std::string&) {
        return Done{};
    };

    // As another run of the daemon would, with what was kept.
    void take_charge() {
        show(asked, false);
        manager = std::make_unique<Standalone>(Standalone::Surroundings{
            loop_.get(), *hardware, *workers_, *inventory_,
            [this](model::DeviceNumber number) { return inventory_->map_facts(number); }, 500ms, 2s,
            [this](const std::string& text) { notices.push_back(text); },
            [] { return Standalone::Clock::now(); },
            [this](const paths::Newcomer& newcomer, std::function<void(Status)> then) {
                then(keeps_out(newcomer.device.device));
            }});
        assert_ok(manager->start());
        std::optional<Outcome> outcome;
        show(asked);
        manager->resume(asked, [&](Outcome ended) { outcome = std::move(ended); });
        run_until([&] { return outcome.has_value(); });
        assert_null(paths::refused(*outcome));
        hardware->told.clear();
    }

    // As the change queue does it. "" or the refusal's text.
    // What happens while it is written down what is asked for.
    std::function<void()> meanwhile;
    std::string wish(const std::function<void(Intents&)>& edit) {
        Intents wanted = asked;
        edit(wanted);
        if (const auto refused = manager->check(asked, wanted)) {
            why = refused->why;
            return refused->text;
        }
        wanted = manager->completed(asked, std::move(wanted));
        if (meanwhile) std::exchange(meanwhile, nullptr)();
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
                                   std::make_shared<const Intents>(intents), nullptr);
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

inline std::function<void(Intents&)> disable(const PathName& name) {
    return [name](Intents& intents) { intents.disabled.insert(name); };
}
inline std::function<void(Intents&)> enable(const PathName& name) {
    return [name](Intents& intents) { intents.disabled.erase(name); };
}
inline std::function<void(Intents&)> override_with(const World& world,
                                                   std::optional<PathName> name) {
    return [key = world.unit().unit.key, name](Intents& intents) {
        intents.units[key].override_path = name;
        if (intents.units[key].empty()) intents.units.erase(key);
    };
}

inline Fault disk_added(const std::string& initiator, const std::string& port) {
    Fault fault;
    fault.verb = Verb::DiskAdded;
    fault.unit = "database";
    fault.initiator = initiator;
    fault.port = port;
    return fault;
}

} // namespace mpapi::standalone
