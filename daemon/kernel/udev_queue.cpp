// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/udev_queue.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mpapi::kernel {

bool UdevQueue::empty() const {
    return ::access((folder_ + "/queue").c_str(), F_OK) != 0;
}

Status UdevQueue::watch() {
    if (inotify_) return Done{};
    Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify) return Error{"watch", folder_, "", errno};
    // Without the folder there is no udevd, and the queue is empty.
    if (::inotify_add_watch(inotify.get(), folder_.c_str(), IN_DELETE | IN_ONLYDIR) < 0 &&
        errno != ENOENT)
        return Error{"watch", folder_, "", errno};
    inotify_ = std::move(inotify);
    return Done{};
}

void UdevQueue::drain() {
    alignas(inotify_event) std::array<char, 4096> events{};
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
}

} // namespace mpapi::kernel
