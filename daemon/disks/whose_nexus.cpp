// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/whose_nexus.hpp"

#include "common/scsi/transport_id.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace mpapi::disks {

namespace {

// The registration's initiator port as the model would write it. A name without ISID stands for all
// ports of the initiator (SPC-4 7.6.4.6).
bool is_initiator(const scsi::TransportId& id, const std::string& port) {
    const std::string text = scsi::transport_id_text(id);
    if (const auto* iscsi = std::get_if<scsi::IscsiInitiator>(&id); iscsi && !iscsi->isid)
        return port.starts_with(text + ",");
    return text == port;
}

// The model writes "host3" for a port whose name the kernel does not tell.
bool has_unknown_port(const Nexus& nexus) {
    return nexus.initiator_port == "host" + std::to_string(nexus.address.host);
}

bool fits_target_port(const scsi::Registration& registration, const Nexus& nexus) {
    return registration.all_target_ports || nexus.relative_target_port == 0 ||
           registration.relative_target_port == nexus.relative_target_port;
}

// Paths whose ports are not known, and the registrations that are theirs by key, go through the
// same target port: as many of these as of those, or it is not known which path has none.
void by_key(std::vector<RegisteredNexus>& found, const Disk& disk, std::uint64_t key) {
    const auto paths_of = [&](const scsi::Registration& registration) {
        std::vector<std::size_t> paths;
        for (std::size_t n = 0; n < disk.nexuses.size(); ++n)
            if (has_unknown_port(disk.nexuses[n]) &&
                fits_target_port(registration, disk.nexuses[n]))
                paths.push_back(n);
        return paths;
    };
    std::vector<std::pair<RegisteredNexus*, std::vector<std::size_t>>> theirs;
    for (auto& each : found) {
        if (each.registration.key != key || !each.ours.empty()) continue;
        if (auto paths = paths_of(each.registration); !paths.empty())
            theirs.emplace_back(&each, std::move(paths));
    }
    for (auto& [each, paths] : theirs) {
        each->ours_by_key = true;
        const auto alike =
            std::count_if(theirs.begin(), theirs.end(),
                          [&paths = paths](const auto& other) { return other.second == paths; });
        if (each->registration.all_target_ports || static_cast<std::size_t>(alike) >= paths.size())
            each->ours = paths;
    }
}

} // namespace

std::vector<RegisteredNexus> whose(const std::vector<scsi::Registration>& registrations,
                                   const Disk& disk, std::uint64_t key) {
    std::vector<RegisteredNexus> found;
    for (const auto& registration : registrations) {
        RegisteredNexus each;
        each.registration = registration;
        for (std::size_t n = 0; n < disk.nexuses.size(); ++n)
            if (registration.initiator && fits_target_port(registration, disk.nexuses[n]) &&
                is_initiator(*registration.initiator, disk.nexuses[n].initiator_port))
                each.ours.push_back(n);
        found.push_back(std::move(each));
    }
    by_key(found, disk, key);
    return found;
}

} // namespace mpapi::disks
