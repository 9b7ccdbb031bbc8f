// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Uevents that the kernel itself has told us, by their number (SEQNUM), until udev tells them
// again. What was heard twice is acted on once; what the kernel's socket lost is acted on when udev
// tells it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

namespace mpapi::kernel {

class HeardEvents {
  public:
    void heard(std::uint64_t number) {
        numbers_.insert(number);
        // udev filters or is gone: the oldest will not be told again.
        if (numbers_.size() > most) numbers_.erase(numbers_.begin());
    }

    // Whether it was heard before; it is forgotten then.
    bool again(std::uint64_t number) { return numbers_.erase(number) != 0; }

    // All paths of a large array tell a failover before udev has passed on the first.
    static constexpr std::size_t most = 16384;

  private:
    std::set<std::uint64_t> numbers_;
};

} // namespace mpapi::kernel
