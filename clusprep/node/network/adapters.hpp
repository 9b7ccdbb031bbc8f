// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The adapters of MS-CSVP 2.2.12, of what org.mpapi.Network1.Adapters tells.
//
// - A person calls an adapter by its alias, where it has one.
// - It suits as a private network when it is up, has an address, and no default route.
// - None is a cluster adapter.
#pragma once

#include "clusprep/interfaces/network.hpp"
#include "common/result.hpp"

#include <systemd/sd-bus.h>

#include <functional>
#include <string>
#include <vector>

namespace mpapi::node {

inline constexpr std::uint32_t kLoopback = 24, kTunnel = 131; // IANAifType

// The number, 0 or 1, of the adapter with this name.
using AdapterId = std::function<Result<ndr::Guid>(const std::string& name, unsigned number)>;

// Made of the machine's id and the name: the same after a reboot, and no clue to the machine's id.
Result<ndr::Guid> adapter_id(const std::string& name, unsigned number);

// The answer of List(), in its order.
Result<std::vector<csvp::Adapter>> read_adapters(sd_bus_message* list, const AdapterId& id);

} // namespace mpapi::node
