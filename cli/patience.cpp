// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/patience.hpp"

#include "cli/text.hpp"

#include <cstdio>
#include <utility>

#include <unistd.h>

namespace mpapi::cli {

Patience::Patience(std::string text) {
    if (::isatty(STDERR_FILENO) == 0) return;
    teller_ = std::thread([this, text = std::move(text)] {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, kMoment, [this] { return over_; }))
            std::fprintf(stderr, "mpathadm: %s\n", printable(text).c_str());
    });
}

Patience::~Patience() {
    if (!teller_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    teller_.join();
}

} // namespace mpapi::cli
