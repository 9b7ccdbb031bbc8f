// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The multipath maps as they were last told to the observer.
//
// Loop's thread only.
#pragma once

#include "daemon/hardware.hpp"

#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace mpapi::kernel {

class MapBook {
  public:
    explicit MapBook(daemon::HardwareObserver& observer)
      : observer_(observer) {}

    // True when something in it was new.
    bool present(const std::shared_ptr<const daemon::MapFacts>& map);
    void gone(model::DeviceNumber number);

  private:
    daemon::HardwareObserver& observer_;
    std::map<model::DeviceNumber, std::shared_ptr<const daemon::MapFacts>> maps_;
};

// The numbers of devices that a multipath status names, without a judgement on the rest of it.
std::vector<model::DeviceNumber> devices_in_status(std::string_view status);

} // namespace mpapi::kernel
