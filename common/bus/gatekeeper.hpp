// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Decides who may change something. Every changing method passes here, and none of them may block
// on the answer: the verdict is called back.
//
// Root may, and so may whom the daemon trusts. For anybody else polkit is asked, which knows the
// administrator's rules and may ask a person for a password. It is told the object and the method
// (details "object" and "method"), so that a rule can look at them. Without polkit, or with one
// that does not answer, the verdict is no. Loop thread only.
#pragma once

#include "common/bus/senders.hpp"
#include "common/system/handle.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <sys/types.h>

namespace mpapi::bus {

class Gatekeeper {
  public:
    enum class Ruling {
        Allowed,
        Denied,
        Busy, // too many questions are open; later it may be another
    };
    struct Verdict {
        Ruling ruling = Ruling::Denied;
        std::optional<uid_t> uid; // who asked, where it could be found out
        std::string reason;       // when it is not allowed: why, and what to do next

        bool allowed() const { return ruling == Ruling::Allowed; }
    };
    using Then = std::function<void(const Verdict&)>;

    struct Rules {
        std::vector<uid_t> trusted; // may do everything, as root may, who need not be named
        // Questions that polkit has at one time, of everybody and of one user. The system bus lets
        // a connection wait for 128 answers (max_replies_per_connection).
        unsigned questions = 64;
        unsigned questions_per_user = 16;
        // How long polkit may take, also to be started; and where it may ask for a password.
        std::chrono::milliseconds patience = std::chrono::seconds(30);
        std::chrono::milliseconds patience_with_people = std::chrono::minutes(5);
    };

    // The bus must outlive the gatekeeper.
    Gatekeeper(sd_bus* bus, const Rules& rules);
    ~Gatekeeper();
    Gatekeeper(const Gatekeeper&) = delete;
    Gatekeeper& operator=(const Gatekeeper&) = delete;

    // Calls back once, later or at once; never when the gatekeeper or the sender is gone by then.
    // What cannot be found out is a no. A long time may have passed: what the call names has to be
    // looked up again. The action is one that a policy of polkit declares, and lives for ever.
    void ask(sd_bus_message* call, Senders::Call& sender, const char* action, Then then);

  private:
    struct Question;

    static int user_told(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int polkit_answered(sd_bus_message* reply, void* userdata, sd_bus_error*);
    bool trusts(uid_t uid) const;
    std::string only_the_trusted() const;
    int ask_polkit(Question& question);
    void cancel(const Question& question);
    // No more of this question; what its verdict goes to.
    Then end(Question& question);

    sd_bus* bus_;
    Rules rules_;
    std::unordered_map<Question*, std::unique_ptr<Question>> open_;
    unsigned at_polkit_ = 0;
    std::unordered_map<uid_t, unsigned> at_polkit_of_;
    std::uint64_t asked_ = 0;
};

} // namespace mpapi::bus
