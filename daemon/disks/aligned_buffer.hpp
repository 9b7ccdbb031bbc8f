// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Memory as direct I/O wants it.
#pragma once

#include "daemon/block_hardware.hpp"

#include <cstdlib>
#include <memory>
#include <span>

namespace mpapi::disks {

class AlignedBuffer {
  public:
    AlignedBuffer() = default;
    // Zeroed. Empty where there is no memory for it.
    explicit AlignedBuffer(std::size_t size)
      : bytes_(static_cast<std::uint8_t*>(std::aligned_alloc(
            daemon::kBlockAlignment, (size + daemon::kBlockAlignment - 1) /
                                         daemon::kBlockAlignment * daemon::kBlockAlignment)))
      , size_(bytes_ ? size : 0) {
        for (auto& byte : span())
            byte = 0;
    }

    std::span<std::uint8_t> span() { return {bytes_.get(), size_}; }
    std::span<const std::uint8_t> span() const { return {bytes_.get(), size_}; }

  private:
    struct Free {
        void operator()(std::uint8_t* bytes) const { std::free(bytes); }
    };
    std::unique_ptr<std::uint8_t[], Free> bytes_;
    std::size_t size_ = 0;
};

} // namespace mpapi::disks
