// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Method calls to one of the services of the bus that are under way. Who lets go of this hears of
// none of them any more. Loop thread only.
#pragma once

#include "clusprep/interfaces/outcome.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <string_view>

namespace mpapi::node {

class BusCalls {
  public:
    struct Service {
        const char* name;
        // It bounds all that it does; this is for one that does not answer at all.
        std::chrono::seconds patience;
        // What an error of the bus comes to, by its name and its text.
        csvp::Failure (*failure)(std::string_view member, std::string_view path,
                                 std::string_view name, std::string_view text);
    };
    using Write = std::function<int(sd_bus_message*)>; // appends the arguments
    // The answer lives as long as the call.
    using Answered = std::function<void(csvp::Outcome<sd_bus_message*>)>;

    // `bus` is attached to the loop and outlives this.
    BusCalls(sd_bus* bus, const Service& service)
      : bus_(bus)
      , service_(service) {}
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
    Service service_;
    std::list<Pending> pending_;
};

} // namespace mpapi::node
