// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/dm_thread.hpp"

#include "common/system/signals_blocked.hpp"
#include "daemon/kernel/device_mapper.hpp"
#include "daemon/kernel/dm_task.hpp"
#include "daemon/kernel/map_list.hpp"

#include <pthread.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace mpapi::kernel {
namespace {

constexpr auto patience_at_end = std::chrono::seconds(2);
// So long changes are made before there is a look: what they do is to be seen soon.
constexpr auto changes_at_once = std::chrono::milliseconds(20);

struct Request {
    std::uint64_t ticket = 0;
    std::set<model::DeviceNumber> maps;
    std::set<model::DeviceNumber> glances;
    bool list = false;
    bool all = false;
};

// A known map, read again. False when it takes the list to say what became of it.
bool glance(model::DeviceNumber number, KnownMaps& known, DmSight& sight) {
    const auto before = known.find(number);
    if (before == known.end() || !before->second.facts) return false;
    auto reading = read_map(number);
    if (!reading || !*reading || !(*reading)->facts) return false;
    auto& last = before->second;
    auto& facts = *(*reading)->facts;
    if (facts == *last.facts) return true;
    // Its name in the list is mangled.
    if (facts.name != last.facts->name || facts.uuid != last.facts->uuid) return false;
    last.event_number = facts.event_number;
    last.facts = std::make_shared<const daemon::MapFacts>(std::move(facts));
    sight.present.push_back(last.facts);
    return true;
}

void look(const Request& request, KnownMaps& known, DmSight& sight) {
    const auto list = list_maps();
    if (!list) {
        sight.status = list.error();
        return;
    }
    const auto news = compare_map_lists(known, *list, request.maps, request.all);
    const auto forget = [&](model::DeviceNumber number) {
        const auto found = known.find(number);
        if (found == known.end()) return;
        if (found->second.kind == MapKind::Multipath) sight.gone.push_back(number);
        known.erase(found);
    };
    for (const auto number : news.gone)
        forget(number);

    std::map<model::DeviceNumber, const ListedMap*> listed;
    for (const auto& map : *list)
        listed.emplace(map.number, &map);
    for (const auto number : news.to_read) {
        auto reading = read_map(number);
        if (!reading) {
            // Left as it was, and undecided where it is new: the next look tries again.
            sight.troubles.push_back(reading.error());
            known.try_emplace(number, KnownMap{listed[number]->name, 0, MapKind::Undecided, {}});
            continue;
        }
        if (!*reading) {
            forget(number);
            continue;
        }
        auto& map = **reading;
        const auto before = known.find(number);
        if (before != known.end() && before->second.kind == MapKind::Multipath && !map.facts)
            sight.gone.push_back(number);
        auto& now = known[number];
        now = {listed[number]->name, listed[number]->event_number, map.kind, {}};
        if (!map.facts) continue;
        now.facts = std::make_shared<const daemon::MapFacts>(std::move(*map.facts));
        sight.present.push_back(now.facts);
    }
}

// Nothing where a glance showed nothing new.
std::optional<DmSight> carry_out(Request request, KnownMaps& known) {
    DmSight sight;
    sight.ticket = request.ticket;
    if (!request.all)
        for (const auto number : request.glances)
            if (!glance(number, known, sight)) request.maps.insert(number);
    if (request.list || !request.maps.empty())
        look(request, known, sight);
    else if (sight.present.empty())
        return std::nullopt;
    return sight;
}

} // namespace

struct DmThread::Shared {
    std::mutex mutex;
    std::condition_variable changed;
    Request pending;
    std::uint64_t next_ticket = 1;
    bool asked = false;
    bool stop = false;
    bool ended = false;
    std::deque<std::pair<std::uint64_t, MapChange>> changes;
    std::uint64_t next_change = 1;
    std::vector<DmSight> sights;
    Fd wake;

    // The tickets given so far: a sight of some maps alone answers no other.
    void glance_at(model::DeviceNumber map) {
        pending.ticket = next_ticket - 1;
        pending.glances.insert(map);
    }
    std::vector<EndedChange> make_changes(std::unique_lock<std::mutex>& lock);
};

