// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A whole daemon but for the bus, over an embedded SAN, so that a test reads as a story: something
// happens to the SAN, and the model says so, once.
#pragma once

#include "common/model/names.hpp"
#include "common/system/handle.hpp"
#include "daemon/inventory/inventory.hpp"
#include "daemon/san/san.hpp"
#include "tests/unit/cmocka.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

namespace mpapi::daemon {

// Writes each event as a line: "path sda: state okay -> path-error". Values that are of no interest
// to a story (times, counters of events) are left out.
class Narrator final : public ModelListener {
  public:
    std::vector<std::string> lines;

    void model_changed(const model::SnapshotPtr&, const model::SnapshotPtr&,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point) override {
        for (const auto& event : events)
            std::visit([this](const auto& difference) { tell(difference); }, event);
    }

  private:
    template <typename T>
    void change(const std::string& what, const char* property, const T& before, const T& after) {
        if (before == after) return;
        lines.push_back(what + ": " + property + " " + text(before) + " -> " + text(after));
    }
    template <typename E>
    requires std::is_enum_v<E>
    static std::string text(E value) { return std::string(model::name_of(value)); }
    static std::string text(bool value) { return value ? "yes" : "no"; }
    static std::string text(const std::string& value) { return value.empty() ? "-" : value; }
    template <typename T>
    requires std::is_integral_v<T>
    static std::string text(T value) { return std::to_string(value); }
    static std::string text(const model::Shared<model::Trouble>& trouble) {
        return trouble ? trouble->command + ": " + trouble->reason : "none";
    }

    template <typename T>
    bool appeared_or_vanished(const model::Difference<T>& d, const std::string& what) {
        if (d.before && d.after) return false;
        lines.push_back((d.after ? "+" : "-") + what);
        return true;
    }

    void tell(const model::PartDifference<model::LogicalUnit>& d) {
        const std::string what = "unit " + d.either().name;
        if (appeared_or_vanished(d, what)) return;
        change(what, "name", d.before->name, d.after->name);
        change(what, "unit name", d.before->unit_name, d.after->unit_name);
        change(what, "queueing", d.before->queueing, d.after->queueing);
        change(what, "suspended", d.before->suspended, d.after->suspended);
        change(what, "current group", d.before->current_group, d.after->current_group);
        change(what, "size", d.before->size, d.after->size);
        change(what, "size mismatch", d.before->size_mismatch, d.after->size_mismatch);
        change(what, "duplicate", d.before->duplicate_designator, d.after->duplicate_designator);
        change(what, "trouble", d.before->trouble, d.after->trouble);
    }
    void tell(const model::PartDifference<model::Path>& d) {
        const std::string what = "path " + d.either().device;
        if (appeared_or_vanished(d, what)) return;
        change(what, "state", d.before->state, d.after->state);
        change(what, "identity", d.before->identity, d.after->identity);
        change(what, "designator", d.before->designator, d.after->designator);
        change(what, "size mismatch", d.before->size_mismatch, d.after->size_mismatch);
        change(what, "trouble", d.before->trouble, d.after->trouble);
    }
    void tell(const model::PartDifference<model::TargetPortGroup>& d) {
        const std::string what =
            "group " + std::to_string(d.either().number) + " of " + d.unit().unit.name;
        if (appeared_or_vanished(d, what)) return;
        change(what, "access", d.before->access_state, d.after->access_state);
        change(what, "preferred", d.before->preferred, d.after->preferred);
        change(what, "trouble", d.before->trouble, d.after->trouble);
    }
    void tell(const model::Difference<model::Disk>& d) {
        const std::string what = "disk " + d.either().device;
        if (appeared_or_vanished(d, what)) return;
        change(what, "unit name", d.before->unit_name, d.after->unit_name);
        change(what, "trouble", d.before->trouble, d.after->trouble);
    }
    void tell(const model::Difference<model::InitiatorPort>& d) {
        appeared_or_vanished(d, "initiator " + d.either().port_id);
    }
    void tell(const model::Difference<model::TargetPort>& d) {
        appeared_or_vanished(d, "target " + d.either().port_id);
    }
    void tell(const model::Difference<model::DeviceProduct>& d) {
        appeared_or_vanished(d, "product " + d.either().product);
    }
    void tell(const model::Difference<model::Manager>&) {}
    void tell(const model::Difference<model::Plugin>&) {}
    void tell(const model::Difference<model::LoadBalance>&) {}
};

class Story {
  public:
    // `description` is the text of a SAN file. Commands are given up after 200 ms.
    explicit Story(std::string_view description, const std::string& state = "") {
        sd_event* raw = nullptr;
        assert_int_equal(sd_event_new(&raw), 0);
        loop_.reset(raw);
        config_.commands.timeout = std::chrono::milliseconds(200);
        config_.startup.verify = std::chrono::seconds(20);
        auto parsed = san::parse_description(description, "story.toml");
        assert_ok(parsed);
        auto made = san::San::make(std::move(*parsed));
        assert_ok(made);
        san_ = std::move(*made);
        if (!state.empty()) {
            auto opened = ObjectIds::open(state);
            assert_ok(opened);
            ids_ = std::move(*opened);
        }
        auto workers = Workers::create(raw, config_.commands);
        assert_ok(workers);
        workers_ = std::move(*workers);
        inventory_ = std::make_unique<Inventory>(raw, *san_, *workers_, ids_, policy_, config_, 1);
        inventory_->add_listener(narrator);
        bool ready = false;
        assert_ok(
            inventory_->start([&] { ready = true; },
                              [](const Error& error) { fail_msg("%s", error.message().c_str()); }));
        run_until([&] { return ready; });
    }
    ~Story() {
        workers_->close(std::chrono::milliseconds(0));
        san_.reset(); // lets hanging commands go
    }

