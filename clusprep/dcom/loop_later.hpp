// SPDX-License-Identifier: LGPL-2.1-or-later
//
// `Later` on an sd-event loop.
#pragma once

#include "clusprep/dcom/object_table.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <deque>
#include <functional>

namespace mpapi::dcom {

class LoopLater {
  public:
    // The loop outlives it; what still waits when it goes is dropped.
    LoopLater() = default;
    LoopLater(const LoopLater&) = delete;
    LoopLater& operator=(const LoopLater&) = delete;
    Status start(sd_event* loop);

    void operator()(std::function<void()> task);

  private:
    static int run(sd_event_source* source, void* data);

    std::deque<std::function<void()>> tasks_;
    EventSource source_;
};

} // namespace mpapi::dcom
