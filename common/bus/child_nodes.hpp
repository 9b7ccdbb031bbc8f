// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an enumerator of nodes hands to sd-bus (sd_bus_add_node_enumerator(3)): a list of C's, which
// sd-bus frees.
#pragma once

#include <string>
#include <vector>

namespace mpapi::bus {

// As the enumerator returns: 0, or -ENOMEM with `nodes` as it was.
int give_child_nodes(const std::vector<std::string>& paths, char*** nodes);

} // namespace mpapi::bus
