// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Faults by what they are about, each kind in a file of its own; faults.cpp chooses.
#pragma once

#include "common/result.hpp"
#include "daemon/san/fabric.hpp"
#include "daemon/san/fault.hpp"

#include <string>

namespace mpapi::san {

Status apply_disk_fault(Fabric& fabric, const Fault& fault);
Status apply_array_fault(Fabric& fabric, const Fault& fault);
Status apply_unit_fault(Fabric& fabric, const Fault& fault);
Status apply_host_fault(Fabric& fabric, const Fault& fault);
Status apply_map_fault(Fabric& fabric, const Fault& fault);

// Named by verb and, where it stands in a file, by its line.
Error fault_error(const Fabric& fabric, const Fault& fault, const std::string& object,
                  std::string reason, int errnum);

} // namespace mpapi::san
