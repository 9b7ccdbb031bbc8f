// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Descriptors that a child after fork() has of us and must not keep: it shares a connection with
// its parent, so anything read from it would be missing there. They are noted while they are open;
// in the child each is closed, which takes nothing from the parent.
#pragma once

#include <array>
#include <atomic>

namespace mpapi::plugin {

// A note of one descriptor, for as long as this lives: it must go before the descriptor is closed,
// or a child could close another's of the same number.
class Inherited {
  public:
    explicit Inherited(int fd) noexcept;
    ~Inherited();
    Inherited(const Inherited&) = delete;
    Inherited& operator=(const Inherited&) = delete;

    // In the child, where there is no other thread.
    static void close_all() noexcept;

  private:
    // More at once (each change that is under way has one) are not noted.
    static constexpr std::size_t kNoted = 32;
    static std::array<std::atomic<int>, kNoted> noted; // the descriptor + 1

    std::atomic<int>* place_ = nullptr;
};

} // namespace mpapi::plugin
