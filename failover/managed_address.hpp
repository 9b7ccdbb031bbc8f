// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The life of one address: its machine (core/managed.hpp) with hands in the kernel, on the wire and
// in a set of nftables, and the caller who waits for it. Knows no other address, and no records;
// whoever owns it keeps the time (Managed::next). Loop thread only.
#pragma once

#include "common/result.hpp"
#include "failover/kernel/connections.hpp"
#include "failover/kernel/late_connections.hpp"
#include "failover/kernel/netlink.hpp"
#include "failover/links.hpp"
#include "failover/refused.hpp"
#include "failover/wanted.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::failover {

class ManagedAddress : private Managed::Hands {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void changed(const ManagedAddress& address, State before) = 0;
        virtual void record_changed(const ManagedAddress& address) = 0;
        virtual void conflict(const ManagedAddress& address, const Claim& claim) = 0;
        virtual void trouble(const Error& error) = 0; // that no caller is told of
    };
    // What all addresses of this host have in common; must outlive them.
    struct Host {
        Netlink& netlink;
        Links& links;
        LateConnections& late;
        Listener& listener;
    };
    // Its key, or why not.
    using Answer = std::function<void(const std::variant<std::string, Refused>&)>;

    ManagedAddress(const Host& host, Wanted wanted);
    ManagedAddress(const ManagedAddress&) = delete;
    ManagedAddress& operator=(const ManagedAddress&) = delete;

    const Wanted& wanted() const { return wanted_; }
    std::string key() const { return wanted_.key(); }
    const Managed& managed() const { return managed_; }
    Managed& managed() { return managed_; }
    int link() const { return link_; }             // its index; 0: not there
    std::uint64_t since() const { return since_; } // of the state; microseconds since the epoch
    std::uint64_t met() const { return met_; }     // the rival, last; 0: never
    Record record() const;
    // Whether it is on its interface, if these are the addresses of this host.
    bool is_among(const std::vector<AddressFacts>& there) const;
    // On the interface, about to be, or not to be got off it: it is not to be had anew.
    bool engaged() const;

    // Answers once, before it returns or later: when it is on the interface and announced, or will
    // not be.
    void go_online(Answer answer);
    // Who waits for it hears no.
    void supersede(const std::string& text);
    // Off the interface when it returns; the TCP connections that ended with it. `reset`: whether
    // their peers are told.
    Result<std::vector<Connection>> go_offline(const std::string& reason, bool reset);
    // The same, without a change of state.
    Status clear() { return remove(managed_.ip()); }

    // As it was when this program ended. False: its lifetime has ended, and it is to be given back.
    bool take_up(const Record& record, const std::vector<AddressFacts>& there);
    // It is not where it was put. False as before.
    bool missing();

    void link_is(const LinkFacts& link, bool renamed);
    void link_gone(int index);

  private:
    Status add(const Ip& ip) override;
    Status remove(const Ip& ip) override;
    Result<std::chrono::nanoseconds> probe(const Ip& ip, const Nonce& nonce) override;
    Status announce(const Ip& ip, Forms forms) override;
    void changed(State before) override;
    void conflict(const Claim& claim) override;

    void bind(const LinkFacts* link);
    void follow(const std::vector<AddressFacts>& there);
    bool ends_by_itself() const { return wanted_.placement.lifetime.count() > 0; }
    void end(const std::vector<OpenSocket>& sockets);
    void answer(const std::variant<std::string, Refused>& with);

    Host host_;
    Wanted wanted_;
    Managed managed_;
    int link_ = 0;
    bool reset_ = true;             // peers of connections that end with it
    bool placed_ = false;           // it was put on the interface, or was to be
    bool as_it_is_ = false;         // on the interface, for as long as it was given at first
    std::vector<Connection> ended_; // with the last removal
    Answer answer_;
    std::uint64_t since_, met_ = 0;
};

} // namespace mpapi::failover
