// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which addresses are managed here, and the record of each by which the next start knows them:
// wishes are taken up, kept and removed, and each address is told of what concerns it, and when it
// is its time. Owns them all. Loop thread only.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "failover/config.hpp"
#include "failover/freezes.hpp"
#include "failover/kernel/late_connections.hpp"
#include "failover/kernel/netlink.hpp"
#include "failover/links.hpp"
#include "failover/managed_address.hpp"
#include "failover/records.hpp"

#include <systemd/sd-event.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::failover {

class Addresses : private Links::Listener, private ManagedAddress::Listener {
  public:
    struct Events {
        std::function<void(const ManagedAddress&)> added, removed;
        std::function<void(const ManagedAddress&, State before)> changed;
        std::function<void(const ManagedAddress&, const Claim&)> conflict;
        std::function<void(const Error&)> trouble; // that no caller is told of
    };
    struct Statistics {
        std::uint64_t malformed = 0;   // packets
        std::uint64_t send_errors = 0; // of frames that had waited for their pace
        std::uint64_t freezes = 0;
    };

    static Result<std::unique_ptr<Addresses>> start(sd_event* loop, const Config& config,
                                                    Events events);
    Addresses(const Addresses&) = delete;
    Addresses& operator=(const Addresses&) = delete;

    // Takes up what the records say. Once, when Events can be served.
    Status take_up();

    // `wanted.interface` may be "auto". See ManagedAddress::go_online.
    void online(Wanted wanted, ManagedAddress::Answer answer);
    // See ManagedAddress::go_offline; it is managed no more.
    std::variant<std::vector<Connection>, Refused> offline(const std::string& key, bool reset);
    std::optional<Refused> announce(const std::string& key);
    std::optional<Refused> set_policy(const std::string& key, Policy policy);
    std::variant<std::uint32_t, Refused> tickle(const std::string& key,
                                                const std::vector<Connection>& connections);
    // Everything off its interface, records included.
    void remove_all();

    const ManagedAddress* find(const std::string& key) const;
    std::vector<const ManagedAddress*> all() const;
    Statistics statistics() const;

  private:
    Addresses(sd_event* loop, const Config& config, Netlink netlink, Events events);

    void link_is(const LinkFacts& link, bool renamed) override;
    void link_gone(int index) override;
    void address_gone(const AddressFacts& address) override;
    void events_lost() override;
    void heard(int index, const Claim& claim) override;

    void changed(const ManagedAddress& address, State before) override;
    void record_changed(const ManagedAddress& address) override;
    void conflict(const ManagedAddress& address, const Claim& claim) override;
    void trouble(const Error& error) override;

    ManagedAddress* held(const std::string& key);
    ManagedAddress& add(Wanted wanted);
    void drop(const std::string& key);
    std::variant<std::vector<Connection>, Refused>
    give_back(const std::string& key, const std::string& reason, bool reset = true);
    // They are not where they were put.
    void missing(const std::vector<std::string>& keys);

    void schedule();
    static int due(sd_event_source*, std::uint64_t, void* userdata);
    void thawed();

    sd_event* loop_;
    Config config_;
    Netlink netlink_;
    Events events_;
    Records records_;
    LateConnections late_;
    Freezes freezes_;
    std::unique_ptr<Links> links_;
    std::map<std::string, std::unique_ptr<ManagedAddress>> addresses_; // by key
    EventSource timer_;
};

} // namespace mpapi::failover
