// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How an operation of the node ended: a value, or the HRESULT for the client with the error for the
// log. What the text of an error says never goes over the wire.
#pragma once

#include "clusprep/interfaces/hresult.hpp"
#include "common/outcome.hpp"
#include "common/result.hpp"

#include <cassert>
#include <functional>
#include <utility>

namespace mpapi::csvp {

struct Failure {
    Failure() = default;
    Failure(Hresult its, Error why)
      : code(its)
      , error(std::move(why)) {
        assert(!succeeded(code));
    }

    Hresult code = Hresult::Failed; // never a success
    Error error;

    bool operator==(const Failure&) const = default;
};

template <typename T>
using Outcome = mpapi::Outcome<T, Failure>;

// Called exactly once, on the loop's thread: before the operation returns or later.
template <typename T>
using Completion = std::function<void(Outcome<T>)>;

} // namespace mpapi::csvp
