// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/json_writer.hpp"

#include "daemon/publish/text.hpp"

namespace mpapi::publish {

void JsonWriter::separate() {
    if (comma_) buffer_ += ',';
    comma_ = true;
}

void JsonWriter::open(char bracket) {
    separate();
    buffer_ += bracket;
    comma_ = false;
}

void JsonWriter::close(char bracket) {
    buffer_ += bracket;
    comma_ = true;
}

void JsonWriter::key(std::string_view name) {
    separate();
    quoted(name);
    buffer_ += ':';
    comma_ = false;
}

void JsonWriter::text(std::string_view value) {
    separate();
    quoted(value);
}

void JsonWriter::number(std::uint64_t value) {
    separate();
    buffer_ += std::to_string(value);
}

void JsonWriter::signed_number(std::int64_t value) {
    separate();
    buffer_ += std::to_string(value);
}

void JsonWriter::boolean(bool value) {
    separate();
    buffer_ += value ? "true" : "false";
}

void JsonWriter::null() {
    separate();
    buffer_ += "null";
}

void JsonWriter::quoted(std::string_view value) {
    static constexpr char hex[] = "0123456789abcdef";
    std::string scratch;
    value = presentable(value, scratch);
    buffer_ += '"';
    for (char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            buffer_ += '\\';
            buffer_ += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            buffer_ += "\\u00";
            buffer_ += hex[byte >> 4];
            buffer_ += hex[byte & 0xf];
        } else {
            buffer_ += c;
        }
    }
    buffer_ += '"';
}

} // namespace mpapi::publish
