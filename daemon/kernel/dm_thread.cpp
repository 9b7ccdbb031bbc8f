// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/dm_thread.hpp"

#include "daemon/kernel/device_mapper.hpp"
#include "daemon/kernel/map_list.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace mpapi::kernel {
namespace {

constexpr auto patience_at_end = std::chrono::seconds(2);

struct Request {
    std::uint64_t ticket = 0;
    std::set<model::DeviceNumber> maps;
    bool all = false;
};

DmSight carry_out(const Request& request, KnownMaps& known) {
    DmSight sight;
    sight.ticket = request.ticket;
    const auto list = list_maps();
    if (!list) {
        sight.status = list.error();
        return sight;
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
        const auto reading = read_map(number);
        if (!reading) {
            // Left as it was, and undecided where it is new: the next look tries again.
            sight.troubles.push_back(reading.error());
            known.try_emplace(number, KnownMap{listed[number]->name, 0, MapKind::Undecided});
            continue;
        }
        if (!*reading) {
            forget(number);
            continue;
        }
        const auto& map = **reading;
        const auto before = known.find(number);
        if (before != known.end() && before->second.kind == MapKind::Multipath && !map.facts)
            sight.gone.push_back(number);
        if (map.facts) sight.present.push_back(*map.facts);
        known[number] = {listed[number]->name, listed[number]->event_number, map.kind};
    }
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
    std::vector<DmSight> sights;
    Fd wake;
};

Result<std::unique_ptr<DmThread>> DmThread::start() {
    auto shared = std::make_shared<Shared>();
    shared->wake.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!shared->wake) return Error{"make an event descriptor", "", "", errno};

    // Signals are the loop's.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    Status started = Done{};
    try {
        std::thread([shared] { work(shared); }).detach();
    } catch (const std::system_error& failure) {
        started = Error{"start the device-mapper thread", "", "", failure.code().value()};
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (!started) return started.error();
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

void DmThread::work(const std::shared_ptr<Shared>& shared) {
    pthread_setname_np(pthread_self(), "device-mapper");
    prepare_device_mapper_library();
    KnownMaps known;
    std::string version;
    std::unique_lock lock(shared->mutex);
    while (true) {
        shared->changed.wait(lock, [&] { return shared->asked || shared->stop; });
        if (shared->stop) break;
        const auto request = std::exchange(shared->pending, {});
        shared->asked = false;
        lock.unlock();

        auto sight = carry_out(request, known);
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
