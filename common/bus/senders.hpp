// SPDX-License-Identifier: LGPL-2.1-or-later
//
// How many unanswered calls each sender has, so that one client cannot fill the daemon with work.
// A sender that leaves the bus gives its share back at once; work that was begun for it ends by
// itself, every kind of it being bounded in time.
#pragma once

#include "common/system/handle.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::bus {

class Senders {
  public:
    Senders(sd_bus* bus, unsigned calls_per_sender)
      : bus_(bus)
      , limit_(calls_per_sender) {}
    Senders(const Senders&) = delete;
    Senders& operator=(const Senders&) = delete;

  private:
    struct Sender {
        unsigned calls = 0;
        bool gone = false;
        BusSlot watch;
        std::vector<std::weak_ptr<std::function<void()>>> farewells;
    };

  public:
    // What is done when a sender leaves the bus, as long as this is kept.
    using Farewell = std::shared_ptr<std::function<void()>>;

    // One unanswered call. Given back when it goes.
    class Call {
      public:
        explicit Call(std::shared_ptr<Sender> sender)
          : sender_(std::move(sender)) {}
        Call(Call&& other) noexcept = default;
        Call& operator=(Call&&) = delete;
        ~Call() {
            if (sender_ && --sender_->calls == 0) sender_->watch.reset();
        }
        // Nobody waits for the answer any more.
        bool abandoned() const { return sender_ && sender_->gone; }
        Farewell on_leaving(std::function<void()> then);

      private:
        std::shared_ptr<Sender> sender_;
    };

    // Nothing where the sender has as many unanswered calls as it may have.
    std::optional<Call> admit(sd_bus_message* call);

    std::size_t known() const { return senders_.size(); }

  private:
    static int name_owner_changed(sd_bus_message*, void* userdata, sd_bus_error*);
    void sweep();

    sd_bus* bus_;
    unsigned limit_;
    std::unordered_map<std::string, std::shared_ptr<Sender>> senders_;
};

} // namespace mpapi::bus
