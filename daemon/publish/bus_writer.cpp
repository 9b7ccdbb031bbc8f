// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/bus_writer.hpp"

#include "daemon/publish/text.hpp"

#include <cstring>

namespace mpapi::publish {

void BusWriter::basic(char type, const void* value, std::size_t size) {
    if (status_ < 0) return;
    const int r = sd_bus_message_append_basic(message_, type, value);
    if (r < 0) status_ = r;
    bytes_ += size;
}

void BusWriter::boolean(bool value) {
    const int wide = value;
    basic('b', &wide, 8);
}

void BusWriter::u8(std::uint8_t value) {
    basic('y', &value, 1);
}

void BusWriter::u16(std::uint16_t value) {
    basic('q', &value, 4);
}

void BusWriter::u32(std::uint32_t value) {
    basic('u', &value, 8);
}

void BusWriter::u64(std::uint64_t value) {
    basic('t', &value, 16);
}

void BusWriter::real(double value) {
    basic('d', &value, 16);
}

void BusWriter::text(std::string_view value) {
    if (status_ < 0) return;
    std::string scratch;
    value = presentable(value, scratch);
    char* space = nullptr;
    const int r = sd_bus_message_append_string_space(message_, value.size(), &space);
    if (r < 0) {
        status_ = r;
        return;
    }
    if (!value.empty()) std::memcpy(space, value.data(), value.size());
    bytes_ += value.size() + 8;
}

void BusWriter::path(const char* value) {
    basic('o', value, std::strlen(value) + 8);
}

void BusWriter::bytes(std::span<const std::uint8_t> value) {
    if (status_ < 0) return;
    const int r = sd_bus_message_append_array(message_, 'y', value.data(), value.size());
    if (r < 0) status_ = r;
    bytes_ += value.size() + 8;
}

void BusWriter::descriptor(int fd) {
    basic('h', &fd, 8);
}

void BusWriter::open(char type, const char* contents) {
    if (status_ < 0) return;
    const int r = sd_bus_message_open_container(message_, type, contents);
    if (r < 0) status_ = r;
    bytes_ += type == 'v' ? std::strlen(contents) + 2 : 8;
}

void BusWriter::close() {
    if (status_ < 0) return;
    const int r = sd_bus_message_close_container(message_);
    if (r < 0) status_ = r;
}

} // namespace mpapi::publish
