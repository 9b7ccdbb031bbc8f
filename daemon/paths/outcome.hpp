// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How a change ended. The refusals are the statuses of ISO/IEC 11002 6.4 that a change can end
// with; the text names the object, what stood in the way and, where there is one, the next step.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <variant>

namespace mpapi::paths {

enum class Refusal : std::uint8_t {
    InvalidParameter,
    Failed,
    ObjectNotFound,
    Unsupported,
    AccessStateInvalid,
    InvalidWeight,
    PathNonoperational,
    TryAgain,
    NotPermitted,
    TimedOut,
};

struct Refused {
    Refusal why = Refusal::Failed;
    std::string text; // a sentence
};

struct Made {};

using Outcome = std::variant<Made, Refused>;
using Ended = std::function<void(Outcome)>;

inline const Refused* refused(const Outcome& outcome) {
    return std::get_if<Refused>(&outcome);
}

} // namespace mpapi::paths
