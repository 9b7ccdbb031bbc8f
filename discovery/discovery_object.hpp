// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Discovery1 and its jobs, at /org/mpapi/Discovery1 and below; what it means is in
// dbus/org.mpapi.Discovery1.xml. Loop thread only.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/bus/senders.hpp"
#include "common/system/handle.hpp"
#include "discovery/exchange.hpp"
#include "discovery/network/transport.hpp"
#include "discovery/search/searches.hpp"

#include <functional>
#include <memory>

namespace mpapi::discovery {

inline constexpr char kDiscoveryName[] = "org.mpapi.Discovery1";
inline constexpr char kDiscoveryPath[] = "/org/mpapi/Discovery1";
inline constexpr char kJobInterface[] = "org.mpapi.Discovery1.Job";
inline constexpr char kDiscoverAction[] = "org.mpapi.discovery1.discover";

class DiscoveryObject final : private SearchObserver {
  public:
    struct Parts {
        bus::Gatekeeper& gatekeeper;
        Searches& searches;
        Exchange& exchange;
        std::function<const Transport::State&()> transport;
        std::function<const Names&()> names;
        std::function<bool()> serving;
    };

    // All parts must outlive the object, which observes the searches; the bus is attached to the
    // loop.
    static Result<std::unique_ptr<DiscoveryObject>> publish(sd_bus* bus, sd_event* loop,
                                                            const Parts& parts);
    ~DiscoveryObject();
    DiscoveryObject(const DiscoveryObject&) = delete;
    DiscoveryObject& operator=(const DiscoveryObject&) = delete;

    void transport_changed();
    void interfaces_changed();

  private:
    struct Calls;
    friend struct Calls;
    struct Waiting;

    DiscoveryObject(sd_bus* bus, const Parts& parts);
    Status start(sd_event* loop);
    void discover(sd_bus_message* call);
    void cancel(sd_bus_message* call, std::uint64_t number);

    void search_added(const Search& search) override;
    void search_changed(const Search& search) override;
    void search_removed(const Search& search) override;
    void server_answered(const Search& search, const Server& server) override;
    void server_added(const Server& server) override;
    void server_moved(const Server& server) override;
    void server_gone(const Server& server) override;
    void due_at(std::optional<std::chrono::steady_clock::time_point> when) override;
    void tell(const char* path, const char* interface, const char* signal, const Server& server);

    sd_bus* bus_;
    Parts parts_;
    bus::Senders senders_;
    const Search* found_ = nullptr; // for the call of sd-bus under way
    EventSource timer_;
    BusSlot object_, manager_, jobs_, enumerator_;
};

} // namespace mpapi::discovery
