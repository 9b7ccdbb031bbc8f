// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whose registrations READ FULL STATUS tells of (SPC-4 6.16.5): each has the name of its initiator
// port, a TransportID, and the relative identifier of its target port.
//
// A registration is a path's whose ports it names. Of some hosts the kernel knows no initiator
// port: paravirtual ones in a virtual machine, where the device even names a port of the machine's
// host, parallel SCSI, loopback. There the key is all there is to go by, and keys are drawn for
// each node: a registration with our key that is none of the paths whose ports are known belongs to
// those whose ports are not. Where these are more than such registrations it is not known which of
// them lack one. That our key was copied to another node is then not noticed.
#pragma once

#include "common/scsi/persistent_reserve_in.hpp"
#include "daemon/disks/disk.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mpapi::disks {

struct RegisteredNexus {
    scsi::Registration registration;
    std::vector<std::size_t> ours; // of Disk::nexuses: whom it stands for
    bool ours_by_key = false;      // of a path of ours, and `ours` may not tell which
    bool is_ours() const { return ours_by_key || !ours.empty(); }
};

// In the same order. `key` is this node's. Pure.
std::vector<RegisteredNexus> whose(const std::vector<scsi::Registration>& registrations,
                                   const Disk& disk, std::uint64_t key);

} // namespace mpapi::disks
