// SPDX-License-Identifier: LGPL-2.1-or-later
//
// PERSISTENT RESERVE IN and OUT to one open device, and what its answers mean. Run on a worker. A
// unit attention says that the command was not carried out (SAM-5 5.14): it is sent again. Errors:
// EBADE for RESERVATION CONFLICT, EOPNOTSUPP where the device does not know the command or its
// service action, EAGAIN for BUSY and TASK SET FULL, EBADMSG for an answer that cannot be right,
// ECOMM for LOGICAL UNIT COMMUNICATION FAILURE, with which LIO answers a nexus that is not
// registered where SPC demands RESERVATION CONFLICT, EIO for all else; the text is what came back.
#pragma once

#include "common/scsi/persistent_reserve_in.hpp"
#include "common/scsi/persistent_reserve_out.hpp"
#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <vector>

namespace mpapi::disks {

class ReservationCommands {
  public:
    // All outlive this.
    ReservationCommands(daemon::ScsiDevice& device, daemon::Progress& progress,
                        std::chrono::milliseconds timeout)
      : device_(device)
      , progress_(progress)
      , timeout_(timeout) {}

    Result<scsi::FullStatus> read_full_status();
    Result<scsi::ReservationKeys> read_keys();
    Result<scsi::ReservationStatus> read_reservation();
    Result<scsi::ReserveCapabilities> report_capabilities();

    // `key` is the one that is registered here, `service_action_key` the new one or whom to
    // preempt.
    Status send(scsi::ReserveOutAction action, std::uint64_t key,
                std::uint64_t service_action_key = 0);

  private:
    Result<std::vector<std::uint8_t>> read(scsi::ReserveInAction action, const char* name);

    daemon::ScsiDevice& device_;
    daemon::Progress& progress_;
    std::chrono::milliseconds timeout_;
};

// The type that this node reserves with.
inline constexpr auto kOurType = scsi::ReservationType::WriteExclusiveRegistrantsOnly;

} // namespace mpapi::disks
