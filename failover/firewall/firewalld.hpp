// SPDX-License-Identifier: LGPL-2.1-or-later
//
// In which of firewalld's zones adapters are (firewalld.dbus(5)). What a zone lets in is not asked:
// a zone by source address, a policy, a rich or direct rule may say otherwise, and firewalld has
// written all of them into the kernel's rule set, which is judged (rule_set.hpp).
//
// A rule of polkit lets the user ipfailover read it (polkit/50-ipfailover-read-firewall.rules). One
// question is a series of calls, none of which is waited for. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <list>
#include <map>
#include <string>

namespace mpapi::failover::firewall {

struct Zones {
    std::string usual;                         // of all other adapters; empty: it does not run
    std::map<std::string, std::string> others; // by adapter
};

class Firewalld {
  public:
    using Then = std::function<void(Result<Zones>)>;

    // The bus must outlive it.
    explicit Firewalld(sd_bus* bus);
    // Who waits then is told nothing more.
    ~Firewalld();
    Firewalld(const Firewalld&) = delete;
    Firewalld& operator=(const Firewalld&) = delete;

    // Calls back once, later from the loop, or before it returns when nothing can be asked.
    void ask(Then then);

  private:
    struct Question;

    void next(Question& question);
    static int replied(sd_bus_message* reply, void* userdata, sd_bus_error*);
    void end(Question& question, Result<Zones> result);

    sd_bus* bus_;
    std::list<Question> open_;
};

} // namespace mpapi::failover::firewall
