// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/change.hpp"

#include "common/multipath_conf/parser.hpp"
#include "common/system/clock.hpp"
#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"
#include "daemon/multipathd/files.hpp"
#include "daemon/multipathd/proof.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <iterator>
#include <utility>

#include <sys/stat.h>

namespace mpapi::multipathd {

namespace {

using paths::Refusal;
using paths::Refused;

constexpr std::uint64_t timer_accuracy_us = 10'000;
constexpr std::size_t largest_file = std::size_t{8} << 20U;
constexpr mode_t file_mode = 0644; // as multipath.conf: it holds no secret

std::set<paths::PathName> missing_in(const std::set<paths::PathName>& all,
                                     const std::set<paths::PathName>& others) {
    std::set<paths::PathName> missing;
    std::set_difference(all.begin(), all.end(), others.begin(), others.end(),
                        std::inserter(missing, missing.end()));
    return missing;
}

std::string revision_in(const std::string& text) {
    const auto parsed = multipath_conf::parse(drop_in_path, text);
    return parsed ? loaded_revision(*parsed) : std::string();
}

// What proof.hpp says begins in the middle of a sentence.
std::string sentence(std::string text) {
    if (!text.starts_with("multipathd"))
        text.front() = static_cast<char>(std::toupper(text.front()));
    return text + '.';
}

Result<std::optional<std::string>> read_ours(const std::string& path) {
    auto text = read_file(path, largest_file);
    if (text) return std::optional(*std::move(text));
    if (text.error().errnum == ENOENT) return std::optional<std::string>();
    return std::move(text).error();
}

Status write_ours(const std::string& path, const std::optional<std::string>& text) {
    if (!text) return remove_file(path);
    return replace_file(path, *text, file_mode);
}

} // namespace

Change::Change(const Means& means, RunningMultipathd& multipathd, Overrides& overrides,
               const Limits& limits, std::string root, Task task, paths::Ended ended)
  : means_(means)
  , multipathd_(multipathd)
  , overrides_(overrides)
  , limits_(limits)
  , root_(std::move(root))
  , before_(std::move(task.before))
  , wanted_(std::move(task.wanted))
  , resuming_(task.resuming)
  , unsettled_(std::move(task.unsettled))
  , ended_(std::move(ended)) {}

Change::~Change() {
    *alive_ = false;
}

void Change::start() {
    multipathd_.confirm([this, alive = alive_] {
        if (*alive) begin();
    });
}

void Change::begin() {
    if (!multipathd_.runs()) return end(Refused{Refusal::TryAgain, stopped()});
    auto text = drop_in(wanted_);
    if (!text)
        return end(Refused{Refusal::InvalidParameter, "Could not " + text.error().message() + "."});
    file_ = std::move(text->text);
    revision_ = std::move(text->revision);
    if (auto refused = unready()) return end(*std::move(refused));
    read();
}

// What the model says against it, before anything is touched.
std::optional<Refused> Change::unready() const {
    if (resuming_) return std::nullopt;
    const auto now = means_.model.snapshot();
    for (const auto& [name, path] : locate(*now, missing_in(wanted_.disabled, before_.disabled)))
        if (path.alone)
            return Refused{Refusal::NotPermitted, "Path " + path.device +
                                                      " is the last one in the table of " +
                                                      path.map + "."};
    const auto units = units_of(*now, changed_units(before_, wanted_));
    for (const std::string& key : changed_units(before_, wanted_)) {
        const auto intent = wanted_.units.find(key);
        if (intent == wanted_.units.end() || !intent->second.override_path) continue;
        const auto had = before_.units.find(key);
        if (had != before_.units.end() && had->second.override_path == intent->second.override_path)
            continue;
        const auto unit = units.find(key);
        const model::Path* path =
            unit == units.end() ? nullptr
                                : path_named(*now, *unit->second, *intent->second.override_path);
        if (path == nullptr) return Refused{Refusal::ObjectNotFound, "The override path is gone."};
        if (path->priority_group == 0 || !path->dm_active)
            return Refused{Refusal::PathNonoperational,
                           "Path " + path->device + " cannot carry I/O now."};
    }
    return std::nullopt;
}

// It may be long since the change was let in, and paths may have failed meanwhile.
std::optional<Refused> Change::nothing_would_work() const {
    if (resuming_ || refused_ || disabled_.empty()) return std::nullopt;
    std::set<std::string> losing; // unit names
    for (const paths::PathName& name : disabled_)
        losing.insert(name.unit_name);
    const auto works = [](const model::Path& path) {
        return path.priority_group != 0 && path.state == model::PathState::Okay &&
               path.identity != model::Identity::Changed;
    };
    const auto now = means_.model.snapshot();
    for (const model::Unit& unit : now->units) {
        if (losing.count(unit.unit.unit_name) == 0) continue;
        std::set<model::Sequence> going;
        const model::Path* last = nullptr;
        for (auto name = wanted_.disabled.lower_bound({unit.unit.unit_name, "", "", 0});
             name != wanted_.disabled.end() && name->unit_name == unit.unit.unit_name; ++name) {
            const model::Path* path = path_named(*now, unit, *name);
            if (path == nullptr) continue;
            going.insert(path->id);
            if (works(*path)) last = path;
        }
        if (last == nullptr ||
            std::any_of(unit.paths.begin(), unit.paths.end(), [&](const model::Path& path) {
                return works(path) && going.count(path.id) == 0;
            }))
            continue;
        return Refused{Refusal::NotPermitted, "Path " + last->device + " of " + unit.unit.name +
                                                  " is the last that works by now."};
    }
    return std::nullopt;
}

void Change::read() {
    auto found = std::make_shared<std::optional<std::string>>();
    work(
        [path = root_ + drop_in_path, found]() -> Status {
            auto text = read_ours(path);
            if (!text) return std::move(text).error();
            *found = *std::move(text);
            return Done{};
        },
        [this, found] {
            found_ = on_disk_ = std::move(*found);
            // Nothing was ever asked for: no file says so, too.
            if (!found_ && wanted_ == paths::Intents()) {
                file_.reset();
                revision_.clear();
            }
            learn();
        });
}

void Change::learn() {
    ask("show config", [this](Result<std::string> shown) {
        if (!shown) return fail(shown.error());
        loaded_ = revision_in(*shown);
        const auto now = means_.model.snapshot();
        if (!resuming_) {
            disabled_ = missing_in(wanted_.disabled, before_.disabled);
            enabled_ = missing_in(before_.disabled, wanted_.disabled);
        } else {
            // What a daemon that was killed left half done.
            for (const auto& [name, path] : locate(*now, wanted_.disabled))
                if (!path.map.empty() && !path.alone) disabled_.insert(name);
            enabled_ = left_disabled(*now, wanted_.disabled);
            for (const paths::PathName& name : unsettled_)
                (wanted_.disabled.count(name) != 0 ? disabled_ : enabled_).insert(name);
        }
        record();
    });
}

bool Change::goes_on() {
    if (!overtaken_ || refused_) return true;
    fail(Refused{Refusal::TryAgain, "The path manager changed meanwhile."});
    return false;
}

void Change::record() {
    if (!goes_on()) return;
    // At the start it is from the record that one knows which paths are disabled.
    if (resuming_ || (refused_ ? !recorded_ : before_.disabled == wanted_.disabled))
        return announce();
    // Behind whatever they have still to write to it: udev reads it next.
    if (overtaken_) return work([]() -> Status { return Done{}; }, [this] { announce(); });
    recorded_ = true;
    // On another thread, which may outlive this.
    work([write = means_.write_record, disabled = target().disabled] { return write(disabled); },
         [this] { announce(); });
}

std::set<paths::PathName> Change::moved() const {
    std::set<paths::PathName> moved = disabled_;
    moved.insert(enabled_.begin(), enabled_.end());
    return moved;
}

void Change::announce() {
    std::vector<std::string> devices;
    for (const auto& [name, path] : locate(*means_.model.snapshot(), moved()))
        if (!path.gone) devices.push_back(path.device);
    announce_next(std::move(devices));
}

void Change::announce_next(std::vector<std::string> devices) {
    if (devices.empty()) return write();
    const std::string device = std::move(devices.back());
    devices.pop_back();
    means_.udev_event(device,
                      [this, alive = alive_, devices = std::move(devices)](const Status& ended) {
                          if (!*alive) return;
                          if (!ended && !goes_on_without(ended.error())) return;
                          announce_next(devices);
                      });
}

void Change::write() {
    if (!goes_on()) return;
    const auto& wanted = refused_ ? found_ : file_;
    if (auto refused = nothing_would_work()) return fail(*std::move(refused));
    if (wanted == on_disk_) return reconfigure();
    wrote_ = true;
    work([path = root_ + drop_in_path, wanted] { return write_ours(path, wanted); },
         [this, wanted] {
             on_disk_ = wanted;
             reconfigure();
         });
}

void Change::reconfigure() {
    if (refused_) revision_ = found_ ? revision_in(*found_) : std::string();
    if (refused_ ? !reconfigured_ : loaded_ == revision_) return move_paths();
    reconfigured_ = true;
    ask("reconfigure", [this](const Result<std::string>& reply) {
        if (!reply) return fail(reply.error());
        await_loading();
    });
}

void Change::await_loading() {
    stage_ = Stage::Loading;
    pause_ = limits_.first_look;
    deadline_ = Clock::now() + limits_.proof;
    loading_until_ = Clock::now() + limits_.busy;
    look();
}

void Change::look() {
    looking_ = true;
    looked_ = Clock::now();
    ask("show config", [this](Result<std::string> shown) {
        looking_ = false;
        take_look(std::move(shown));
    });
}

void Change::take_look(Result<std::string> shown) {
    if (!shown) return fail(shown.error());
    auto loaded = multipath_conf::parse("show config", *shown);
    if (!loaded) return fail(loaded.error());
    loaded_ = loaded_revision(*loaded);
    if (loaded_ != revision_) {
        const auto now = Clock::now();
        // It was busy for as long as it was; from now on it is not.
        if (multipathd_.reconfigures()) deadline_ = std::max(deadline_, now + limits_.proof);
        if (now >= deadline_ || now >= loading_until_)
            return fail(Refused{Refusal::TimedOut,
                                "multipathd has not loaded " + std::string(drop_in_path) + "."});
        after(pause_, [this] { look(); });
        pause_ = std::min(pause_ * 2, limits_.last_look);
        return;
    }
    stage_ = Stage::Working;
    // Who is told how it ended finds the settings that are in force then.
    means_.learn(*shown);
    if (refused_) return move_paths();
    std::vector<multipath_conf::ConfFile> files;
    for (const TextFile& file : read_configuration(root_))
        if (auto parsed = multipath_conf::parse(file.name, file.text))
            files.push_back(*std::move(parsed));
    const std::string found = contradiction(before_, wanted_, *loaded, files);
    if (!found.empty()) return fail(Refused{Refusal::Failed, sentence(found)});
    move_paths();
}

void Change::move_paths() {
    if (!goes_on()) return;
    if (auto refused = nothing_would_work()) return fail(*std::move(refused));
    overrides_.set(target(), means_.model.snapshot());
    std::vector<std::pair<std::string, bool>> devices; // true: it goes
    const auto now = means_.model.snapshot();
    for (const auto& [name, path] : locate(*now, going()))
        if (!path.alone) devices.emplace_back(path.device, true);
    for (const auto& [name, path] : locate(*now, coming()))
        devices.emplace_back(path.device, false);
    move_next(std::move(devices));
}

void Change::move_next(std::vector<std::pair<std::string, bool>> devices) {
    if (devices.empty()) return refused_ ? end(*refused_) : prove();
    const auto [device, goes] = devices.back();
    devices.pop_back();
    ask((goes ? "del path " : "add path ") + device,
        [this, device = device, goes = goes,
         devices = std::move(devices)](Result<std::string> reply) {
            // "fail" is also the answer for a path that it does not have or has: tables tell.
            if (!reply && reply.error().errnum != EIO && !goes_on_without(reply.error())) return;
            if (!goes && reply && *reply == "blacklisted\n")
                return fail(Refused{Refusal::Failed, "multipathd leaves path " + device +
                                                         " out: its configuration excludes it."});
            move_next(devices);
        });
}

std::string Change::unproven() const {
    const auto now = means_.model.snapshot();
    for (const auto& [name, path] : locate(*now, disabled_))
        if (!path.map.empty() && !path.alone)
            return "the table of " + path.map + " still has path " + path.device;
    for (const auto& [name, path] : locate(*now, enabled_))
        if (path.map.empty() && path.works) return "path " + path.device + " is in no table";
    for (const auto& [key, unit] : units_of(*now, changed_units(before_, wanted_))) {
        const auto intent = wanted_.units.find(key);
        if (intent == wanted_.units.end()) continue;
        if (auto found = table_contradiction(*now, *unit, intent->second); !found.empty())
            return found;
        if (!intent->second.override_path || resuming_) continue;
        const model::Path* path = path_named(*now, *unit, *intent->second.override_path);
        // Lost meanwhile: I/O goes on through the others, and comes back with it.
        if (path == nullptr || path->priority_group == 0 || !path->dm_active) continue;
        if (path->priority_group != unit->unit.current_group)
            return "group " + std::to_string(unit->unit.current_group) + " of " + unit->unit.name +
                   " is in use, not that of path " + path->device;
    }
    return {};
}

// What multipathd says that it did is in the tables by now; udev would tell of them later.
void Change::look_at_maps() {
    std::set<std::string> names;
    for (const paths::PathName& name : moved())
        names.insert(name.unit_name);
    const std::set<std::string> keys = changed_units(before_, wanted_);
    if (names.empty() && keys.empty()) return;
    const model::SnapshotPtr now = means_.model.snapshot();
    now->units.for_each([&](const model::Unit& unit) {
        if (names.count(unit.unit.unit_name) != 0 || keys.count(unit.unit.key) != 0)
            means_.model.look_again(unit.unit.id);
    });
}

void Change::prove() {
    if (stage_ != Stage::Proving) {
        stage_ = Stage::Proving;
        deadline_ = Clock::now() + limits_.proof;
        look_at_maps();
    }
    const std::string found = unproven();
    if (found.empty()) return end(paths::Made{});
    const auto now = Clock::now();
    if (now >= deadline_) return fail(Refused{Refusal::Failed, sentence(found)});
    after(std::chrono::ceil<std::chrono::milliseconds>(deadline_ - now), [this] { prove(); });
}

void Change::model_changed() {
    // From the loop, not from within whoever tells.
    if (stage_ == Stage::Proving) after(std::chrono::milliseconds(0), [this] { prove(); });
}

void Change::multipathd_told() {
    if (stage_ == Stage::Working || looking_) return; // an answer is under way
    if (!multipathd_.runs()) {
        after(std::chrono::milliseconds(0), [this] {
            fail(Refused{Refusal::TryAgain, stopped()});
        });
    } else if (stage_ == Stage::Loading) {
        const auto earliest = looked_ + limits_.first_look;
        after(std::max(std::chrono::ceil<std::chrono::milliseconds>(earliest - Clock::now()),
                       std::chrono::milliseconds(0)),
              [this] { look(); });
    }
}

// Ways to wait

void Change::ask(const std::string& command, const std::function<void(Result<std::string>)>& then) {
    busy_until_ = {};
    repeat(command, then);
}

// While it says that it is busy it has not begun with what it was asked.
void Change::repeat(const std::string& command,
                    const std::function<void(Result<std::string>)>& then) {
    multipathd_.ask(command, limits_.request,
                    [this, alive = alive_, command, then](Result<std::string> reply) {
                        if (!*alive) return;
                        const auto now = Clock::now();
                        if (reply || reply.error().errnum != EAGAIN) return then(std::move(reply));
                        if (busy_until_ == Clock::time_point()) busy_until_ = now + limits_.busy;
                        if (now >= busy_until_) return then(std::move(reply));
                        deadline_ = std::max(deadline_, now + limits_.proof);
                        after(limits_.first_look, [this, command, then] { repeat(command, then); });
                    });
}

void Change::work(std::function<Status()> work, std::function<void()> then) {
    auto status = std::make_shared<Status>(Done{});
    means_.off_loop([work = std::move(work), status] { *status = work(); },
                    [this, alive = alive_, then = std::move(then), status] {
                        if (!*alive) return;
                        if (!*status) return fail(status->error());
                        then();
                    });
}

void Change::after(std::chrono::milliseconds pause, std::function<void()> then) {
    timed_ = std::move(then);
    const auto time = static_cast<std::uint64_t>(std::chrono::microseconds(pause).count());
    if (timer_) {
        sd_event_source_set_time_relative(timer_.get(), time);
        sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
        return;
    }
    const auto on_time = [](sd_event_source*, std::uint64_t, void* self) {
        std::exchange(static_cast<Change*>(self)->timed_, nullptr)();
        return 0;
    };
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time_relative(means_.loop, &source, CLOCK_MONOTONIC, time,
                                             timer_accuracy_us, on_time, this);
    if (r >= 0) timer_.reset(source);
}

// Ends

std::string Change::stopped() const {
    return "It cannot be changed now: " + multipathd_.state() + ".";
}

void Change::fail(const Error& error) {
    fail(refused_by(error));
}

void Change::fail(Refused refused) {
    stage_ = Stage::Working;
    if (timer_) sd_event_source_set_enabled(timer_.get(), SD_EVENT_OFF);
    if (refused_) {
        // What does not run reads its file when it starts.
        if (refused.why != Refusal::TryAgain) could_not_be_put_back(refused);
        return end(*refused_);
    }
    if (resuming_ || (!recorded_ && !wrote_)) return end(std::move(refused));
    put_back(std::move(refused));
}

// Of what is put back, each part for itself: one that fails keeps no other from it.
bool Change::goes_on_without(const Error& error) {
    Refused refused = refused_by(error);
    if (!refused_ || refused.why == Refusal::TryAgain) {
        fail(std::move(refused));
        return false;
    }
    could_not_be_put_back(refused);
    return true;
}

void Change::could_not_be_put_back(const Refused& why) {
    refused_->text += " What was before could not be put back: " + why.text;
}

void Change::put_back(Refused refused) {
    refused_ = std::move(refused);
    record();
}

void Change::end(paths::Outcome outcome) {
    if (auto* refused = std::get_if<Refused>(&outcome)) {
        overrides_.set(resuming_ ? wanted_ : before_, means_.model.snapshot());
        if (refused->why == Refusal::Failed && !multipathd_.runs()) {
            refused->why = Refusal::TryAgain;
            refused->text += " " + stopped();
        }
    }
    const auto ended = std::move(ended_);
    ended(std::move(outcome)); // the last: it may destroy this
}

} // namespace mpapi::multipathd
