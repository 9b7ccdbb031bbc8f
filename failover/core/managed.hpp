// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One address that is wanted on this host: what is done, in which order, with the answers of the
// network and of the interface. Everything that it does goes through Hands; everything that it
// knows is told to it, with the time. So it can be played through in a test, and holds no policy
// but the wish's.
//
//   offline     wanted, but the interface is not there, is down or has no carrier; or given back
//   probing     conflict detection
//   announcing  on the interface; the announcements in a row are not all sent
//   online      on the interface, announced
//   defending   on the interface; a conflict within the last DEFEND_INTERVAL
//   conflict    somebody else has it; not on the interface
//   failed      this host's kernel does not take it; not on the interface
//
// What is in conflict or failed stays so until somebody decides. What was off the interface for a
// while is asked for before it is taken again, whatever the profile: that nobody has it was known
// when the wish came, and somebody may have taken it since.
#pragma once

#include "failover/claim.hpp"
#include "failover/core/announcing.hpp"
#include "failover/core/defence.hpp"
#include "failover/core/probing.hpp"

#include "common/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace mpapi::failover {

enum class State { Offline, Probing, Announcing, Online, Defending, Conflict, Failed };
std::string_view name_of(State state);
std::optional<State> state_named(std::string_view name);

// Whether the address is on the interface.
inline bool is_held(State state) {
    return state == State::Announcing || state == State::Online || state == State::Defending;
}

struct Counters {
    std::uint64_t probes = 0;
    std::uint64_t announcements = 0; // each in all forms
    std::uint64_t defences = 0;
    std::uint64_t conflicts = 0;
    std::uint64_t send_errors = 0;
    std::uint64_t restored = 0; // after somebody else had removed it
};

struct LinkState {
    bool there = false;
    bool up = false;
    bool carrier = false;
    HardwareAddress address;

    bool usable() const { return there && up && carrier; }
    bool operator==(const LinkState&) const = default;
};

class Managed {
  public:
    class Hands {
      public:
        virtual ~Hands() = default;
        // On the interface, as it may be already; and whatever goes with that.
        virtual Status add(const Ip& ip) = 0;
        // Off the interface when it returns.
        virtual Status remove(const Ip& ip) = 0;
        // How long it waits before it leaves, for its pace.
        virtual Result<std::chrono::nanoseconds> probe(const Ip& ip, const Nonce& nonce) = 0;
        virtual Status announce(const Ip& ip, Forms forms) = 0;
        // Something that can be seen from outside is another now.
        virtual void changed(State before) = 0;
        virtual void conflict(const Claim& claim) = 0;
    };

    Managed(const Ip& ip, Wish wish, Hands& hands, Draw draw);

    // From the beginning. The link must have been told.
    void go_online(Time now);
    // It was ours before this program started anew: announced, not asked for, if it is still there.
    void take_up(bool on_interface, Time now);
    // As it was when the program ended: nothing is done.
    void stay(State state, std::string reason);
    Status go_offline(std::string reason = "given back");
    // From the first one on, if it is held.
    void announce(Time now);
    void set_policy(Policy policy);

    void heard(const Claim& told, Time now);
    void link(const LinkState& link, Time now);
    // Somebody else took it off the interface.
    void lost(Time now);

    void due(Time now);
    std::optional<Time> next() const;

    State state() const { return state_; }
    const Ip& ip() const { return ip_; }
    const Wish& wish() const { return wish_; }
    const Counters& counters() const { return counters_; }
    const std::string& reason() const { return reason_; }
    const std::optional<Claim>& rival() const { return rival_; }
    void remember(const Claim& rival) { rival_ = rival; }

  private:
    void begin_probing(Time now, Profile profile);
    std::optional<std::chrono::nanoseconds> ask();
    void take(Time now);
    void announce_now();
    bool defend(Defence::Answer answer);
    void leave(State state, std::string reason);
    void go(State state, std::string reason = {});
    void settle();
    bool usable();

    Ip ip_;
    Wish wish_;
    Hands& hands_;
    Draw draw_;

    State state_ = State::Offline;
    std::string reason_;
    bool wanted_ = false;
    LinkState link_;
    std::optional<Probing> probing_;
    std::optional<Nonce> nonce_;
    bool asked_ = false; // one probe at least has left
    Announcing announcing_;
    Defence defence_;
    Counters counters_;
    std::optional<Claim> rival_;
    // The last host that was known for one with this software, and when: its kernel speaks for the
    // address as well, without a mark. Where we are the one that defends that is no other's word;
    // where we are not it may be a late one, of who has just given the address back.
    std::optional<std::pair<HardwareAddress, Time>> fellow_;
    unsigned conflicts_ = 0; // in a row
    Time last_attempt_{};    // that was begun with a probe
    Time restored_since_{};
    unsigned restored_ = 0; // since then
};

} // namespace mpapi::failover
