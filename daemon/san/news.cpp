// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/news.hpp"

#include <sys/eventfd.h>

namespace mpapi::san {

News::News()
  : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void News::post(Notice notice) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(notice);
    // The counter stays at one write for any number of notices, so it never blocks.
    if (waiting_.size() == 1) (void)eventfd_write(wake_.get(), 1);
}

std::vector<Notice> News::take() {
    std::vector<Notice> taken;
    const std::lock_guard lock(mutex_);
    eventfd_t count = 0;
    (void)eventfd_read(wake_.get(), &count);
    taken.swap(waiting_);
    return taken;
}

bool News::idle() {
    const std::lock_guard lock(mutex_);
    return waiting_.empty();
}

} // namespace mpapi::san
