// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One command, from what the user gave to what is told: bytes are read before the node hears
// anything, the answer is written, a failure is told with its next step.
#pragma once

#include "clusprep/client/grammar.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace mpapi::client {

struct Console {
    bool colours = false; // of `out`
    std::function<void(const std::string&)> out;
    std::function<void(const std::string&)> err;
};

using Clock = std::function<std::chrono::milliseconds()>; // monotonic

// With its next step; as one JSON object where the command says so. Returns the exit status.
Exit tell(const Failure& failure, const Invocation& invocation, const Console& console);

Exit perform(const Invocation& invocation, Server& server, const Console& console,
             const Clock& clock, bool session = false);

// The lines of a session; nothing at their end, or when the user interrupts.
using NextLine = std::function<std::optional<std::string>()>;

// Until the lines end, or "exit". The status is that of the first command that failed, else
// exit_done: that an answer was no does not count. A failure ends it unless --keep-going was given
// or somebody types.
Exit perform_session(const Invocation& session, Server& server, const Console& console,
                     const Clock& clock, const NextLine& next, bool interactive);

} // namespace mpapi::client
