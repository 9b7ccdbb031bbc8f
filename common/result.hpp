// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A value or the reason why there is none. A function that can fail returns Result<T>; it never
// throws for a failure of the outside world and touches no output on failure.
#pragma once

#include <cassert>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

namespace mpapi {

// What was tried, on what, and how it failed. `errnum` is 0 where no system call was involved.
struct Error {
    std::string action; // "open", "parse VPD page 83h", "REPORT TARGET PORT GROUPS"
    std::string object; // "/dev/sdc", "two-arrays.toml:12"; may be empty
    std::string reason; // what was expected or what was found; may be empty when errnum says it
    int errnum = 0;

    bool operator==(const Error&) const = default;

    // "open /dev/sdc: Permission denied", "parse VPD page 83h: designator 2 ends beyond the page"
    std::string message() const;
};

template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value)
      : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error)
      : content_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const noexcept { return content_.index() == 0; }
    bool has_value() const noexcept { return content_.index() == 0; }

    T& value() & { return *checked(); }
    const T& value() const& { return *const_cast<Result*>(this)->checked(); }
    T&& value() && { return std::move(*checked()); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return checked(); }
    const T* operator->() const { return const_cast<Result*>(this)->checked(); }

    const Error& error() const& {
        assert(!has_value());
        return *std::get_if<1>(&content_);
    }
    Error&& error() && {
        assert(!has_value());
        return std::move(*std::get_if<1>(&content_));
    }

    T value_or(T fallback) const& { return has_value() ? **this : std::move(fallback); }

  private:
    T* checked() {
        assert(has_value());
        return std::get_if<0>(&content_);
    }

    std::variant<T, Error> content_;
};

struct Done {
    bool operator==(const Done&) const = default;
};

// For functions that yield nothing but may fail.
using Status = Result<Done>;

} // namespace mpapi
