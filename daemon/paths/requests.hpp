// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a client can ask to be kept, and the rules of ISO/IEC 11002 for it: from a request, the
// model of now and what is asked for already to what is asked for then, or the status it is refused
// with. Pure functions.
#pragma once

#include "common/model/snapshot.hpp"
#include "daemon/paths/intents.hpp"
#include "daemon/paths/outcome.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace mpapi::paths {

struct EnablePath {};  // of a path
struct DisablePath {}; // of a path
struct SetWeight {     // of a path
    std::uint32_t weight = 0;
};
struct SetOverridePath { // of a logical unit
    model::Sequence path = 0;
};
struct CancelOverridePath {};
// Of a logical unit, or of the plugin: then for all that have no setting of their own.
struct SetLoadBalanceType {
    std::uint32_t type = 0; // one bit of MP_LOAD_BALANCE_TYPE
};
struct SetAutoFailback {
    bool on = false;
};
struct SetFailbackRate {
    std::uint32_t seconds = 0;
};
struct SetAutoProbing {
    bool on = false;
};
struct SetProbingRate {
    std::uint32_t seconds = 0;
};
// Of a logical unit or the plugin: "selector", with the number of its arguments and these, as in a
// table. Of a load balance object: "selector args", the same without the name, which become those
// of every unit that uses it by a setting made here.
struct SetProperties {
    std::map<std::string, std::string> values;
};

using Request = std::variant<EnablePath, DisablePath, SetWeight, SetOverridePath,
                             CancelOverridePath, SetLoadBalanceType, SetAutoFailback,
                             SetFailbackRate, SetAutoProbing, SetProbingRate, SetProperties>;

using Edited = std::variant<Intents, Refused>;

// What a request is about.
struct Target {
    model::ObjectId object;
    model::Sequence unit = 0; // of a path: the unit that has it
};

Edited edit(const model::Snapshot& now, const Target& target, const Request& request,
            const Intents& asked);

// A path of the snapshot under its lasting name; nothing while its ports are not known.
std::optional<PathName> path_name(const model::Snapshot& snapshot, const model::Unit& unit,
                                  const model::Path& path);

} // namespace mpapi::paths
