// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Appends values to a message. The first failure sticks and is asked for once at the end, so that
// code which builds a message reads as the message does.
#pragma once

#include <systemd/sd-bus.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mpapi::publish {

class BusWriter {
  public:
    // Borrows the message.
    explicit BusWriter(sd_bus_message* message)
      : message_(message) {}

    void boolean(bool value);
    void u8(std::uint8_t value);
    void u16(std::uint16_t value);
    void u32(std::uint32_t value);
    void u64(std::uint64_t value);
    void real(double value);
    // Bytes that may not stand on the bus are replaced (text.hpp).
    void text(std::string_view value);
    void path(const char* value);
    void bytes(std::span<const std::uint8_t> value); // ay
    void descriptor(int fd);                         // h; the message has a copy
    void open(char type, const char* contents);
    void close();

    // 0 or a negative errno.
    int status() const { return status_; }
    // No less than the bytes appended so far, and not much more.
    std::size_t bytes() const { return bytes_; }

  private:
    void basic(char type, const void* value, std::size_t size);

    sd_bus_message* message_;
    int status_ = 0;
    std::size_t bytes_ = 0;
};

} // namespace mpapi::publish
