// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One page that the daemon writes and any number of programs read: which snapshot is the newest,
// and whether there still is a daemon. A reader sees both without a message and without a system
// call.
//
// The page outlives the daemon in its readers. A daemon that ends in order leaves `instance` 0
// behind. One that is killed cannot, so it holds a robust mutex in the page for as long as it
// lives: whatever ends the thread that holds it, the kernel walks that thread's list of robust
// mutexes and marks each (FUTEX_OWNER_DIED, get_robust_list(2)). Nobody ever waits for the mutex.
#pragma once

#include <linux/futex.h>
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mpapi::flat {

inline constexpr std::uint64_t kPageMagic = 0x326770697061706d; // "mpapipg2" in memory

struct GenerationPage {
    std::uint64_t magic;
    std::atomic<std::uint64_t> instance;
    std::atomic<std::uint64_t> generation;
    pthread_mutex_t life;
};

inline constexpr std::size_t kPageSize = 4096;
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared between processes");
static_assert(sizeof(GenerationPage) <= kPageSize);

// Whether the daemon has neither ended nor been killed. A reader may map the page for reading only,
// so it looks at the futex itself (glibc: the first word of the mutex): the thread that holds it.
inline bool has_writer(const GenerationPage& page) {
    static_assert(offsetof(pthread_mutex_t, __data.__lock) == 0 &&
                  sizeof(page.life.__data.__lock) == 4);
    const int word = __atomic_load_n(&page.life.__data.__lock, __ATOMIC_ACQUIRE);
    return (static_cast<std::uint32_t>(word) & FUTEX_TID_MASK) != 0 &&
           page.instance.load(std::memory_order_acquire) != 0;
}

} // namespace mpapi::flat
