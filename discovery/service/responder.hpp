// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The block storage service's part of MS-ISTD (3.3.5.1, 3.2.5.2): what a question is answered with,
// and whether it is. No socket and no clock in here.
//
// A question is verified in the order of 3.3.5.1 - size, version, name - and ignored without a word
// where it fails. Beyond the specification: the asker has to be a neighbour on the interface that
// the question came in on, each source has a limit, and the answer goes to the address that the
// question came from, whatever address the name in it has: nobody has us send to others.
#pragma once

#include "discovery/network/interface.hpp"
#include "discovery/service/mail.hpp"
#include "discovery/service/outcome.hpp"
#include "discovery/service/rate_limit.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace mpapi::discovery {

class Responder {
  public:
    struct Means {
        std::function<RateLimit::Time()> now;
        std::function<bool()> serving; // block storage, at this moment
    };
    struct Answer {
        Outcome outcome = Outcome::Malformed;
        std::string asker; // the computer name in the question, once it was read
        Octets message;    // WT_VDSPROV_MAILSLOT_MESSAGE, where the outcome is Answered
    };

    Responder(const RateLimit::Limits& limits, bool beyond_network, Means means);

    // `mail` is to \MAILSLOT\WINTARGET, `interface` where it came in. `server` is our name, in
    // full.
    Answer answer(const Mail& mail, const Interface& interface, std::string_view server);

  private:
    const bool beyond_network_;
    Means means_;
    RateLimit limit_;
};

} // namespace mpapi::discovery
