// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All addresses that are managed here: takes wishes, gives each its interface, its timer and its
// hands in the kernel, and keeps a record of it. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/config.hpp"
#include "failover/kernel/connections.hpp"
#include "failover/kernel/monitor.hpp"
#include "failover/kernel/netlink.hpp"
#include "failover/records.hpp"
#include "failover/wire.hpp"

#include <systemd/sd-event.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::failover {

class Addresses : private Monitor::Listener {
  public:
    // One of them, as others may see it.
    class Entry;

    struct Events {
        std::function<void(const Entry&)> added, removed;
        std::function<void(const Entry&, State before)> changed;
        std::function<void(const Entry&, const Claim&)> conflict;
        std::function<void(const Error&)> trouble; // that no caller is told of
    };
    // Nothing for well.
    using Answer = std::function<void(const std::optional<Refused>&)>;

    static Result<std::unique_ptr<Addresses>> start(sd_event* loop, const Config& config,
                                                    Events events);
    ~Addresses() override;
    Addresses(const Addresses&) = delete;
    Addresses& operator=(const Addresses&) = delete;

    // Takes up what the records say. Once, when Events can be served.
    Status take_up();

    // `wanted.interface` may be "auto". Answers once: when the address is on the interface and
    // announced, or will not be; before it returns, or later.
    void online(Wanted wanted, Answer answer);
    // Off the interface when it returns; the TCP connections that ended with it. `reset`: whether
    // their peers are told.
    std::variant<std::vector<Connection>, Refused> offline(const std::string& key, bool reset);
    std::optional<Refused> announce(const std::string& key);
    std::optional<Refused> set_policy(const std::string& key, Policy policy);
    std::variant<std::uint32_t, Refused> tickle(const std::string& key,
                                                const std::vector<Connection>& connections);
    // Everything off its interface, records included.
    void remove_all();

    const Entry* find(const std::string& key) const;
    std::vector<const Entry*> all() const;
    std::uint64_t malformed() const;
    std::uint64_t send_errors() const; // of frames that had waited for their pace
    std::uint64_t freezes() const { return freezes_; }

  private:
    Addresses(sd_event* loop, const Config& config, Netlink netlink, Events events);

    void link_is(const LinkFacts& link) override;
    void link_gone(int index) override;
    void address_gone(const AddressFacts& address) override;
    void settings_changed() override;
    void overrun() override;

    Status look();
    std::optional<Refused> choose_interface(Wanted& wanted) const;
    std::optional<Refused> check(const Wanted& wanted,
                                 const std::vector<AddressFacts>& there) const;
    Entry& add(Wanted wanted);
    void drop(const std::string& key);
    void bind(Entry& entry);
    const LinkFacts* link_named(const std::string& name) const;
    Wire& wire(int index);
    void heard(int index, const Claim& claim);
    // They are not where they were put.
    void missing(const std::vector<std::string>& keys);
    std::variant<std::vector<Connection>, Refused> give_back(const std::string& key,
                                                             const std::string& reason);
    bool is_own(const HardwareAddress& address) const;
    void write(const Entry& entry);
    void trouble(const Error& error);

    void sweep(const Ip& ip);
    static int swept(sd_event_source*, std::uint64_t, void* userdata);
    void schedule();
    void watch_for_freezes();
    static int due(sd_event_source*, std::uint64_t, void* userdata);
    static int beat(sd_event_source*, std::uint64_t, void* userdata);

    sd_event* loop_;
    Config config_;
    mutable Netlink netlink_;
    Events events_;
    Records records_;
    std::unique_ptr<Monitor> monitor_;
    std::map<int, LinkFacts> links_;
    std::map<int, std::unique_ptr<Wire>> wires_;
    std::map<std::string, std::unique_ptr<Entry>> entries_;
    std::vector<Ip> to_sweep_;
    EventSource timer_, heart_, sweeper_;
    std::uint64_t last_beat_ = 0; // CLOCK_BOOTTIME, microseconds
    std::uint64_t freezes_ = 0, malformed_before_ = 0, send_errors_before_ = 0;
};

class Addresses::Entry : private Managed::Hands {
  public:
    Entry(Addresses& owner, Wanted wanted);

    const Wanted& wanted() const { return wanted_; }
    std::string key() const { return wanted_.key(); }
    const Managed& managed() const { return managed_; }
    std::uint64_t since() const { return since_; } // of the state; microseconds since the epoch
    std::uint64_t met() const { return met_; }     // the rival, last; 0: never
    Record record() const;

  private:
    friend class Addresses;

    Status add(const Ip& ip) override;
    Status remove(const Ip& ip) override;
    void end(const std::vector<OpenSocket>& sockets);
    Result<std::chrono::nanoseconds> probe(const Ip& ip, const Nonce& nonce) override;
    Status announce(const Ip& ip, Forms forms) override;
    void changed(State before) override;
    void conflict(const Claim& claim) override;

    void answer(const std::optional<Refused>& refused);

    Addresses& owner_;
    Wanted wanted_;
    Managed managed_;
    int link_ = 0;                  // index; 0: not there
    bool reset_ = true;             // peers of connections that end with it
    bool placed_ = false;           // it was put on the interface, or was to be
    bool as_it_is_ = false;         // on the interface, for as long as it was given at first
    std::vector<Connection> ended_; // with the last removal
    Answer answer_;
    std::uint64_t since_ = 0, met_ = 0;
};

} // namespace mpapi::failover
