// SPDX-License-Identifier: LGPL-2.1-or-later
//
// In which of firewalld's zones adapters are (firewalld.dbus(5)). What a zone lets in is not asked:
// a zone by source address, a policy, a rich or direct rule may say otherwise, and firewalld has
// written all of them into the kernel's rule set, which is judged (rule_set.hpp).
//
// A rule of polkit lets the user clusprep read it (polkit/50-clusprep-read-firewall.rules). One
// question is a series of calls, none of which is waited for. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <systemd/sd-bus.h>

#include <functional>
#include <list>
#include <map>
#include <string>
#include <vector>

namespace mpapi::node::firewall {

using ZoneNames = std::map<std::string, std::string>; // by adapter

class Firewalld {
  public:
    // No names: it does not run.
    using Then = std::function<void(Result<ZoneNames>)>;

    // The bus must outlive it.
    explicit Firewalld(sd_bus* bus);
    // Who waits then is told nothing more.
    ~Firewalld();
    Firewalld(const Firewalld&) = delete;
    Firewalld& operator=(const Firewalld&) = delete;

    // Calls back once, from the loop.
    void ask(std::vector<std::string> adapters, Then then);

  private:
    struct Question;

    void next(Question& question);
    static int replied(sd_bus_message* reply, void* userdata, sd_bus_error*);
    void end(Question& question, Result<ZoneNames> result);

    sd_bus* bus_;
    std::list<Question> open_;
};

} // namespace mpapi::node::firewall
