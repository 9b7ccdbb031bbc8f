// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Owners of what C hands out: each closes or drops its own when it goes.
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <memory>
#include <utility>

namespace mpapi {

class Fd {
  public:
    Fd() = default;
    explicit Fd(int fd) noexcept
      : fd_(fd) {}
    Fd(Fd&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    ~Fd() { reset(); }

    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) ::close(fd_);
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

template <auto Drop>
struct DropWith {
    template <typename T>
    void operator()(T* pointer) const noexcept {
        Drop(pointer);
    }
};

using EventLoop = std::unique_ptr<sd_event, DropWith<sd_event_unref>>;
// Dropping a source also disables it, whoever else still refers to it.
using EventSource = std::unique_ptr<sd_event_source, DropWith<sd_event_source_disable_unref>>;
using Bus = std::unique_ptr<sd_bus, DropWith<sd_bus_close_unref>>;
using BusMessage = std::unique_ptr<sd_bus_message, DropWith<sd_bus_message_unref>>;
using BusSlot = std::unique_ptr<sd_bus_slot, DropWith<sd_bus_slot_unref>>;

} // namespace mpapi
