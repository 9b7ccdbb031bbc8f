// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/bus/discover_options.hpp"

#include <net/if.h>

#include <cerrno>

namespace mpapi::discovery {

namespace {

constexpr std::uint32_t kShortest = 100, kLongest = 60'000; // ms

} // namespace

Result<Searches::Request> read_discover_options(sd_bus_message* call) {
    Searches::Request request;
    const auto wrong = [](const std::string& option, const char* why) {
        return Error{"use", "option \"" + option + "\"", why, EINVAL};
    };
    if (const int r = sd_bus_message_enter_container(call, 'a', "{sv}"); r < 0)
        return Error{"read", "call", "", -r};
    while (sd_bus_message_enter_container(call, 'e', "sv") > 0) {
        const char* name = nullptr;
        if (const int r = sd_bus_message_read(call, "s", &name); r < 0)
            return Error{"read", "call", "", -r};
        const std::string option = name;
        if (option == "timeout") {
            std::uint32_t ms = 0;
            if (sd_bus_message_read(call, "v", "u", &ms) < 0 || ms < kShortest || ms > kLongest)
                return wrong(option, "expected a uint32 of 100 to 60000 milliseconds");
            request.timeout = std::chrono::milliseconds(ms);
        } else if (option == "interface") {
            const char* interface = nullptr;
            if (sd_bus_message_read(call, "v", "s", &interface) < 0)
                return wrong(option, "expected a string");
            request.interface = interface;
            if (request.interface.size() >= IFNAMSIZ) // it is kept with the job
                return wrong(option, "names of interfaces have 15 characters at most");
        } else {
            return wrong(option, "there are \"interface\" and \"timeout\"");
        }
        sd_bus_message_exit_container(call);
    }
    return request;
}

} // namespace mpapi::discovery
