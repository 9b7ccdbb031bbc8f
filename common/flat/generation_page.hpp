// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One page that the daemon writes and any number of programs read: which snapshot is the newest.
// A reader sees without a message whether what it holds is current. The page outlives the daemon
// in its readers; a daemon that ends in order leaves `instance` 0 behind, and one that was killed
// is missed on the bus.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mpapi::flat {

inline constexpr std::uint64_t kPageMagic = 0x316770697061706d; // "mpapipg1" in memory

struct GenerationPage {
    std::uint64_t magic;
    std::atomic<std::uint64_t> instance;
    std::atomic<std::uint64_t> generation;
};

inline constexpr std::size_t kPageSize = 4096;
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");

} // namespace mpapi::flat
