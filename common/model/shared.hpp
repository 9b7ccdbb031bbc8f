// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An optional immutable value that copies share. Equal when what it holds is equal, so that types
// made of it can have a defaulted operator==.
#pragma once

#include <memory>
#include <utility>

namespace mpapi::model {

template <typename T>
class Shared {
  public:
    Shared() = default;
    Shared(std::nullptr_t) {}
    Shared(T value)
      : value_(std::make_shared<const T>(std::move(value))) {}

    explicit operator bool() const noexcept { return value_ != nullptr; }
    const T& operator*() const { return *value_; }
    const T* operator->() const { return value_.get(); }
    const T* get() const noexcept { return value_.get(); }

    bool operator==(const Shared& other) const {
        if (value_ == other.value_) return true;
        return value_ && other.value_ && *value_ == *other.value_;
    }

  private:
    std::shared_ptr<const T> value_;
};

} // namespace mpapi::model
