// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/manager.hpp"

#include "common/system/clock.hpp"
#include "daemon/multipathd/limits.hpp"
#include "daemon/multipathd/proof.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mpapi::multipathd {

namespace {

using paths::Refusal;
using paths::Refused;

constexpr std::uint64_t timer_accuracy_us = 10'000;

// A map that no section of the configuration names, of a device that no entry knows.
model::LogicalUnit nobody() {
    model::LogicalUnit unit;
    unit.uuid = "mpath-mpapi-nobody";
    return unit;
}

// multipathd splits its commands at blanks, and braces, quotes, '#' and '!' mean something to it.
// What device-mapper takes for a name without encoding it has none of these (but '#').
bool is_plain(const std::string& name) {
    return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"
                                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                   "0123456789+-.:=@_") == std::string::npos;
}

} // namespace

// "del map": multipathd looks first whether partitions of the map are open, takes these away, then
// looks whether the map is; "fail" is its word for all of that. It suspends nothing.
class MultipathdManager::Removal {
  public:
    Removal(MultipathdManager& manager, const model::LogicalUnit& unit, paths::Ended ended)
      : manager_(manager)
      , id_(unit.id)
      , key_(unit.key)
      , name_(unit.name)
      , ours_(unit.uuid.starts_with("mpath-"))
      , ended_(std::move(ended)) {}
    ~Removal() { *alive_ = false; }
    Removal(const Removal&) = delete;
    Removal& operator=(const Removal&) = delete;

    void start() {
        manager_.multipathd_->confirm([this, alive = alive_] {
            if (*alive) begin();
        });
    }
    void model_changed() {
        if (removed_ && !exists()) at(Clock::now(), [this] { end(paths::Made{}); });
    }

  private:
    using Clock = std::chrono::steady_clock;

    void begin() {
        if (!ours_ || !is_plain(name_))
            return end(Refused{Refusal::Unsupported,
                               "Map " + name_ + " is none that multipathd could remove."});
        if (!exists()) return end(Refused{Refusal::ObjectNotFound, "The map is gone."});
        manager_.multipathd_->ask("del map " + name_, manager_.options_.limits.request,
                                  [this, alive = alive_](const Result<std::string>& reply) {
                                      if (*alive) take(reply);
                                  });
    }

    bool exists() const {
        const auto now = manager_.means_.model.snapshot();
        const auto found = units_of(*now, {key_});
        return !found.empty() && found.begin()->second->unit.name == name_;
    }

    void take(const Result<std::string>& reply) {
        if (!reply && reply.error().errnum == EIO)
            return end(Refused{Refusal::TryAgain, "Map " + name_ +
                                                      " is in use, by itself or by a partition: "
                                                      "multipathd did not remove it."});
        if (!reply) return end(refused_by(reply.error()));
        removed_ = true;
        if (!exists()) return end(paths::Made{});
        // Its event comes when udev's rules are through with it.
        manager_.means_.model.look_again(id_);
        at(Clock::now() + manager_.options_.limits.proof, [this] {
            if (!exists()) return end(paths::Made{});
            end(Refused{Refusal::TimedOut, "multipathd says that it removed map " + name_ +
                                               ", which is still there."});
        });
    }

    void at(Clock::time_point when, std::function<void()> then) {
        timed_ = std::move(then);
        const auto on_time = [](sd_event_source*, std::uint64_t, void* self) {
            std::exchange(static_cast<Removal*>(self)->timed_, nullptr)();
            return 0;
        };
        sd_event_source* source = nullptr;
        if (sd_event_add_time(manager_.means_.loop, &source, CLOCK_MONOTONIC, to_usec(when),
                              timer_accuracy_us, on_time, this) >= 0)
            timer_.reset(source);
    }

    void end(paths::Outcome outcome) {
        const auto ended = std::move(ended_);
        manager_.removal_.reset(); // this
        ended(std::move(outcome));
    }

