// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who calls a method that has something sent: how many calls each has unanswered, and whether he
// may. Loop thread only.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/bus/senders.hpp"

#include <functional>
#include <string>

namespace mpapi::discovery {

// A caller that is gone needs no answer.
void refuse(sd_bus_message* call, const char* name, const std::string& text);

class Callers {
  public:
    // The call is to be answered, whatever the verdict.
    using Then = std::function<void(sd_bus_message* call, const bus::Gatekeeper::Verdict&)>;

    // Both outlive this.
    Callers(sd_bus* bus, bus::Gatekeeper& gatekeeper);

    // Calls back as Gatekeeper::ask() does; where the caller has too many calls unanswered he is
    // told so, and that is all.
    void ask(sd_bus_message* call, Then then);

  private:
    bus::Gatekeeper& gatekeeper_;
    bus::Senders senders_;
};

} // namespace mpapi::discovery
