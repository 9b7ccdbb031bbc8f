// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lines of the standard input, awaited on the event loop: pings of the session's objects go out
// while somebody thinks.
#pragma once

#include "clusprep/client/interrupt.hpp"

#include <optional>
#include <string>

namespace mpapi::client {

class StandardInput {
  public:
    // Both outlive it.
    StandardInput(sd_event* loop, const Interrupt& interrupt)
      : loop_(loop)
      , interrupt_(interrupt) {}

    // Without its newline; nothing at the end, at an interrupt, or when the input cannot be read.
    std::optional<std::string> next();

  private:
    bool await();

    sd_event* loop_;
    const Interrupt& interrupt_;
    std::string read_; // and not given yet
    bool ended_ = false;
};

} // namespace mpapi::client
