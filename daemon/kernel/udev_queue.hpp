// SPDX-License-Identifier: LGPL-2.1-or-later
//
// udev's queue of events in work. udevd keeps the file /run/udev/queue while it has any (what
// `udevadm settle` looks at); inotify on the folder tells when it goes.
//
// Loop's thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <string>

namespace mpapi::kernel {

class UdevQueue {
  public:
    explicit UdevQueue(std::string folder = "/run/udev")
      : folder_(std::move(folder)) {}

    // True also where no udevd runs.
    bool empty() const;
    // From now on the descriptor becomes readable when something in the folder goes.
    Status watch();
    int descriptor() const noexcept { return inotify_.get(); }
    void drain();
    void unwatch() { inotify_.reset(); }

  private:
    std::string folder_;
    Fd inotify_;
};

} // namespace mpapi::kernel
