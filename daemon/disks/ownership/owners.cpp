// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/ownership/owners.hpp"

#include "common/bus/object_label.hpp"
#include "common/system/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <syslog.h>

namespace mpapi::disks {

namespace {

constexpr std::uint64_t kAccuracyUs = 10'000;

class LoopAlarm final : public Alarm {
  public:
    explicit LoopAlarm(sd_event* loop)
      : loop_(loop) {}

    Time now() const override { return std::chrono::steady_clock::now(); }
    void set(Time when, std::function<void()> then) override {
        then_ = std::move(then);
        sd_event_source* source = nullptr;
        const auto ring = [](sd_event_source*, std::uint64_t, void* self) {
            // It may set the alarm anew.
            const auto call = std::exchange(static_cast<LoopAlarm*>(self)->then_, nullptr);
            if (call) call();
            return 0;
        };
        if (sd_event_add_time(loop_, &source, CLOCK_MONOTONIC, to_usec(when), kAccuracyUs, ring,
                              this) >= 0)
            source_.reset(source);
    }
    void stop() override {
        source_.reset();
        then_ = nullptr;
    }

  private:
    sd_event* loop_;
    std::function<void()> then_;
    EventSource source_;
};

bool has_new_path(const DiskPtr& before, const Disk& after) {
    return std::any_of(after.nexuses.begin(), after.nexuses.end(), [&](const Nexus& nexus) {
        if (!nexus.usable) return false;
        if (!before) return true;
        return std::none_of(before->nexuses.begin(), before->nexuses.end(), [&](const Nexus& old) {
            return old.usable && old.number == nexus.number && old.same_place(nexus);
        });
    });
}

} // namespace

struct Owners::Entry {
    Entry(Owners& owners, const std::string& id)
      : alarm(owners.means_.loop)
      , unit(owners.means_.reservations, [find = owners.means_.find, id] { return find(id); })
      , keeper(owners.means_.path_keeper ? owners.means_.path_keeper(id) : nullptr)
      , ownership(unit, keeper.get(), alarm, owners.means_.reservations.key(),
                  Ownership::Observer{
                      [&owners, id](OwnershipState state) { owners.changed(id, state); },
                      [&owners, id](const std::string& why) { owners.means_.lost(id, why); },
                      [&owners, id](const std::string& text) {
                          owners.means_.note(LOG_WARNING, "disk " + id + ": " + text);
                      }},
                  owners.means_.times) {}

    LoopAlarm alarm;
    DiskReservations unit;
    std::unique_ptr<PathKeeper> keeper;
    Ownership ownership;
};

Owners::Owners(Means means, const std::vector<DiskPtr>& present)
  : means_(std::move(means)) {
    for (const auto& [label, key] : means_.marks.all()) {
        const auto id = bus::unescape(label);
        if (id && key == std::to_string(means_.reservations.key())) left_.insert(*id);
    }
    for (const auto& disk : present)
        restore(disk);
}

Owners::~Owners() = default;

Owners::Entry& Owners::entry(const std::string& id) {
    auto& found = entries_[id];
    if (!found) found = std::make_unique<Entry>(*this, id);
    return *found;
}

OwnershipState Owners::state(const std::string& id) const {
    const auto found = entries_.find(id);
    return found == entries_.end() ? OwnershipState::None : found->second->ownership.state();
}

void Owners::arbitrate(const std::string& id, Ended ended) {
    if (!means_.find(id)) return ended(Error{"arbitrate", id, "it is gone", ENODEV});
    entry(id).ownership.arbitrate(std::move(ended));
}

void Owners::stop(const std::string& id, Ended ended) {
    if (entries_.count(id) == 0)
        return ended(Error{"stop the defence", id, "the disk is not owned by this node", EPERM});
    entry(id).ownership.stop(std::move(ended));
}

void Owners::admit(const std::string& id, const Nexus& nexus, Ended ended) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return ended(Done{});
    found->second->ownership.admit(found->second->unit.path(nexus), std::move(ended));
}

void Owners::changed(const std::string& id, OwnershipState state) {
    // While it is released it is not given up yet.
    const std::string label = bus::escape(id);
    auto marked = Status(Done{});
    if (state == OwnershipState::None) marked = means_.marks.clear(label);
    if (state == OwnershipState::Owned)
        marked = means_.marks.set(label, std::to_string(means_.reservations.key()));
    if (!marked) means_.note(LOG_WARNING, marked.error().message());
    means_.changed(id, state);
}

void Owners::restore(const DiskPtr& disk) {
    if (left_.erase(disk->id) == 0) return;
    auto& found = entry(disk->id);
    found.unit.trust_our_key();
    found.ownership.resume([](const Status&) {}); // the observer is told
}

// A disk that is gone stays with its machine: it cannot be read, and is given up in time.
void Owners::disk_changed(const DiskPtr& before, const DiskPtr& after) {
    if (!after) return;
    restore(after);
    const auto found = entries_.find(after->id);
    if (found != entries_.end() && has_new_path(before, *after))
        found->second->ownership.path_returned();
}

} // namespace mpapi::disks
