// SPDX-License-Identifier: LGPL-2.1-or-later
//
// org.mpapi.Network1.Adapters at /org/mpapi/Network1; what it means is in
// dbus/org.mpapi.Network1.xml. The network is read on a thread: once for all who asked before it
// was begun, and again when these are answered. Answers, which may have megabytes, are made piece
// by piece, while there is nothing else to do. Loop thread only.
#pragma once

#include "common/bus/heavy_answers.hpp"
#include "common/system/background.hpp"
#include "failover/adapters/adapter.hpp"
#include "failover/calls.hpp"

#include <deque>
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
    // The next of those who asked, or reads for those who came since.
    void tell_next();
    static int slice(sd_event_source*, void* userdata);
    static int list(sd_bus_message* message, void* userdata, sd_bus_error*);

    static const sd_bus_vtable kVtable[];

    bus::Senders senders_;
    bus::HeavyAnswers heavy_answers_;
    std::vector<std::shared_ptr<Call>> wanted_; // after the reading that is under way was begun
    bool reading_ = false;                      // or telling
    // What was read, until all of these are told; and how much of it the first one's answer has.
    std::shared_ptr<const Found> found_;
    std::deque<std::shared_ptr<Call>> askers_;
    BusMessage reply_;
    std::size_t told_ = 0;
    EventSource slices_;
    BusSlot slot_;
    std::unique_ptr<Background> background_;
    // Ends first: an answer that waits goes later.
    std::shared_ptr<AdaptersObject*> self_ = std::make_shared<AdaptersObject*>(this);
};

} // namespace mpapi::failover
