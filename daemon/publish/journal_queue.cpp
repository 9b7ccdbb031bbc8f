// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/journal_queue.hpp"

#include "common/system/signals_blocked.hpp"
#include "daemon/publish/message_ids.hpp"

#include <pthread.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include <chrono>
#include <thread>
#include <utility>

namespace mpapi::publish {

JournalQueue::JournalQueue(Write write)
  : shared_(std::make_shared<Shared>()) {
    shared_->write = std::move(write);
}

JournalQueue::~JournalQueue() {
    if (!started_) return;
    std::unique_lock lock(shared_->mutex);
    shared_->stop = true;
    shared_->changed.notify_all();
    shared_->changed.wait_for(lock, std::chrono::seconds(1), [this] { return shared_->ended; });
}

void JournalQueue::put(JournalEntry entry) {
    {
        std::lock_guard lock(shared_->mutex);
        if (shared_->waiting.size() >= kMost) {
            ++shared_->left_out;
            return;
        }
        shared_->waiting.push_back(std::move(entry));
    }
    if (!std::exchange(started_, true)) start(shared_);
    shared_->changed.notify_all();
}

void JournalQueue::start(const std::shared_ptr<Shared>& shared) {
    const SignalsBlocked here;
    std::thread([shared] { run(shared); }).detach();
}

void JournalQueue::run(const std::shared_ptr<Shared>& shared) {
    pthread_setname_np(pthread_self(), "journal");
    std::unique_lock lock(shared->mutex);
    for (;;) {
        shared->changed.wait(lock, [&] { return shared->stop || !shared->waiting.empty(); });
        if (shared->waiting.empty()) break;
        std::deque<JournalEntry> entries;
        entries.swap(shared->waiting);
        const std::size_t left_out = std::exchange(shared->left_out, 0);
        lock.unlock();
        for (const auto& entry : entries)
            shared->write(entry);
        if (left_out != 0) {
            const std::string count = std::to_string(left_out);
            shared->write({"MESSAGE=" + count + " entries were left out: the journal was slow",
                           "MESSAGE_ID=" + std::string(message_id::kLeftOut),
                           "PRIORITY=" + std::to_string(LOG_WARNING), "MPAPI_COUNT=" + count});
        }
        lock.lock();
    }
    shared->ended = true;
    shared->changed.notify_all();
}

void write_to_journald(const JournalEntry& entry) {
    std::vector<iovec> parts;
    parts.reserve(entry.size());
    for (const auto& field : entry)
        parts.push_back({const_cast<char*>(field.data()), field.size()});
    // Without journald there is nobody to tell, and a failure here is nobody's news.
    (void)sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

} // namespace mpapi::publish
