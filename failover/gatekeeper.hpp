// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Decides who may have this daemon act on the network: root, and whom the daemon trusts by user
// (clusprep); for anybody else polkit is asked. The verdict is called back, nothing waits for it.
// Without polkit, or with one that does not answer, it is no. Loop thread only.
#pragma once

#include "common/system/handle.hpp"

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace mpapi::failover {

class Gatekeeper {
  public:
    // nullopt: allowed. Else why not, and what to do.
    using Then = std::function<void(const std::optional<std::string>& refusal)>;

    // The bus must outlive the gatekeeper. Root need not be among the trusted.
    Gatekeeper(sd_bus* bus, std::vector<uid_t> trusted);
    ~Gatekeeper();
    Gatekeeper(const Gatekeeper&) = delete;
    Gatekeeper& operator=(const Gatekeeper&) = delete;

    // Calls back once, from the loop; never when the gatekeeper is gone by then.
    void ask(sd_bus_message* call, const char* action, Then then);

  private:
    struct Question;

    static int user_told(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int polkit_answered(sd_bus_message* reply, void* userdata, sd_bus_error*);
    bool trusts(uid_t uid) const;
    int ask_polkit(Question& question);
    void end(Question& question, const std::optional<std::string>& refusal);

    sd_bus* bus_;
    std::vector<uid_t> trusted_;
    std::list<Question> open_;
};

} // namespace mpapi::failover
