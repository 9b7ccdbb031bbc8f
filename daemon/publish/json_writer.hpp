// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes JSON (RFC 8259) to a buffer that its owner empties from time to time. Always well-formed
// UTF-8, whatever bytes a device put into a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mpapi::publish {

class JsonWriter {
  public:
    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void text(std::string_view value);
    void number(std::uint64_t value);
    void signed_number(std::int64_t value);
    void boolean(bool value);
    void null();
    // For people who open the file: a line feed that changes no meaning.
    void new_line() { buffer_ += '\n'; }

    std::string& buffer() { return buffer_; }

  private:
    void open(char bracket);
    void close(char bracket);
    void separate();
    void quoted(std::string_view value);

    std::string buffer_;
    bool comma_ = false;
};

} // namespace mpapi::publish
