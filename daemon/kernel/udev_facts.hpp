// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Keeps what udev says of disks once for all disks of which it says the same: a unit's paths have
// one serial number, and disks of one kind have the same list of properties.
//
// Loop's thread only.
#pragma once

#include "daemon/hardware.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mpapi::kernel {

// Names and values as libudev lists them.
using UdevProperties = std::vector<std::pair<std::string_view, std::string_view>>;

class UdevFactsPool {
  public:
    // The facts that follow from these properties; properties that only an event has do not count.
    std::shared_ptr<const daemon::UdevFacts> get(const UdevProperties& properties);

    // Different facts that are still in use, or were when last counted.
    std::size_t size() const noexcept { return facts_.size(); }

  private:
    using Names = std::vector<std::string>;

    // Values by what they are made of; entries that nobody uses any more go when it has doubled.
    template <typename T>
    class Pool {
      public:
        std::shared_ptr<const T> get(std::string key, T value);
        std::size_t size() const noexcept { return known_.size(); }

      private:
        std::unordered_map<std::string, std::weak_ptr<const T>> known_;
        std::size_t prune_at_ = 64;
    };

    Pool<daemon::UdevFacts> facts_;
    Pool<Names> names_;
};

} // namespace mpapi::kernel
