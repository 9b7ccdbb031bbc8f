// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <unistd.h>

namespace mpapi::library {

// Owns a file descriptor.
class Fd {
  public:
    explicit Fd(int fd) noexcept
      : fd_(fd) {}
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

  private:
    int fd_;
};

} // namespace mpapi::library
