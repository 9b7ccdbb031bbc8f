// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Decides who may change something. Every changing method passes here, and none of them may block
// on the answer: the verdict is called back. Until polkit is asked for the kinds of change it
// knows, the answer is uid 0 and nobody else.
#pragma once

#include "common/system/handle.hpp"

#include <functional>
#include <memory>
#include <unordered_set>

namespace mpapi::publish {

class Gatekeeper {
  public:
    // What is asked for, as polkit names it: "org.mpapi.Multipath1.refresh".
    using Action = const char*;
    using Verdict = std::function<void(bool allowed)>;

    explicit Gatekeeper(sd_bus* bus)
      : bus_(bus) {}
    ~Gatekeeper();
    Gatekeeper(const Gatekeeper&) = delete;
    Gatekeeper& operator=(const Gatekeeper&) = delete;

    // Calls back once, later or at once; never when the gatekeeper is gone by then. What cannot be
    // found out is a no.
    void ask(sd_bus_message* call, Action action, Verdict verdict);

  private:
    struct Question;
    static int answered(sd_bus_message* reply, void* userdata, sd_bus_error*);

    sd_bus* bus_;
    std::unordered_set<Question*> open_;
};

} // namespace mpapi::publish
