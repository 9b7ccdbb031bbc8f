// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>

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

// Should it be a FIFO, nobody waits for a writer. Throws bad_alloc if there is no descriptor or no
// memory left now, which says nothing about the file: else errno does.
inline Fd open_to_read(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM)) throw std::bad_alloc();
    return Fd(fd);
}

} // namespace mpapi::library
