// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/loop_later.hpp"

#include <utility>

namespace mpapi::dcom {

Status LoopLater::start(sd_event* loop) {
    sd_event_source* source = nullptr;
    if (const int r = sd_event_add_defer(loop, &source, run, this); r < 0)
        return Error{"add", "deferred work", "", -r};
    source_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return Done{};
}

void LoopLater::operator()(std::function<void()> task) {
    tasks_.push_back(std::move(task));
    sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT);
}

int LoopLater::run(sd_event_source*, void* data) {
    auto& self = *static_cast<LoopLater*>(data);
    // What tasks add comes in the next turn, so that others of the loop have theirs.
    auto tasks = std::exchange(self.tasks_, {});
    for (auto& task : tasks)
        task();
    return 0;
}

} // namespace mpapi::dcom
