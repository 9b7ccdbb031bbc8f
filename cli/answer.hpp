// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What libMPAPI answered: a value, or the status that says why there is none.
#pragma once

#include <mpapi.h>

#include <cassert>
#include <utility>
#include <variant>

namespace mpapi::cli {

template <typename T>
class [[nodiscard]] Answer {
  public:
    Answer(T value)
      : content_(std::in_place_index<0>, std::move(value)) {}
    Answer(MP_STATUS status)
      : content_(std::in_place_index<1>, status) {
        assert(status != MP_STATUS_SUCCESS);
    }

    explicit operator bool() const noexcept { return content_.index() == 0; }
    MP_STATUS status() const { return *this ? MP_STATUS_SUCCESS : *std::get_if<1>(&content_); }
    T& operator*() & { return *checked(); }
    const T& operator*() const& { return *const_cast<Answer*>(this)->checked(); }
    T&& operator*() && { return std::move(*checked()); }
    T* operator->() { return checked(); }
    const T* operator->() const { return const_cast<Answer*>(this)->checked(); }

  private:
    T* checked() {
        assert(*this);
        return std::get_if<0>(&content_);
    }

    std::variant<T, MP_STATUS> content_;
};

} // namespace mpapi::cli
