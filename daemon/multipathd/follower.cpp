// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/follower.hpp"

#include "common/multipath_conf/show_devices.hpp"
#include "common/system/clock.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace mpapi::multipathd {

namespace {

using multipath_conf::ConfFile;
using multipath_conf::ManagerState;

constexpr std::uint64_t timer_accuracy_us = 50'000;

} // namespace

Follower::Follower(sd_event* loop, sd_bus* bus, daemon::ManagerMode mode, MultipathdPolicy& policy,
                   daemon::PolicyObserver& observer, const daemon::ModelSource& model)
  : Follower(loop, bus, mode, policy, observer, model, Options()) {}

Follower::Follower(sd_event* loop, sd_bus* bus, daemon::ManagerMode mode, MultipathdPolicy& policy,
                   daemon::PolicyObserver& observer, const daemon::ModelSource& model,
                   Options options)
  : loop_(loop)
  , bus_(bus)
  , mode_(mode)
  , policy_(policy)
  , observer_(observer)
  , model_(model)
  , options_(std::move(options))
  , watch_(options_.root, [this](FilesChanged changed) { files_changed(changed); }) {
    config_.interval = options_.config_interval;
    devices_.interval = options_.devices_interval;
    config_.retry = devices_.retry = options_.first_retry;
}

Follower::~Follower() = default;

Status Follower::make_timer(EventSource& timer, sd_event_time_handler_t handler) {
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, UINT64_MAX, timer_accuracy_us,
                                    handler, this);
    if (r < 0) return Error{"add", "timer", "", -r};
    timer.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return Done{};
}

Status Follower::start() {
    auto made = make_timer(files_timer_, [](sd_event_source*, std::uint64_t, void* self) {
        static_cast<Follower*>(self)->read_files();
        return 0;
    });
    if (made)
        made = make_timer(ask_timer_, [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<Follower*>(self)->ask();
            return 0;
        });
    if (!made) return made;

    Status watched = watch_.start(loop_); // before they are read
    policy_.set_disabled_on_command_line(disabled_on_command_line(options_.root));
    to_read_ = {true, true};
    unit_ = std::make_unique<UnitState>(
        bus_, [this](const UnitStatus& status) { unit_changed(status); }, options_.unit);
    unit_->set_stirred([this] { unit_stirred(); });
    policy_.set_not_running(ManagerState::Unknown, unit_->status().reason);
    read_files();
    tell_path_manager();
    return watched;
}

void Follower::tell_path_manager() {
    auto manager = manager_in_force(mode_, unit_->status(), options_.unit);
    if (manager_ == manager) return;
    manager_ = std::move(manager);
    observer_.set_path_manager(manager_->name, manager_->reason);
}

void Follower::unit_changed(const UnitStatus& status) {
    tell_path_manager();
    if (status.runs()) {
        if (!client_) {
            client_ = std::make_unique<Client>(loop_, options_.client);
            config_.retry = devices_.retry = options_.first_retry;
            config_.asked = devices_.asked = {};
            answered_ = false;
            policy_.set_not_running(ManagerState::Unknown, "multipathd has not answered yet");
            observer_.policy_changed();
        }
        want(config_, std::chrono::milliseconds(0));
        want(devices_, std::chrono::milliseconds(0));
        return;
    }
    client_.reset(); // what waits must not reach the socket: it would start multipathd
    asking_ = false;
    config_.due.reset();
    devices_.due.reset();
    shown_.reset();
    watched_.clear();
    arm();
    policy_.set_not_running(
        status.state == ActiveState::Unknown ? ManagerState::Unknown : ManagerState::Stopped,
        status.state == ActiveState::Unknown ? status.reason : describe(status, options_.unit));
    observer_.policy_changed();
}

void Follower::unit_stirred() {
    if (client_) want(config_, options_.unit_settle);
}

void Follower::ask_again() {
    if (client_) want(devices_, options_.disks_settle);
}

void Follower::learn(const std::string& shown) {
    if (!client_) return;
    files_ = read_configuration(options_.root);
    shown_ = shown;
    answered_ = true;
    learn_configuration();
}

void Follower::model_changed(const model::SnapshotPtr&, const model::SnapshotPtr&,
                             const std::vector<model::Event>& events, Clock::time_point) {
    if (!client_ || devices_.due) return;
    for (const model::Event& event : events) {
        const auto* disk = std::get_if<model::Difference<model::Disk>>(&event);
        if (disk == nullptr || disk->before != nullptr) continue;
        ask_again();
        return;
    }
}

// Files

