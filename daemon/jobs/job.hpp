// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Something that takes longer than a call should: what everybody is told of it. A plain value.
#pragma once

#include "common/model/values.hpp"
#include "daemon/holders/lookup.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace mpapi::jobs {

enum class State : std::uint8_t { Running, Done, Failed, Canceled };

// The words of the bus; static, with a NUL at the end.
std::string_view name_of(State state);
std::string_view name_of(holders::Kind kind);

struct Job {
    std::uint64_t number = 0; // from 1, in the order in which they began
    std::string kind;         // "remove"
    std::string object;       // object path of what it is about
    State state = State::Running;
    double progress = -1; // 0 to 1; -1 not known
    std::string stage;    // what it does, or waits for, now
    std::string error;    // name of an error of the bus, once it failed
    std::string message;  // a sentence or two
    std::vector<holders::Holder> holders;
    model::Time started_at = 0;
    uid_t user = 0; // who asked for it
    bool operator==(const Job&) const = default;
};

} // namespace mpapi::jobs
