// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A lock for many small things that are mostly used one at a time: a thing's own stripe protects
// what belongs to it alone, and holding any stripe keeps from changing what all share. Who changes
// shared things takes every stripe, which costs about a microsecond and, unlike with a
// readers-writer lock, cannot be starved by readers that overlap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace mpapi::san {

class Stripes {
  public:
    static constexpr std::size_t count = 32;

    class [[nodiscard]] All {
      public:
        explicit All(Stripes& stripes)
          : stripes_(stripes) {
            for (auto& stripe : stripes_.stripes_)
                stripe.mutex.lock();
        }
        All(const All&) = delete;
        All& operator=(const All&) = delete;
        ~All() {
            for (auto& stripe : stripes_.stripes_)
                stripe.mutex.unlock();
        }

      private:
        Stripes& stripes_;
    };

    // Neither may be taken by a thread that holds one of them already.
    [[nodiscard]] std::unique_lock<std::mutex> one(std::uint32_t thing) {
        return std::unique_lock(stripes_[thing % count].mutex);
    }
    All all() { return All(*this); }

  private:
    struct alignas(64) Stripe {
        std::mutex mutex;
    };
    std::array<Stripe, count> stripes_;
};

} // namespace mpapi::san
