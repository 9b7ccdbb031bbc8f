// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The questions that are asked of devices: who are you (INQUIRY, VPD 00h, 83h, 80h), and what state
// are your target port groups in (REPORT TARGET PORT GROUPS). They run on a worker, one after the
// other over one open device. A unit attention only says that the command was not carried out: it
// is sent again, and what the attention was about is told to the caller.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"
#include "common/scsi/target_port_groups.hpp"
#include "daemon/hardware.hpp"
#include "daemon/workers/workers.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::daemon {

// What a logical unit says of itself, the same through each of its ports.
struct UnitIdentity {
    std::string vendor;
    std::string product;
    std::string revision;
    std::string serial_number; // VPD 80h; empty where there is none
    std::string unit_name;     // empty where VPD 83h has no name of a logical unit
    model::NameType unit_name_type = model::NameType::Unknown;
    std::uint32_t logical_unit_group = model::kNoLogicalUnitGroup;
    bool implicit_alua = false;
    bool explicit_alua = false;

    bool operator==(const UnitIdentity&) const = default;
};

// The same with what it says of the port that the question came through.
struct PathIdentity {
    UnitIdentity unit;
    std::optional<std::uint16_t> target_port_group;
    std::uint16_t relative_target_port = 0; // 0: not told
};

// Fields of the page that name the unit and the port. Also for the page that sysfs has.
Result<PathIdentity> identity_of_page(std::span<const std::uint8_t> device_identification);

// What unit attentions said while something else was asked.
struct Attentions {
    bool access_state = false; // 2Ah/06h, 2Ah/07h
    bool identity = false;     // 29h, 2Ah/09h, 3Fh/03h, 3Fh/0Eh
};

// What stood between the question and an answer.
enum class Failure : std::uint8_t {
    None,
    NoStatus, // the command did not reach the unit, or nothing came back
    Status,   // the unit (or its port) answered with a SCSI status that says no
    Nonsense, // an answer came that cannot be right
};

template <typename T>
struct Answer {
    Result<T> result;
    Attentions attentions;
    Failure failure = Failure::None;
};

// Error::action is the command that failed, Error::reason what came instead of an answer.
Answer<PathIdentity> ask_identity(ScsiDevice& device, Progress& progress,
                                  std::chrono::milliseconds timeout);
Answer<scsi::TargetPortGroups> ask_target_port_groups(ScsiDevice& device, Progress& progress,
                                                      std::chrono::milliseconds timeout);

} // namespace mpapi::daemon
