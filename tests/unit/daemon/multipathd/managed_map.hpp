// SPDX-License-Identifier: LGPL-2.1-or-later
//
// multipathd, systemd, udev and the kernel are played; bus, socket and files are real.
#pragma once

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

namespace mpapi::multipathd {

using namespace std::chrono_literals;

inline const std::string our_file = std::string(drop_in_path).substr(1);

// The manager of one map, and all that it asks and is told by.
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

inline paths::Intents selector(const char* text) {
    paths::Intents wanted;
    wanted.units[map_wwid].settings.selector = text;
    return wanted;
}

inline paths::Intents disabled(std::initializer_list<const char*> devices) {
    paths::Intents wanted;
    for (const char* device : devices)
        wanted.disabled.insert(name_of(device));
    return wanted;
}

inline paths::Intents override_by(const char* device) {
    paths::Intents wanted;
    wanted.units[map_wwid].override_path = name_of(device);
    return wanted;
}

} // namespace mpapi::multipathd