    Narrator narrator;

    void happens(const san::Fault& fault) { assert_ok(san_->apply(fault)); }

    template <typename Condition>
    void run_until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline)
                fail_msg("not within 20 s; so far:\n%s", told_so_far().c_str());
            sd_event_run(loop_.get(), 100'000);
        }
    }

    void settle() {
        bool settled = false;
        inventory_->settle(std::chrono::seconds(20), [&](const Status& status) {
            assert_ok(status);
            settled = true;
        });
        run_until([&] { return settled; });
    }

    // What was told since the last call, once everything has settled; a line each, sorted.
    std::string told() {
        settle();
        std::string text = told_so_far();
        narrator.lines.clear();
        return text;
    }

    const model::Snapshot& model() const { return *inventory_->snapshot(); }
    Inventory& inventory() { return *inventory_; }

    const model::Unit& unit(const std::string& name) const {
        const model::Unit* found = nullptr;
        model().units.for_each([&](const model::Unit& unit) {
            if (unit.unit.name == name) found = &unit;
        });
        if (!found) fail_msg("no unit %s", name.c_str());
        return *found;
    }
    const model::Path& path(const std::string& device) const {
        const model::Path* found = nullptr;
        model().units.for_each([&](const model::Unit& unit) {
            for (const auto& path : unit.paths)
                if (path.device == device) found = &path;
        });
        if (!found) fail_msg("no path %s", device.c_str());
        return *found;
    }

  private:
    std::string told_so_far() const {
        auto lines = narrator.lines;
        std::sort(lines.begin(), lines.end());
        std::string text;
        for (const auto& line : lines)
            text += line + "\n";
        return text;
    }

    EventLoop loop_;
    Config config_;
    TablePolicy policy_;
    ObjectIds ids_;
    std::unique_ptr<san::San> san_;
    std::unique_ptr<Workers> workers_;
    std::unique_ptr<Inventory> inventory_;
};

} // namespace mpapi::daemon
