// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/disk_events.hpp"

#include "daemon/disks/other_disks.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr int kAtOnce = 64; // events, in one turn of the loop

Error failure(const char* action, int result) {
    return {action, "udev's events of disks", "", result < 0 ? -result : errno};
}

} // namespace

Result<std::unique_ptr<DiskEvents>> DiskEvents::open(sd_event* loop,
                                                     std::function<void()> changed) {
    std::unique_ptr<DiskEvents> self(new DiskEvents);
    self->changed_ = std::move(changed);
    self->context_.reset(udev_new());
    if (!self->context_) return failure("subscribe to", 0);
    self->monitor_.reset(udev_monitor_new_from_netlink(self->context_.get(), "udev"));
    if (!self->monitor_) return failure("subscribe to", 0);
    int r = udev_monitor_filter_add_match_subsystem_devtype(self->monitor_.get(), "block", "disk");
    if (r >= 0) r = udev_monitor_enable_receiving(self->monitor_.get());
    if (r < 0) return failure("subscribe to", r);
    sd_event_source* source = nullptr;
    const auto wake = [](sd_event_source*, int, std::uint32_t, void* events) {
        static_cast<DiskEvents*>(events)->read();
        return 0;
    };
    r = sd_event_add_io(loop, &source, udev_monitor_get_fd(self->monitor_.get()), EPOLLIN, wake,
                        self.get());
    if (r < 0) return failure("listen to", r);
    self->source_.reset(source);
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 10); // the model's go first
    return self;
}

void DiskEvents::read() {
    bool any = false;
    for (int n = 0; n < kAtOnce; ++n) {
        errno = 0;
        const std::unique_ptr<udev_device, DropWith<udev_device_unref>> device(
            udev_monitor_receive_device(monitor_.get()));
        if (!device) {
            any |= errno == ENOBUFS;
            break;
        }
        const char* name = udev_device_get_sysname(device.get());
        any |= name && is_other_disk(name);
    }
    if (any) changed_();
}

} // namespace mpapi::disks
