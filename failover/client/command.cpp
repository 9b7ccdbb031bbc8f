// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/client/command.hpp"

#include "common/text/printable.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace mpapi::failover::client {

using nlohmann::json;

bool colours() {
    const auto value = [](const char* name) {
        const char* const text = std::getenv(name);
        return std::string_view(text != nullptr ? text : "");
    };
    return ::isatty(STDOUT_FILENO) != 0 && value("NO_COLOR").empty() && !value("TERM").empty() &&
           value("TERM") != "dumb";
}

int tell(const Failure& failure, const Wanted& wanted) {
    const std::string text = printable(failure.text);
    if (wanted.json)
        std::cerr << json{{"error", {{"name", failure.name}, {"message", text}}}}.dump() << "\n";
    else
        std::cerr << "ipfailover: " << text << "\n";
    return failure.exit();
}

int end(Exit status) {
    std::cout.flush();
    return std::cout.good() ? status : exit_failed;
}

} // namespace mpapi::failover::client
