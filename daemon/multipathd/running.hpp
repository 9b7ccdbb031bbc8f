// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A multipathd that is asked only while it runs: each request is sent after systemd has said so
// anew, for whoever connects to its socket starts it. When it stops, what waits is answered with
// that.
//
// Loop's thread only.
#pragma once

#include "daemon/multipathd/client.hpp"
#include "daemon/multipathd/unit_state.hpp"
#include "daemon/paths/outcome.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::multipathd {

// What a change ends with when a request of it ended so.
paths::Refused refused_by(const Error& error);

class RunningMultipathd {
  public:
    // `told` is called from the loop when systemd says something of the unit, its state as ever or
    // another; reconfigurations are among that.
    RunningMultipathd(sd_event* loop, sd_bus* bus, const std::string& unit, Client::Options options,
                      std::function<void()> told);
    RunningMultipathd(const RunningMultipathd&) = delete;
    RunningMultipathd& operator=(const RunningMultipathd&) = delete;

    // Has systemd asked, and calls `then` when it has answered: what runs() says is of now then.
    void confirm(std::function<void()> then);

    bool runs() const { return unit_.status().runs(); }
    bool reconfigures() const { return unit_.status().state == ActiveState::Reloading; }
    std::string state() const; // "multipathd.service is inactive"

    // As Client::request(). errnum ESHUTDOWN: it does not run, or stopped meanwhile.
    void ask(std::string command, std::chrono::milliseconds limit, Client::Answer answer);

  private:
    struct Question {
        std::string command; // empty: only whether it runs
        std::chrono::milliseconds limit;
        Client::Answer answer;
        bool dropped = false; // it stopped since it was asked
    };

    void next();
    void take(Result<std::string> reply);
    void drop_all();
    static int on_turn(sd_event_source*, std::uint64_t, void* self);

    sd_event* loop_;
    std::string name_;
    Client::Options options_;
    std::function<void()> told_;
    std::unique_ptr<Client> client_;
    std::deque<Question> questions_; // the first is under way if asking_
    bool asking_ = false;
    EventSource turn_;
    UnitState unit_; // the last: it may call at once
};

} // namespace mpapi::multipathd
