// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Stops a unit by systemd's bus interface (org.freedesktop.systemd1(5)). A rule of polkit lets the
// user clusprep do that with the cluster's units. A unit that there is not, or that does not run,
// is as good as stopped. Loop thread only.
#pragma once

#include "common/result.hpp"

#include <systemd/sd-bus.h>

#include <functional>
#include <list>
#include <string>

namespace mpapi::node {

class ServiceStop {
  public:
    using Then = std::function<void(Status)>;

    // The bus must outlive it.
    explicit ServiceStop(sd_bus* bus);
    // Who waits then is told nothing more.
    ~ServiceStop();
    ServiceStop(const ServiceStop&) = delete;
    ServiceStop& operator=(const ServiceStop&) = delete;

    // `wait`: until it has stopped; else until it was told to. Calls back once, from the loop.
    void stop(const std::string& unit, bool wait, Then then);

  private:
    struct Stop;

    static int subscribed(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int begun(sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int removed(sd_bus_message* signal, void* userdata, sd_bus_error*);
    void end(Stop& stop, Status status);

    sd_bus* bus_;
    std::list<Stop> stops_;
};

} // namespace mpapi::node
