// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the daemon knows, as of now. The newest snapshot stays mapped; whether it still is the
// newest, and whether the daemon lives, is looked up in the shared page before each read, so a read
// never shows less than what the daemon had published and costs no message while nothing changes.
// A daemon or a bus that was restarted is found again by the next read.
#pragma once

#include "plugin/connection.hpp"
#include "plugin/picture.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace mpapi::plugin {

class Daemon {
  public:
    // A daemon that lives answers in milliseconds; one that is stopped or swapped out, not at all.
    static constexpr std::chrono::milliseconds kPatience{10'000};

    explicit Daemon(std::chrono::milliseconds patience = kPatience)
      : patience_(patience) {}
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // For any thread. Without a daemon that answers, why: a few words in Error::reason; ENOMEM
    // where it is this process that has no memory or no descriptor for it, ENOENT where no daemon
    // runs. `stop` as Connection::call has it.
    Result<PicturePtr> picture(int stop = -1);

  private:
    PicturePtr held() const;
    void hold(PicturePtr picture);
    Result<PicturePtr> fetch(int stop);
    // The descriptor in the answer to a method of the manager.
    Result<Fd> ask(const char* method, const char* signature, int stop);

    const std::chrono::milliseconds patience_;
    mutable std::mutex held_mutex_; // for as long as a pointer is copied
    PicturePtr held_;

    std::mutex fetching_; // one asks, the others wait for what they would ask for as well
    std::atomic<std::uint64_t> fetches_{0}; // counts those that were begun
    std::uint64_t failed_fetch_ = 0;
    Error failure_; // of that one
    std::unique_ptr<Connection> connection_;
    std::shared_ptr<const Page> page_;
};

} // namespace mpapi::plugin
