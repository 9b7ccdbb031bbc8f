// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/object_ids_writer.hpp"

#include "common/system/signals_blocked.hpp"

#include <pthread.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace mpapi::daemon {

struct ObjectIdsWriter::Shared {
    struct Whole {
        std::vector<ObjectIdsRecord> records;
        model::Sequence reserved = 0;
    };

    explicit Shared(ObjectIdsFile to)
      : file(std::move(to)) {}

    ObjectIdsFile file; // the thread's
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<Whole> whole; // goes before the lines
    std::string lines;
    bool durable = false;
    bool writing = false;
    bool replacing = false;
    std::optional<Error> failure; // since then nothing is taken but the whole
    bool stop = false;
    bool ended = false;

    bool idle() const { return !writing && !whole && lines.empty(); }
};

ObjectIdsWriter::ObjectIdsWriter(ObjectIdsFile file, const Status& so_far)
  : shared_(std::make_shared<Shared>(std::move(file))) {
    if (!so_far) shared_->failure = so_far.error();
}

ObjectIdsWriter::~ObjectIdsWriter() {
    if (!started_) return;
    std::unique_lock lock(shared_->mutex);
    shared_->stop = true;
    shared_->changed.notify_all();
    shared_->changed.wait_for(lock, std::chrono::seconds(1), [this] { return shared_->ended; });
}

void ObjectIdsWriter::append(std::string_view lines, bool durable) {
    {
        const std::lock_guard lock(shared_->mutex);
        if (shared_->failure) return;
        if (shared_->lines.size() + lines.size() > kMostWaiting) {
            shared_->failure = Error{"write", "object ids", "the disk does not take them", 0};
            shared_->lines.clear();
            return;
        }
        shared_->lines += lines;
        shared_->durable |= durable;
    }
    start();
}

void ObjectIdsWriter::replace(std::vector<ObjectIdsRecord> records, model::Sequence reserved) {
    {
        const std::lock_guard lock(shared_->mutex);
        shared_->whole = {std::move(records), reserved};
        shared_->lines.clear();
        shared_->failure.reset();
    }
    start();
}

void ObjectIdsWriter::start() {
    if (!std::exchange(started_, true)) {
        const SignalsBlocked here;
        std::thread([shared = shared_] { run(shared); }).detach();
    }
    shared_->changed.notify_all();
}

ObjectIdsWriter::Condition ObjectIdsWriter::condition() const {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->failure) return {State::Failed, *shared_->failure};
    return {shared_->whole || shared_->replacing ? State::Replacing : State::Sound, {}};
}

Status ObjectIdsWriter::written(std::chrono::milliseconds timeout) const {
    std::unique_lock lock(shared_->mutex);
    if (!shared_->changed.wait_for(lock, timeout, [this] { return shared_->idle(); }))
        return Error{"write", "object ids", "", ETIMEDOUT};
    if (shared_->failure) return *shared_->failure;
    return Done{};
}

void ObjectIdsWriter::run(const std::shared_ptr<Shared>& shared) {
    pthread_setname_np(pthread_self(), "object-ids");
    std::unique_lock lock(shared->mutex);
    for (;;) {
        shared->changed.wait(lock, [&] { return shared->stop || !shared->idle(); });
        if (shared->idle()) break;
        auto whole = std::exchange(shared->whole, std::nullopt);
        const std::string lines = std::exchange(shared->lines, {});
        const bool durable = std::exchange(shared->durable, false);
        shared->writing = true;
        shared->replacing = whole.has_value();
        lock.unlock();
        Status written = Done{};
        if (whole) written = shared->file.replace(std::move(whole->records), whole->reserved);
        whole.reset();
        if (written && !lines.empty()) written = shared->file.append(lines, durable);
        lock.lock();
        shared->writing = shared->replacing = false;
        // The whole that came meanwhile makes it good.
        if (!written && !shared->whole) {
            shared->failure = written.error();
            shared->lines.clear();
        }
        shared->changed.notify_all();
    }
    shared->ended = true;
    shared->changed.notify_all();
}

} // namespace mpapi::daemon
