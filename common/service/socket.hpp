// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks a program behind a socket of systemd (frame.hpp) without waiting for it. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/turnstile.hpp"

#include <systemd/sd-event.h>

#include <chrono>
#include <functional>
#include <list>
#include <string>

namespace mpapi::service {

class Socket {
  public:
    struct Limits {
        std::size_t answer = std::size_t{2} << 20;  // bytes
        std::chrono::milliseconds patience{10'000}; // with each, from when it is asked
        // systemd may still be ending the programs of earlier ones: the units let in four times
        // as many (MaxConnections=).
        unsigned at_once = 4;
    };
    using Answered = std::function<void(Result<std::string>)>;

    Socket(sd_event* loop, std::string path, const Limits& limits);
    // Who waits for an answer then is told nothing more.
    ~Socket();
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    // Calls back once, before it returns or later. Where as many are open as may be it waits.
    void ask(std::string question, Answered answered);

  private:
    struct Talk;

    void begin(std::string question, Answered answered);
    Status begin(Talk& talk);
    void end(Talk& talk, Result<std::string> result);
    static int ready(sd_event_source*, int fd, std::uint32_t events, void* userdata);
    static int expired(sd_event_source*, std::uint64_t, void* userdata);

    sd_event* loop_;
    std::string path_;
    Limits limits_;
    Turnstile room_;
    std::list<Talk> open_;
};

} // namespace mpapi::service
