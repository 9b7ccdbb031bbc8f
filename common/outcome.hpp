// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Result (result.hpp) for what fails in more ways than an Error tells: `Why` is the caller's own.
#pragma once

#include <cassert>
#include <utility>
#include <variant>

namespace mpapi {

template <typename T, typename Why>
class [[nodiscard]] Outcome {
  public:
    Outcome(T value)
      : content_(std::in_place_index<0>, std::move(value)) {}
    Outcome(Why failure)
      : content_(std::in_place_index<1>, std::move(failure)) {}

    explicit operator bool() const noexcept { return content_.index() == 0; }

    T& operator*() & { return *checked(); }
    const T& operator*() const& { return *const_cast<Outcome*>(this)->checked(); }
    T&& operator*() && { return std::move(*checked()); }
    T* operator->() { return checked(); }
    const T* operator->() const { return const_cast<Outcome*>(this)->checked(); }

    const Why& failure() const {
        assert(!*this);
        return *std::get_if<1>(&content_);
    }

  private:
    T* checked() {
        assert(*this);
        return std::get_if<0>(&content_);
    }

    std::variant<T, Why> content_;
};

} // namespace mpapi
