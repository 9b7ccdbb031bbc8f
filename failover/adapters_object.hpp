// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Network1.Adapters at /org/mpapi/Network1; what it means is in
// dbus/org.mpapi.Network1.xml. The network is read on a thread: once for all who asked before it
// was begun, and again when these are answered. Loop thread only.
#pragma once

#include "common/bus/heavy_answers.hpp"
#include "common/system/background.hpp"
#include "failover/adapters/adapter.hpp"
#include "failover/calls.hpp"

#include <memory>
#include <vector>

namespace mpapi::failover {

class AdaptersObject {
  public:
    // Both must outlive the object.
    static Result<std::unique_ptr<AdaptersObject>> publish(sd_event* loop, sd_bus* bus);
    AdaptersObject(const AdaptersObject&) = delete;
    AdaptersObject& operator=(const AdaptersObject&) = delete;

  private:
    using Found = Result<std::vector<adapters::Adapter>>;

    explicit AdaptersObject(sd_bus* bus);
    void read();
    void read_on();
    void answer(const std::shared_ptr<Call>& call, const std::shared_ptr<const Found>& found);
    static int list(sd_bus_message* message, void* userdata, sd_bus_error*);

    static const sd_bus_vtable kVtable[];

    bus::Senders senders_;
    bus::HeavyAnswers heavy_answers_;
    std::vector<std::shared_ptr<Call>> wanted_; // after the reading that is under way was begun
    bool reading_ = false;                      // or answering
    BusSlot slot_;
    std::unique_ptr<Background> background_;
    // Ends first: what was read outlives it in an answer.
    std::shared_ptr<AdaptersObject*> self_ = std::make_shared<AdaptersObject*>(this);
};

} // namespace mpapi::failover
