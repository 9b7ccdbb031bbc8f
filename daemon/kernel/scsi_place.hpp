// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the place of a SCSI disk in the device tree says: its address, and the transport objects
// between its host and itself. The kernel's names of them are its ABI (Documentation/scsi):
//
//   …/host3/rport-3:0-1/target3:0:1/3:0:1:5/block/sdc              Fibre Channel
//   …/host4/session2/target4:0:0/4:0:0:0/block/sdd                 iSCSI
//   …/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sda  SAS, direct
//   …/host0/port-0:0/expander-0:0/port-0:0:3/end_device-0:0:3/target0:0:3/0:0:3:0/block/sdb
//   …/host2/target2:0:1/2:0:1:0/block/sde                          anything else
//
// Pure functions, any thread.
#pragma once

#include "common/model/values.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace mpapi::kernel {

struct ScsiPlace {
    model::ScsiAddress address;
    std::string remote_port;   // "rport-3:0-1"; empty: not Fibre Channel
    std::string iscsi_session; // "session2"; empty: not iSCSI
    std::string sas_port;      // the host's own, "port-0:0"; empty: not SAS
    std::string end_device;    // "end_device-0:0:3"; empty: not SAS
    bool operator==(const ScsiPlace&) const = default;
};

// Empty when no component is a SCSI device. `path` is that of the disk, as Sysfs::link gives it.
std::optional<ScsiPlace> parse_scsi_place(std::string_view path);

// "3:0:1:5"; empty for anything else.
std::optional<model::ScsiAddress> parse_scsi_address(std::string_view text);
std::string to_string(const model::ScsiAddress& address); // "3:0:1:5"

} // namespace mpapi::kernel
