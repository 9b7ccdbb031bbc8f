// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The six classes of MS-CSVP 1.9 for the object exporter: each activation makes an object of one
// interface with a session of its own.
#pragma once

#include "clusprep/dcom/object.hpp"
#include "clusprep/interfaces/machine.hpp"

#include <memory>
#include <vector>

namespace mpapi::csvp {

struct Class {
    ndr::Guid clsid;
    const char* name; // of its interface
    std::unique_ptr<dcom::ObjectFactory> factory;
};

// `machine` outlives them and the objects they make.
std::vector<Class> classes(Machine& machine);

} // namespace mpapi::csvp
