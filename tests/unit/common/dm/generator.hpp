// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reproducible words for property tests: the same seed gives the same values everywhere.
#pragma once

#include "common/dm/words.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace mpapi::dm::test {

class Generator {
  public:
    explicit Generator(std::uint64_t seed)
      : state_(seed) {}

    std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

    std::string word() {
        std::string text;
        for (std::size_t left = 1 + below(20); left > 0; --left)
            text += static_cast<char>('!' + below(94));
        return text;
    }

    Words words(std::size_t most) {
        Words list;
        for (std::size_t left = below(most + 1); left > 0; --left)
            list.append(word());
        return list;
    }

  private:
    std::uint64_t next() { // xorshift64*
        state_ ^= state_ >> 12U;
        state_ ^= state_ << 25U;
        state_ ^= state_ >> 27U;
        return (state_ * 0x2545f4914f6cdd1dULL) >> 32U;
    }

    std::uint64_t state_;
};

} // namespace mpapi::dm::test