void Follower::files_changed(FilesChanged changed) {
    to_read_.configuration |= changed.configuration;
    to_read_.wwids |= changed.wwids;
    sd_event_source_set_time(files_timer_.get(), to_usec(Clock::now() + options_.files_settle));
    sd_event_source_set_enabled(files_timer_.get(), SD_EVENT_ONESHOT);
}

void Follower::read_files() {
    const FilesChanged wanted = std::exchange(to_read_, FilesChanged());
    if (wanted.configuration) {
        auto files = read_configuration(options_.root);
        if (files != files_) {
            files_ = std::move(files);
            if (client_ && answered_) learn_configuration();
            if (client_) want(config_, std::chrono::milliseconds(0));
        }
    }
    if (wanted.wwids) {
        auto known = read_known_wwids(options_.root);
        auto failed = read_failed_wwids(options_.root);
        if (known != known_wwids_ || failed != failed_wwids_) {
            known_wwids_ = std::move(known);
            failed_wwids_ = std::move(failed);
            policy_.set_wwids(known_wwids_, failed_wwids_);
            observer_.exclusions_changed();
        }
    }
}

// Questions

void Follower::want(Question& question, std::chrono::milliseconds delay) {
    const auto now = Clock::now();
    auto due = now + delay;
    if (question.asked != Clock::time_point())
        due = std::max(due, question.asked + question.interval);
    // Not put off again and again by what keeps happening.
    question.due = question.due ? std::min(*question.due, due) : due;
    arm();
}

void Follower::arm() {
    if (asking_ || (!config_.due && !devices_.due)) {
        sd_event_source_set_enabled(ask_timer_.get(), SD_EVENT_OFF);
        return;
    }
    const auto next = std::min(config_.due.value_or(Clock::time_point::max()),
                               devices_.due.value_or(Clock::time_point::max()));
    sd_event_source_set_time(ask_timer_.get(), to_usec(next));
    sd_event_source_set_enabled(ask_timer_.get(), SD_EVENT_ONESHOT);
}

void Follower::ask() {
    if (asking_ || !client_) return;
    const auto now = Clock::now();
    if (config_.due && *config_.due <= now)
        send(config_, "show config", &Follower::take_config);
    else if (devices_.due && *devices_.due <= now)
        send(devices_, "show devices", &Follower::take_devices);
    else
        arm();
}

void Follower::send(Question& question, const char* command,
                    void (Follower::*take)(Result<std::string>)) {
    question.due.reset();
    question.asked = Clock::now();
    asking_ = true;
    unit_->confirm([this, command, take] {
        if (!client_ || !asking_) return; // it stops
        client_->request(command, options_.patience, [this, take](Result<std::string> reply) {
            asking_ = false;
            (this->*take)(std::move(reply));
            arm();
        });
    });
}

void Follower::failed(Question& question) {
    const auto due = Clock::now() + question.retry;
    if (!question.due || *question.due < due) question.due = due;
    question.retry = std::min(question.retry * 2, options_.last_retry);
}

void Follower::take_config(Result<std::string> reply) {
    if (!reply) {
        failed(config_);
        // What it said before is still the best that is known; else the files speak.
        if (std::exchange(answered_, true)) return;
        learn_configuration();
        return;
    }
    config_.retry = options_.first_retry;
    const bool same = std::exchange(answered_, true) && shown_ == *reply;
    if (same) return;
    shown_ = *std::move(reply);
    learn_configuration();
}

void Follower::learn_configuration() {
    std::vector<ConfFile> files;
    for (const TextFile& file : files_)
        if (auto parsed = multipath_conf::parse(file.name, file.text))
            files.push_back(*std::move(parsed));
    std::optional<ConfFile> shown;
    if (shown_)
        if (auto parsed = multipath_conf::parse("show config", *shown_)) shown = *std::move(parsed);
    policy_.set_configuration(std::move(files), std::move(shown));
    policy_.set_devices(watched_);
    observer_.policy_changed();
}

void Follower::take_devices(Result<std::string> reply) {
    if (!reply) {
        failed(devices_);
        return;
    }
    devices_.retry = options_.first_retry;
    auto told = multipath_conf::parse_show_devices(*reply);
    const auto snapshot = model_.snapshot();
    if (snapshot->generation == 0) {
        want(devices_, options_.disks_settle); // which disks are in no map is not known yet
    } else {
        // Only what is asked for is kept: paths of maps are many.
        MultipathdPolicy::Watched kept;
        for (const model::Disk& disk : snapshot->disks)
            if (const auto found = told.find(disk.device); found != told.end()) kept.insert(*found);
        told = std::move(kept);
    }
    if (told == watched_) return;
    watched_ = std::move(told);
    policy_.set_devices(watched_);
    observer_.exclusions_changed();
}

} // namespace mpapi::multipathd
