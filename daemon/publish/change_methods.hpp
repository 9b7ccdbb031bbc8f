// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The methods that change something, as a table: what each is called, what it takes, which
// permission it needs and what it asks for.
#pragma once

#include "daemon/paths/requests.hpp"

#include <systemd/sd-bus.h>

#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace mpapi::publish {

// Objects of the bus are named by their paths until the caller is known to be allowed; then they
// are looked up.
struct OverrideWith {
    std::string path;
};
struct SetAccess {
    std::vector<std::pair<std::string, std::string>> states; // of a group, the state's word
};
struct Remove {};
using ChangeAsked = std::variant<paths::Request, OverrideWith, SetAccess, Remove>;

struct ChangeMethod {
    const char* name;
    const char* signature; // its arguments; options (a{sv}) are the last one
    const char* result;
    const char* names; // of the arguments and of the result, each with its NUL: SD_BUS_PARAM
    const char* action;
    // A negative errno for what is no such message.
    int (*read)(sd_bus_message* call, ChangeAsked& to);
};

// Of the interface of T; none for one whose objects cannot be changed.
template <typename T>
std::span<const ChangeMethod> change_methods();

} // namespace mpapi::publish
