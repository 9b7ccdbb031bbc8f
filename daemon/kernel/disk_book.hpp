// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The SCSI disks as they were last told to the observer. Everything that makes us look at a disk
// again ends here; the observer hears of it only when something is different.
//
// Loop's thread only.
#pragma once

#include "daemon/hardware.hpp"
#include "daemon/kernel/ports.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mpapi::kernel {

class DiskBook {
  public:
    DiskBook(const Sysfs& sysfs, daemon::HardwareObserver& observer)
      : sysfs_(sysfs)
      , ports_(sysfs)
      , observer_(observer) {}

    // Reads the disk; `member` and `udev` are what udev says of it just now.
    void look_at(const std::string& device, std::optional<bool> member,
                 std::shared_ptr<const daemon::UdevFacts> udev = nullptr);
    // Reads it again; udev's word stays what it was. Unknown disks are ignored.
    void look_again(const std::string& device);
    // Reads what changes without a uevent.
    void look_at_state(const std::string& device);
    void look_at_states();
    void gone(const std::string& device);
    // After events were lost: disks that are not among `present` are gone, ports are read anew.
    void recount(const std::set<std::string>& present);

    bool knows(const std::string& device) const { return disks_.count(device) != 0; }
    std::set<std::string> devices() const;
    // "" when no disk has it.
    std::string device_at(const model::ScsiAddress& address) const;
    std::vector<std::string> devices_of_target(const model::ScsiAddress& address) const;
    std::string device_with(model::DeviceNumber number) const;
    // Disks that had "dm-3" on top when they were last read.
    std::vector<std::string> devices_under(const std::string& holder) const;

  private:
    void store(daemon::DiskFacts&& now);

    const Sysfs& sysfs_;
    PortBook ports_;
    daemon::HardwareObserver& observer_;
    std::map<std::string, daemon::DiskFacts> disks_;
    std::map<std::string, std::string> by_address_; // "2:0:0:1" -> "sdc"
    std::map<model::DeviceNumber, std::string> by_number_;
};

} // namespace mpapi::kernel
