// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SCSI commands to the logical unit behind a disk's node, by SG_IO through libsgutils2 (sg_pt.h).
//
// That library takes whole seconds (timeouts are rounded up) and has no number for the driver's
// status, only that there is one that says no.
//
// The node is opened for reading only: closing a disk that was open for writing makes udev look at
// it again, whose event would make us look again. Commands outside of the kernel's list for
// readers (REPORT TARGET PORT GROUPS is) need CAP_SYS_RAWIO.
//
// The kernel does not take a timeout below 7 s (BLK_MIN_SG_TIMEOUT), and after a timeout it first
// tries to abort and to reset, which may take minutes. Whoever has a deadline keeps it himself.
#pragma once

#include "common/result.hpp"
#include "daemon/hardware.hpp"

#include <memory>
#include <string>

namespace mpapi::kernel {

// `node` is "/dev/sdc". Fails with ENODEV when it is another device than `number`. May block while
// the host recovers from errors. Any thread.
Result<std::unique_ptr<daemon::ScsiDevice>> open_scsi_device(const std::string& node,
                                                             model::DeviceNumber number);

// The answer of SG_IO in terms of SAM. Pure, for tests.
struct SgAnswer {
    std::uint8_t status = 0;
    std::uint16_t host_status = 0;
    bool driver_failed = false;
    std::size_t asked = 0; // length of the data buffer
    int residual = 0;      // of it
    std::size_t sense_written = 0;
};
daemon::ScsiReply read_sg_answer(const SgAnswer& answer, std::span<const std::uint8_t> sense,
                                 const std::string& node);

} // namespace mpapi::kernel
