// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One fault as a value: a verb of mpapid-san(5) and what it is about. The same value comes from a
// [[fault]] of the file and from a method of org.mpapi.San1.
#pragma once

#include "common/model/values.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::san {

enum class Verb : std::uint8_t {
    PathLost,
    PathRestored,
    PortLost,
    PortRestored,
    CommandHangs,
    CommandReleased,
    ArrayFailsOver,
    GroupState,
    SetGroupsAnswer,
    LunReused,
    PathReused,
    SizeChanged,
    UnitRemoved,
    UnitAdded,
    DiskOffline,
    DiskRemoved,
    DiskAdded,
    DiskRescanned,
    HostRemoved,
    HostAdded,
    MapRemoved,
    MapMade,
    MapRenamed,
    MapSuspended,
    MapResumed,
    MapHeld,
    MapIsSystem,
    MapReleased,
    MapIo,
    MapText,
    MapContent,
    Reply,
};

// By their names in the file, "path_lost".

const std::vector<std::pair<std::string_view, Verb>>& verbs();

enum class DesignatorKind : std::uint8_t { Naa, Eui64, T10, ScsiName };

// What VPD 83h says of the logical unit. `value` is the designator as sent: binary for NAA and
// EUI-64, text for the others.
struct Designator {
    DesignatorKind kind = DesignatorKind::Naa;
    std::string value;
    bool operator==(const Designator&) const = default;
};

// What an array makes of SET TARGET PORT GROUPS.
enum class SetGroupsAnswer : std::uint8_t {
    Obeys,
    Transitioning, // NOT READY, 04h/0Ah, and nothing is done
    Refused,       // ILLEGAL REQUEST, 26h/00h
    Failed,        // HARDWARE ERROR, 67h/0Ah
    Ignored,       // GOOD, and nothing is done
    Slow,          // GOOD, and the groups are transitioning for a while
};

// "obeys" …
const std::vector<std::pair<std::string_view, SetGroupsAnswer>>& set_groups_answers();

// Which members mean something depends on the verb; the others are ignored.
struct Fault {
    Verb verb = Verb::PathLost;
    std::uint32_t line = 0; // in the file, 0 elsewhere
    std::string disk, unit, array, port, initiator, map;
    std::string name;                   // the map's new one
    std::string content;                // of the map's disk
    std::optional<std::uint16_t> group; // id
    model::AccessState state = model::AccessState::ActiveOptimized;
    SetGroupsAnswer answer = SetGroupsAnswer::Obeys;
    Designator designator;
    std::string serial;
    std::uint64_t size = 0;               // bytes
    std::vector<std::uint8_t> operations; // operation codes; empty: all
    std::uint8_t operation = 0;           // of the reply
    // VPD page or service action of the reply; absent: standard INQUIRY data, or no matter.
    std::optional<std::uint8_t> page;
    std::vector<std::uint8_t> bytes; // the reply; empty: the truth again
    std::chrono::milliseconds transition{0};
    bool announced = true;  // by a unit attention
    bool rescanned = false; // the host removed the disks too
    std::string table, status;
    bool operator==(const Fault&) const = default;
};

} // namespace mpapi::san
