// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/inherited.hpp"

#include <unistd.h>

namespace mpapi::plugin {

constinit std::array<std::atomic<int>, Inherited::kNoted> Inherited::noted{};

Inherited::Inherited(int fd) noexcept {
    for (auto& place : noted) {
        int expected = 0;
        if (!place.compare_exchange_strong(expected, fd + 1)) continue;
        place_ = &place;
        return;
    }
}

Inherited::~Inherited() {
    if (place_) place_->store(0);
}

void Inherited::close_all() noexcept {
    for (auto& place : noted)
        if (const int fd = place.exchange(0) - 1; fd >= 0) ::close(fd);
}

} // namespace mpapi::plugin
