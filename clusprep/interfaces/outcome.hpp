// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How an operation of the node ended: a value, or the HRESULT for the client with the error for the
// log. What the text of an error says never goes over the wire.
#pragma once

#include "clusprep/interfaces/hresult.hpp"
#include "common/result.hpp"

#include <cassert>
#include <functional>
#include <utility>
#include <variant>

namespace mpapi::csvp {

struct Failure {
    Hresult code = Hresult::Failed; // never a success
    Error error;

    bool operator==(const Failure&) const = default;
};

template <typename T>
class [[nodiscard]] Outcome {
  public:
    Outcome(T value)
      : content_(std::in_place_index<0>, std::move(value)) {}
    Outcome(Failure failure)
      : content_(std::in_place_index<1>, std::move(failure)) {
        assert(!succeeded(this->failure().code));
    }

    explicit operator bool() const noexcept { return content_.index() == 0; }

    T& operator*() & { return *checked(); }
    const T& operator*() const& { return *const_cast<Outcome*>(this)->checked(); }
    T&& operator*() && { return std::move(*checked()); }
    T* operator->() { return checked(); }
    const T* operator->() const { return const_cast<Outcome*>(this)->checked(); }

    const Failure& failure() const {
        assert(!*this);
        return *std::get_if<1>(&content_);
    }

  private:
    T* checked() {
        assert(*this);
        return std::get_if<0>(&content_);
    }

    std::variant<T, Failure> content_;
};

// Called exactly once, on the loop's thread: before the operation returns or later.
template <typename T>
using Completion = std::function<void(Outcome<T>)>;

} // namespace mpapi::csvp
