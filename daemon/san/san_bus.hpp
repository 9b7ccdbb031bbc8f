// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The faults of the embedded SAN as methods of org.mpapi.San1 at /org/mpapi/San1
// (dbus/org.mpapi.San1.xml has the text of each). The interface exists in mpapid-san only, on a bus
// of its own: whoever reaches it may do anything with a SAN that is none.
#pragma once

#include "common/result.hpp"
#include "common/system/handle.hpp"
#include "daemon/san/san.hpp"

#include <memory>

namespace mpapi::san {

constexpr const char* bus_path = "/org/mpapi/San1";
constexpr const char* bus_interface = "org.mpapi.San1";

class SanBus {
  public:
    // Serves the interface on that bus as long as it lives. Bus and SAN outlive it; the loop's
    // thread only. The SAN must have been started before Storm is called.
    static Result<std::unique_ptr<SanBus>> create(sd_bus* bus, San& san);

  private:
    SanBus() = default;
    BusSlot slot_;
};

} // namespace mpapi::san
