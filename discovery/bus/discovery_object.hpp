// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Discovery1 at /org/mpapi/Discovery1: what was found, and how this machine answers
// others; the searches are objects below it. Loop thread only.
#pragma once

#include "common/bus/gatekeeper.hpp"
#include "common/system/handle.hpp"
#include "discovery/bus/callers.hpp"
#include "discovery/bus/search_objects.hpp"
#include "discovery/exchange.hpp"
#include "discovery/network/transport.hpp"
#include "discovery/search/searches.hpp"

#include <functional>
#include <memory>

namespace mpapi::discovery {

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

    DiscoveryObject(sd_bus* bus, const Parts& parts);
    Status start(sd_event* loop);
    void discover(sd_bus_message* call);

    void search_added(const Search& search) override { jobs_->added(search); }
    void search_changed(const Search& search) override { jobs_->changed(search); }
    void search_removed(const Search& search) override { jobs_->removed(search); }
    void server_answered(const Search& search, const Server& server) override {
        jobs_->answered(search, server);
    }
    void server_added(const Server& server) override;
    void server_moved(const Server& server) override;
    void server_gone(const Server& server) override;
    void due_at(std::optional<std::chrono::steady_clock::time_point> when) override;

    sd_bus* bus_;
    Parts parts_;
    Callers callers_;
    EventSource timer_;
    BusSlot object_, manager_;
    std::unique_ptr<SearchObjects> jobs_;
};

} // namespace mpapi::discovery