// `lock` is held but while a change is made.
std::vector<EndedChange> DmThread::Shared::make_changes(std::unique_lock<std::mutex>& lock) {
    std::vector<EndedChange> made;
    const auto began = std::chrono::steady_clock::now();
    while (!changes.empty() && !stop &&
           std::chrono::steady_clock::now() - began < changes_at_once) {
        const auto [number, change] = std::move(changes.front());
        changes.pop_front();
        lock.unlock();
        auto status = make_change(change);
        lock.lock();
        made.push_back({number, std::move(status)});
        glance_at(change.map.number);
    }
    return made;
}

Result<std::unique_ptr<DmThread>> DmThread::start() {
    auto shared = std::make_shared<Shared>();
    shared->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!shared->wake) return Error{"make an event descriptor", "", "", errno};

    const SignalsBlocked here;
    try {
        std::thread([shared] { work(shared); }).detach();
    } catch (const std::system_error& failure) {
        return Error{"start the device-mapper thread", "", "", failure.code().value()};
    }
    return std::unique_ptr<DmThread>(new DmThread(std::move(shared)));
}

DmThread::DmThread(std::shared_ptr<Shared> shared)
  : shared_(std::move(shared)) {}

DmThread::~DmThread() {
    std::unique_lock lock(shared_->mutex);
    shared_->stop = true;
    shared_->changed.notify_all();
    shared_->changed.wait_for(lock, patience_at_end, [this] { return shared_->ended; });
}

int DmThread::descriptor() const noexcept {
    return shared_->wake.get();
}

std::vector<DmSight> DmThread::take() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto size = ::read(shared_->wake.get(), &count, sizeof count);
    const std::lock_guard lock(shared_->mutex);
    return std::exchange(shared_->sights, {});
}

std::uint64_t DmThread::look() {
    const std::lock_guard lock(shared_->mutex);
    shared_->pending.ticket = shared_->next_ticket++;
    shared_->pending.list = true;
    shared_->asked = true;
    shared_->changed.notify_all();
    return shared_->pending.ticket;
}

std::uint64_t DmThread::look_at(model::DeviceNumber map) {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->pending.maps.insert(map);
    }
    return look();
}

std::uint64_t DmThread::look_at_all() {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->pending.all = true;
    }
    return look();
}

void DmThread::glance_at(const std::vector<model::DeviceNumber>& maps) {
    const std::lock_guard lock(shared_->mutex);
    for (const auto map : maps)
        shared_->glance_at(map);
    shared_->asked = true;
    shared_->changed.notify_all();
}

std::uint64_t DmThread::change(MapChange change) {
    const std::lock_guard lock(shared_->mutex);
    const auto number = shared_->next_change++;
    shared_->changes.emplace_back(number, std::move(change));
    shared_->changed.notify_all();
    return number;
}

bool DmThread::withdraw(std::uint64_t number) {
    const std::lock_guard lock(shared_->mutex);
    auto& changes = shared_->changes;
    const auto found = std::find_if(changes.begin(), changes.end(),
                                    [number](const auto& one) { return one.first == number; });
    if (found == changes.end()) return false;
    changes.erase(found);
    return true;
}

void DmThread::work(const std::shared_ptr<Shared>& shared) {
    pthread_setname_np(pthread_self(), "device-mapper");
    prepare_device_mapper_library();
    KnownMaps known;
    std::string version;
    std::unique_lock lock(shared->mutex);
    while (true) {
        shared->changed.wait(
            lock, [&] { return shared->asked || !shared->changes.empty() || shared->stop; });
        if (shared->stop) break;
        auto made = shared->make_changes(lock);
        auto request = std::exchange(shared->pending, {});
        shared->asked = false;
        lock.unlock();

        const auto ticket = request.ticket;
        auto seen = carry_out(std::move(request), known);
        if (!seen && made.empty()) {
            lock.lock();
            continue;
        }
        DmSight sight;
        sight.ticket = ticket;
        if (seen) sight = std::move(*seen);
        sight.ended = std::move(made);
        // The target's module may be loaded with the first map.
        if (version.empty())
            if (auto found = multipath_target_version()) version = std::move(*found);
        sight.target_version = version;

        lock.lock();
        shared->sights.push_back(std::move(sight));
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto size = ::write(shared->wake.get(), &one, sizeof one);
    }
    shared->ended = true;
    shared->changed.notify_all();
}

} // namespace mpapi::kernel
