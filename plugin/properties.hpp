// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a snapshot tells of an object, as the structures of ISO/IEC 11002; mpapi-plugin-linux(7)
// says where each field comes from on Linux. A function gives false, and touches nothing, where the
// snapshot has no such object; else it writes every byte, so that two structures of one object are
// equal as bytes exactly if nothing changed.
#pragma once

#include "plugin/objects.hpp"

#include <string_view>

namespace mpapi::plugin {

bool describe(const flat::Reader&, MP_UINT32 owner, Sequence, MP_INITIATOR_PORT_PROPERTIES&);
bool describe(const flat::Reader&, MP_UINT32 owner, Sequence, MP_TARGET_PORT_PROPERTIES&);
bool describe(const flat::Reader&, MP_UINT32 owner, Sequence,
              MP_MULTIPATH_LOGICAL_UNIT_PROPERTIES&);
bool describe(const flat::Reader&, MP_UINT32 owner, Sequence, MP_PATH_LOGICAL_UNIT_PROPERTIES&);
bool describe(const flat::Reader&, MP_UINT32 owner, Sequence, MP_DEVICE_PRODUCT_PROPERTIES&);
bool describe(const flat::Reader&, MP_UINT32 owner, Sequence, MP_TARGET_PORT_GROUP_PROPERTIES&);
bool describe(const flat::Reader&, MP_UINT32 owner, Sequence,
              MP_PROPRIETARY_LOAD_BALANCE_PROPERTIES&);

// Of the plugin itself, with a snapshot or, where it is null, a few words that say why there is
// none ("mpapid is not running").
void describe_plugin(const flat::Reader* snapshot, std::string_view why_none,
                     MP_PLUGIN_PROPERTIES& to);

} // namespace mpapi::plugin
