// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tells people at a terminal what they wait for, once it takes longer than a moment. Scripts are
// not told: what they read is the reference's.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace mpapi::cli {

class Patience {
  public:
    // `text` goes to standard error, if that is a terminal, unless this goes before.
    explicit Patience(std::string text);
    ~Patience();
    Patience(const Patience&) = delete;
    Patience& operator=(const Patience&) = delete;

  private:
    static constexpr std::chrono::seconds kMoment{2};

    std::mutex mutex_;
    std::condition_variable changed_;
    bool over_ = false;
    std::thread teller_;
};

} // namespace mpapi::cli
