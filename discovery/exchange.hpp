// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where mail of both roles comes together: what arrives goes to the responder or to the searches,
// is counted, and is answered; questions go out. No socket, no loop and no clock in here.
#pragma once

#include "discovery/host/names.hpp"
#include "discovery/network/interface.hpp"
#include "discovery/search/searches.hpp"
#include "discovery/service/responder.hpp"
#include "discovery/service/tally.hpp"

#include <functional>
#include <string>
#include <vector>

namespace mpapi::discovery {

class Exchange {
  public:
    struct Means {
        std::function<RateLimit::Time()> now;
        std::function<const Names&()> names;
        // To UDP port 138 there, by that interface and from that address; 0: what the routes say.
        std::function<Status(OctetView packet, std::uint32_t to, int interface, std::uint32_t from)>
            send;
        std::function<void(const std::string& line)> log; // a warning
    };
    struct Settings {
        std::vector<std::string> interfaces; // patterns; none: all
        bool beyond_network = false;
    };

    // Responder and searches outlive this.
    Exchange(Responder& responder, Searches& searches, Settings settings, Means means);

    void links_changed(const Interfaces& all);
    // Those that mail is exchanged on.
    const Interfaces& interfaces() const { return chosen_; }

    void arrived(const Arrival& arrival);
    // Asks all block storage services on that interface, or on all where it is empty. Fails where
    // nobody could be asked; where some could not be, that is counted and logged.
    Status ask(const std::string& interface);

    const Tally& tally() const { return tally_; }

  private:
    void note(Outcome outcome, std::uint32_t other, const std::string& detail);
    Outcome take(const Mail& mail, std::string& detail);
    Outcome respond(const Mail& mail, const Interface& interface, std::string& detail);

    Responder& responder_;
    Searches& searches_;
    Settings settings_;
    Means means_;
    Interfaces chosen_;
    Tally tally_;
    std::uint16_t sent_ = 0; // DGM_ID
};

} // namespace mpapi::discovery
