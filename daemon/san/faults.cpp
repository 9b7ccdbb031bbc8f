// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/faults.hpp"

#include "daemon/san/fault_kinds.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mpapi::san {

Error fault_error(const Fabric& fabric, const Fault& fault, const std::string& object,
                  std::string reason, int errnum) {
    const auto& known = verbs();
    const auto verb = std::find_if(known.begin(), known.end(), [&fault](const auto& entry) {
        return entry.second == fault.verb;
    });
    std::string action(verb == known.end() ? "fault" : verb->first);
    if (fault.line != 0)
        action = fabric.description.file + ":" + std::to_string(fault.line) + ": " + action;
    return Error{std::move(action), object, std::move(reason), errnum};
}

Status apply_fault(Fabric& fabric, const Fault& fault) {
    switch (fault.verb) {
    case Verb::PathLost:
    case Verb::PathRestored:
    case Verb::DiskOffline:
    case Verb::DiskRemoved:
    case Verb::DiskRescanned:
    case Verb::CommandHangs:
    case Verb::CommandReleased:
    case Verb::PathReused:
    case Verb::Reply:
        return apply_disk_fault(fabric, fault);
    case Verb::PortLost:
    case Verb::PortRestored:
    case Verb::ArrayFailsOver:
    case Verb::GroupState:
    case Verb::SetGroupsAnswer:
        return apply_array_fault(fabric, fault);
    case Verb::LunReused:
    case Verb::SizeChanged:
    case Verb::UnitRemoved:
    case Verb::UnitAdded:
    case Verb::DiskAdded:
        return apply_unit_fault(fabric, fault);
    case Verb::HostRemoved:
    case Verb::HostAdded:
        return apply_host_fault(fabric, fault);
    case Verb::MapMade:
    case Verb::MapRemoved:
    case Verb::MapRenamed:
    case Verb::MapSuspended:
    case Verb::MapResumed:
    case Verb::MapHeld:
    case Verb::MapIsSystem:
    case Verb::MapReleased:
    case Verb::MapIo:
    case Verb::MapText:
    case Verb::MapContent:
        return apply_map_fault(fabric, fault);
    }
    return fault_error(fabric, fault, {}, "unknown verb", EINVAL);
}

} // namespace mpapi::san