    MultipathdManager& manager_;
    model::Sequence id_;
    std::string key_, name_;
    bool ours_;
    paths::Ended ended_;
    bool removed_ = false;
    EventSource timer_;
    std::function<void()> timed_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

MultipathdManager::MultipathdManager(const Means& means, sd_bus* bus,
                                     daemon::MultipathPolicy& policy)
  : MultipathdManager(means, bus, policy, Options()) {}

MultipathdManager::MultipathdManager(const Means& means, sd_bus* bus,
                                     daemon::MultipathPolicy& policy, Options options)
  : means_(means)
  , policy_(policy)
  , options_(std::move(options))
  , multipathd_(std::make_unique<RunningMultipathd>(means_.loop, bus, options_.unit,
                                                    options_.client, [this] { told(); }))
  , overrides_(std::make_unique<Overrides>(
        means_.loop,
        [this](const std::string& map, std::uint32_t group) { switch_group(map, group, [] {}); },
        options_.pauses)) {}

MultipathdManager::~MultipathdManager() = default;

model::Capabilities MultipathdManager::capabilities() const {
    return multipathd_capabilities();
}

std::optional<Refused> MultipathdManager::check(const paths::Intents& before,
                                                const paths::Intents& wanted) const {
    return beyond_multipathd(before, wanted);
}

void MultipathdManager::pursue(const paths::Intents& before, const paths::Intents& wanted,
                               paths::Ended ended) {
    begin({before, wanted, false, {}}, std::move(ended));
}

void MultipathdManager::resume(const paths::Intents& kept, paths::Ended ended) {
    obeyed_ = kept;
    begin({{}, kept, true, {}}, std::move(ended));
}

// One that multipathd's end overtook is still being undone, and what it did to paths is in no
// model. Who waits for it and is overtaken as well is waited for by nobody any more.
void MultipathdManager::begin(Task task, paths::Ended ended) {
    if (change_) {
        next_ = [this, task = std::move(task), ended = std::move(ended)] { begin(task, ended); };
        return;
    }
    if (task.resuming) task.unsettled = std::exchange(unsettled_, {});
    auto wanted = std::make_shared<const paths::Intents>(task.wanted);
    change_ = std::make_unique<Change>(
        means_, *multipathd_, *overrides_, options_.limits, options_.root, std::move(task),
        [this, ended = std::move(ended), wanted](paths::Outcome outcome) {
            // The next change may be begun from within.
            const auto over = std::move(change_);
            if (!multipathd_->runs()) unsettled_.merge(over->moved());
            if (!paths::refused(outcome)) obeyed_ = *wanted;
            ended(std::move(outcome));
            if (const auto next = std::exchange(next_, nullptr)) next();
        });
    change_->start();
}

// What is under way is undone to its end, and what was asked for is in other hands.
void MultipathdManager::retire() {
    if (change_) change_->overtake();
}

// Where a path of the group fails, multipathd goes by the priority that it had, for as long as it
// has not looked again: it may join it in one priority group with those that took over, and the
// kernel, which activates priority groups as a whole, moves the target port group back.
void MultipathdManager::lead(const model::LogicalUnit& unit, std::uint32_t group,
                             const std::function<void()>& then) {
    switch_group(unit.name, group, then);
}

// How it went is told by the table.
void MultipathdManager::switch_group(const std::string& map, std::uint32_t group,
                                     std::function<void()> then) {
    if (!is_plain(map)) return then();
    multipathd_->ask("switch map " + map + " group " + std::to_string(group),
                     options_.limits.request,
                     [then = std::move(then)](const Result<std::string>&) { then(); });
}

void MultipathdManager::remove(const model::LogicalUnit& unit, paths::Ended ended) {
    removal_ = std::make_unique<Removal>(*this, unit, std::move(ended));
    removal_->start();
}

model::Upkeep MultipathdManager::upkeep(const model::LogicalUnit* unit) const {
    if (!multipathd_->runs()) return {};
    const auto settings =
        unit != nullptr ? unit->settings : policy_.settings(nobody(), model::Transport::Unknown);
    if (!settings) return {};
    model::Upkeep upkeep = upkeep_by(*settings);
    // "manual" says nothing of the rate that comes back with it.
    if (upkeep.auto_failback == model::Switch::Off)
        upkeep.failback_rate = rate_asked_for(unit).value_or(0);
    return upkeep;
}

std::optional<std::uint32_t>
MultipathdManager::rate_asked_for(const model::LogicalUnit* unit) const {
    if (unit != nullptr)
        if (const auto own = obeyed_.units.find(unit->key); own != obeyed_.units.end())
            return over(own->second.settings, obeyed_.everywhere).failback_rate;
    return obeyed_.everywhere.failback_rate;
}

std::string MultipathdManager::default_selector() const {
    if (!multipathd_->runs()) return {};
    const auto settings = policy_.settings(nobody(), model::Transport::Unknown);
    if (!settings) return {};
    const std::string selector = setting_value(*settings, "path_selector");
    // What is said of a map without a table is no selector.
    return selector.starts_with(' ') ? std::string() : selector;
}

void MultipathdManager::model_changed(const model::SnapshotPtr&, const model::SnapshotPtr& after,
                                      const std::vector<model::Event>& events,
                                      std::chrono::steady_clock::time_point) {
    overrides_->model_changed(after, events);
    if (change_) change_->model_changed();
    if (removal_) removal_->model_changed();
}

void MultipathdManager::told() {
    if (change_) change_->multipathd_told();
}

} // namespace mpapi::multipathd
