// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One thread for calls into a library that blocks. Work is done in order; what it yields is handed
// over on the loop. A call that never returns holds up the others and nothing else: at the end the
// thread is left alone with what it works on.
#pragma once

#include "common/system/handle.hpp"

#include <cstddef>
#include <functional>
#include <memory>

#include "common/result.hpp"

namespace mpapi::rpc {

class Worker {
  public:
    // Runs on the thread; what it returns runs on the loop. Must own all it uses.
    using Work = std::function<std::function<void()>()>;

    // The loop must outlive it. `most` waits at a time.
    static Result<std::unique_ptr<Worker>> start(sd_event* loop, std::size_t most = 64);
    // Work that has not begun is dropped, and so is what the running one yields.
    ~Worker();

    // Whether there was room.
    bool submit(Work work);

  private:
    struct Shared;
    Worker() = default;
    static int yielded(sd_event_source* source, int fd, std::uint32_t events, void* data);

    std::shared_ptr<Shared> shared_;
    EventSource source_;
};

} // namespace mpapi::rpc
