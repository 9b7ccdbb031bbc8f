// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Network1.Addresses at /org/mpapi/Network1, and an object of org.mpapi.Network1.Address
// for each address below it; what they mean is in dbus/org.mpapi.Network1.xml. Loop thread only.
#pragma once

#include "failover/addresses.hpp"
#include "failover/calls.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::failover {

inline constexpr char kManagerInterface[] = "org.mpapi.Network1.Addresses";
inline constexpr char kAddressInterface[] = "org.mpapi.Network1.Address";
inline constexpr char kAddressFolder[] = "/org/mpapi/Network1/address";

class AddressObjects {
  public:
    // All must outlive the object.
    static Result<std::unique_ptr<AddressObjects>> publish(sd_bus* bus, bus::Gatekeeper& gatekeeper,
                                                           const Wish& defaults);
    AddressObjects(const AddressObjects&) = delete;
    AddressObjects& operator=(const AddressObjects&) = delete;

    // What the addresses are to tell of what happens; then they are served.
    Addresses::Events events();
    void serve(Addresses& addresses) { addresses_ = &addresses; }

  private:
    using Act = std::function<void(const std::shared_ptr<Call>&)>;

    AddressObjects(sd_bus* bus, bus::Gatekeeper& gatekeeper, const Wish& defaults);

    const ManagedAddress* at(const char* path) const;
    void admit(sd_bus_message* message, Act act);
    void added(const ManagedAddress& entry);
    void removed(const ManagedAddress& entry);
    void changed(const ManagedAddress& entry, State before);
    void conflict(const ManagedAddress& entry, const Claim& claim);

    static int online(sd_bus_message* message, void* userdata, sd_bus_error*);
    static int offline(sd_bus_message* message, void* userdata, sd_bus_error*);
    static int announce(sd_bus_message* message, void* userdata, sd_bus_error*);
    static int set_policy(sd_bus_message* message, void* userdata, sd_bus_error*);
    static int tickle(sd_bus_message* message, void* userdata, sd_bus_error*);
    static int statistics(sd_bus*, const char* path, const char* interface, const char* property,
                          sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int property(sd_bus*, const char* path, const char* interface, const char* property,
                        sd_bus_message* reply, void* userdata, sd_bus_error*);
    static int find(sd_bus*, const char* path, const char* interface, void* userdata, void** found,
                    sd_bus_error*);
    static int enumerate(sd_bus*, const char* prefix, void* userdata, char*** nodes, sd_bus_error*);

    static const sd_bus_vtable kManagerVtable[];
    static const sd_bus_vtable kAddressVtable[];

    sd_bus* bus_;
    bus::Gatekeeper& gatekeeper_;
    Wish defaults_;
    bus::Senders senders_;
    Addresses* addresses_ = nullptr;
    // Conflicts that were told of, by address; times in microseconds since the epoch.
    struct Told {
        HardwareAddress rival;
        std::uint64_t time = 0, second = 0;
        unsigned in_second = 0;
    };
    std::map<std::string, Told> told_;
    std::vector<BusSlot> slots_;
};

} // namespace mpapi::failover
