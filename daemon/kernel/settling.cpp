// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelHardware::settle(). In order: udev's queue is seen empty; the events it sent are taken from
// the socket; disks are compared with sysfs and their states read, for what a uevent is under way
// to udevd for, or none exists; the maps are listed and all multipath maps read. Who waits is told
// then, or at the deadline.
#include "daemon/kernel/hardware.hpp"

#include <cerrno>
#include <ctime>
#include <utility>

namespace mpapi::kernel {

void KernelHardware::settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) {
    auto waiting = std::make_unique<Settling>();
    waiting->owner = this;
    waiting->done = std::move(done);
    sd_event_source* source = nullptr;
    const auto microseconds =
        std::chrono::duration_cast<std::chrono::microseconds>(std::max(timeout, timeout.zero()));
    const int r = sd_event_add_time_relative(
        loop_, &source, CLOCK_MONOTONIC, static_cast<std::uint64_t>(microseconds.count()), 0,
        [](sd_event_source*, std::uint64_t, void* data) {
            auto* late = static_cast<Settling*>(data);
            auto& all = late->owner->settling_;
            for (auto one = all.begin(); one != all.end(); ++one) {
                if (one->get() != late) continue;
                const auto ended = std::move(*one);
                all.erase(one);
                const char* what =
                    ended->ticket ? "device-mapper did not answer in time" : "udev is still busy";
                ended->done(Error{"settle", "", what, ETIMEDOUT});
                break;
            }
            return 0;
        },
        waiting.get());
    if (r >= 0) waiting->deadline.reset(source);
    settling_.push_back(std::move(waiting));
    wake_settling();
}

// Not at once: whoever calls settle() or handles an event is not called back out of it.
void KernelHardware::wake_settling() {
    if (!settling_.empty()) sd_event_source_set_enabled(settling_source_.get(), SD_EVENT_ONESHOT);
}

bool KernelHardware::udev_is_done() {
    if (list_wanted_ || !to_look_at_.empty()) return false;
    if (queue_.empty()) return true;
    if (!queue_source_) {
        // Looked at again after the watch began, for it may have ended in between.
        if (!queue_.watch()) return queue_.empty();
        const auto watched = watch_descriptor(queue_source_, queue_.descriptor(),
                                              [](sd_event_source*, int, std::uint32_t, void* self) {
                                                  auto* hardware =
                                                      static_cast<KernelHardware*>(self);
                                                  hardware->queue_.drain();
                                                  hardware->wake_settling();
                                                  return 0;
                                              });
        if (!watched) return queue_.empty();
    }
    return queue_.empty();
}

void KernelHardware::look_at_unannounced() {
    const auto present = list_disks();
    for (const auto& name : disks_->devices())
        if (present.count(name) == 0) disks_->gone(name);
    for (const auto& name : present)
        if (!disks_->knows(name)) look_at_disk(name);
    disks_->look_at_states();
}

void KernelHardware::advance_settling() {
    bool waits_for_udev = false;
    for (const auto& waiting : settling_)
        waits_for_udev = waits_for_udev || !waiting->ticket;
    if (waits_for_udev && udev_is_done()) {
        // This may find events lost, and then the disks come first.
        const bool drained = !udev_ || receive_uevents();
        if (drained && !list_wanted_ && to_look_at_.empty()) {
            waits_for_udev = false;
            look_at_unannounced();
            connect_device_mapper();
            const auto ticket = dm_ ? dm_->look_at_all() : answered_;
            for (const auto& waiting : settling_)
                if (!waiting->ticket) waiting->ticket = ticket;
        }
    }
    if (!waits_for_udev) {
        queue_source_.reset();
        queue_.unwatch();
    }

    std::list<std::unique_ptr<Settling>> ended;
    for (auto one = settling_.begin(); one != settling_.end();) {
        const auto next = std::next(one);
        if ((*one)->ticket && *(*one)->ticket <= answered_)
            ended.splice(ended.end(), settling_, one);
        one = next;
    }
    for (const auto& one : ended) {
        one->deadline.reset();
        one->done(Done{});
    }
}

} // namespace mpapi::kernel
