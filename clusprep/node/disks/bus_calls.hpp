// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Method calls to mpapid that are under way. Who lets go of this hears of none of them any more.
#pragma once

#include "clusprep/interfaces/outcome.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <list>
#include <string>

namespace mpapi::node {

class BusCalls {
  public:
    using Write = std::function<int(sd_bus_message*)>; // appends the arguments
    // The answer lives as long as the call.
    using Answered = std::function<void(csvp::Outcome<sd_bus_message*>)>;

    // `bus` is attached to the loop and outlives this.
    explicit BusCalls(sd_bus* bus)
      : bus_(bus) {}
    BusCalls(const BusCalls&) = delete;
    BusCalls& operator=(const BusCalls&) = delete;

    // `answered` is called once: later from the loop, or before this returns when nothing was sent.
    void call(const std::string& path, const char* interface, const char* member,
              const Write& write, Answered answered);

  private:
    struct Pending {
        BusCalls* calls = nullptr;
        std::string path;
        std::string member;
        Answered answered;
        BusSlot slot;
        std::list<Pending>::iterator self;
    };
    static int answer(sd_bus_message* message, void* pending, sd_bus_error*);

    sd_bus* bus_;
    std::list<Pending> pending_;
};

} // namespace mpapi::node
