// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What firewalld says of the zones of adapters (firewalld.dbus(5)). A rule of polkit lets the user
// clusprep read it (polkit/50-clusprep-read-firewall.rules). One question is a series of
// calls, none of which is waited for. Loop thread only.
#pragma once

#include "clusprep/node/firewall/zone.hpp"
#include "common/result.hpp"

#include <systemd/sd-bus.h>

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::node::firewall {

struct Zones {
    bool panic = false; // nothing is let in
    std::map<std::string, Zone> by_adapter;
};

class Firewalld {
  public:
    // nullopt: it does not run.
    using Then = std::function<void(Result<std::optional<Zones>>)>;

    // The bus must outlive it.
    explicit Firewalld(sd_bus* bus);
    // Who waits then is told nothing more.
    ~Firewalld();
    Firewalld(const Firewalld&) = delete;
    Firewalld& operator=(const Firewalld&) = delete;

    // Calls back once, from the loop.
    void ask(const std::vector<std::string>& adapters, Then then);

  private:
    struct Question;

    void next(Question& question);
    static int replied(sd_bus_message* reply, void* userdata, sd_bus_error*);
    void end(Question& question, Result<std::optional<Zones>> result);

    sd_bus* bus_;
    std::list<Question> open_;
};

} // namespace mpapi::node::firewall
