// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Both ends of the I_T nexus of a SCSI disk, as sysfs has them.
//
//   transport   initiator port                                     target port
//   FC          fc_host port_name                                  fc_remote_ports port_name
//   iSCSI       initiator name, ISID of the session                target name, portal group tag
//   SAS         sas_phy sas_address of the host's port             sas_device sas_address
//   else        "host3"                                            "3:0:1"
//
// Read once for each host, session or remote port and kept while some disk refers to it: many disks
// share one object, and 1024 disks behind 8 ports cost 8 readings. Such an object of the kernel has
// a number of its own that is not given away again while the system runs.
//
// The ISID of a session that open-iscsi made in software (iscsi_tcp, ib_iser) is not in sysfs:
// these drivers leave the attribute out. It follows from the session's number by open-iscsi's rule:
// the OUI 00023Dh with the number as its 24-bit qualifier (RFC 7143 11.12.5, format 00b). Seen so
// at the target with open-iscsi 2.1.8; versions of old put only the number's low byte there, as the
// first of the three.
//
// Loop's thread only.
#pragma once

#include "daemon/hardware.hpp"
#include "daemon/kernel/scsi_place.hpp"
#include "daemon/kernel/sysfs.hpp"

#include <map>
#include <memory>
#include <string>

namespace mpapi::kernel {

class PortBook {
  public:
    using Port = std::shared_ptr<const daemon::PortFacts>;

    explicit PortBook(const Sysfs& sysfs)
      : sysfs_(sysfs) {}

    Port initiator_port(const ScsiPlace& place);
    Port target_port(const ScsiPlace& place);

    // What was read before is read again when asked for next; an object whose content is the same
    // is handed out as it was. After events were lost.
    void distrust();

  private:
    struct Entry {
        std::weak_ptr<const daemon::PortFacts> port;
        bool trusted = true;
    };
    using Entries = std::map<std::string, Entry, std::less<>>;

    template <typename Read>
    Port find(Entries& entries, const std::string& key, Read read);
    daemon::PortFacts read_initiator_port(const ScsiPlace& place) const;
    daemon::PortFacts read_target_port(const ScsiPlace& place) const;
    std::string sas_address_of_port(const ScsiPlace& place) const;

    const Sysfs& sysfs_;
    Entries initiator_ports_;
    Entries target_ports_;
};

} // namespace mpapi::kernel
