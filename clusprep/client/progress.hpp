// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Tells somebody at a terminal which call is waited for, and since when, on a line of the standard
// error that goes away again.
#pragma once

#include "clusprep/client/interrupt.hpp"
#include "clusprep/client/server.hpp"

#include <cstdint>
#include <string>

namespace mpapi::client {

class Progress final : public CallWatcher {
  public:
    // `shown`: whether the standard error is a terminal. Loop and interrupt outlive it.
    Progress(sd_event* loop, const Interrupt& interrupt, bool shown)
      : loop_(loop)
      , interrupt_(interrupt)
      , shown_(shown) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    Status begins(const std::string& node, const std::string& method) override;
    void ended() override;
    // "CprepDiskPRArbitrate"; empty between calls.
    const std::string& under_way() const { return method_; }
    // Before something else is written to the terminal.
    void wipe();

  private:
    static int second(sd_event_source* timer, std::uint64_t now, void* userdata);

    sd_event* loop_;
    const Interrupt& interrupt_;
    const bool shown_;
    EventSource timer_;
    std::string node_, method_;
    std::uint64_t begun_ = 0; // µs, monotonic
    bool written_ = false;
};

} // namespace mpapi::client
