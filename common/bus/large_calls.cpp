// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/large_calls.hpp"

#include <cstring>
#include <string_view>

namespace mpapi::bus {

namespace {

constexpr int kDeepest = 16;

// D-Bus specification, "Summary of D-Bus marshalling": of what has a length, that and its end.
std::size_t size_of(char type) {
    switch (type) {
    case SD_BUS_TYPE_BYTE:
        return 1;
    case SD_BUS_TYPE_INT16:
    case SD_BUS_TYPE_UINT16:
    case SD_BUS_TYPE_SIGNATURE:
        return 2;
    case SD_BUS_TYPE_BOOLEAN:
    case SD_BUS_TYPE_INT32:
    case SD_BUS_TYPE_UINT32:
    case SD_BUS_TYPE_UNIX_FD:
        return 4;
    case SD_BUS_TYPE_STRING:
    case SD_BUS_TYPE_OBJECT_PATH:
        return 5;
    default:
        return 8; // also of a container, so that a million empty ones are not nothing
    }
}

// What is left of a number of bytes, and of levels.
class Count {
  public:
    Count(sd_bus_message* message, std::size_t most)
      : message_(message)
      , left_(most) {}

    // To the end of the container; false where it does not fit.
    bool all(int level) {
        char type = 0;
        const char* contents = nullptr;
        int r = 0;
        while ((r = sd_bus_message_peek_type(message_, &type, &contents)) > 0)
            if (!take(size_of(type)) || !one(type, contents, level)) return false;
        return r == 0;
    }

  private:
    bool take(std::size_t bytes) {
        if (bytes > left_) return false;
        left_ -= bytes;
        return true;
    }

    bool one(char type, const char* contents, int level) {
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
            return text(type);
        case SD_BUS_TYPE_ARRAY:
            if (std::string_view(contents) == "y") return bytes();
            [[fallthrough]];
        case SD_BUS_TYPE_VARIANT:
        case SD_BUS_TYPE_STRUCT:
        case SD_BUS_TYPE_DICT_ENTRY:
            return level < kDeepest &&
                   sd_bus_message_enter_container(message_, type, contents) > 0 && all(level + 1) &&
                   sd_bus_message_exit_container(message_) > 0;
        default:
            const char skipped[] = {type, '\0'};
            return sd_bus_message_skip(message_, skipped) > 0;
        }
    }

    bool text(char type) {
        const char* text = nullptr;
        return sd_bus_message_read_basic(message_, type, &text) > 0 && take(std::strlen(text));
    }

    bool bytes() {
        const void* data = nullptr;
        std::size_t size = 0;
        return sd_bus_message_read_array(message_, 'y', &data, &size) >= 0 && take(size);
    }

    sd_bus_message* message_;
    std::size_t left_;
};

int refuse_large(sd_bus_message* message, void*, sd_bus_error*) {
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0 ||
        arguments_fit(message, kMostCarried))
        return 0;
    const sd_bus_error error{SD_BUS_ERROR_LIMITS_EXCEEDED,
                             "The arguments have more than 4 MiB, or cannot be read.", 0};
    sd_bus_reply_method_error(message, &error);
    return 1;
}

} // namespace

bool arguments_fit(sd_bus_message* call, std::size_t most) {
    const bool fit = Count(call, most).all(0);
    return sd_bus_message_rewind(call, true) >= 0 && fit;
}

Result<BusSlot> refuse_large_calls(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    if (const int r = sd_bus_add_filter(bus, &slot, refuse_large, nullptr); r < 0)
        return Error{"filter", "calls", "", -r};
    return BusSlot(slot);
}

} // namespace mpapi::bus
