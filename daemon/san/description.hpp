// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a SAN file says (mpapid-san(5)), as plain values in the order of the file. References are
// resolved to indices and every limit is checked, so what is built from a Description need not look
// again. Reading is pure: text in, value or Error out; the Error's object is "file:line".
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"
#include "daemon/san/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::san {

// Limits of one file. Disks are numbered as the kernel numbers them, in 20 bits.
constexpr std::uint32_t most_units = 65'536;
constexpr std::uint32_t most_disks = 1u << 20;
constexpr std::uint32_t most_ports = 64;       // of one array
constexpr std::uint32_t most_groups = 16;      // of one array
constexpr std::uint32_t most_initiators = 256; // of the file
constexpr std::uint32_t most_arrays = 256;

struct InitiatorDescription {
    std::string name; // unique in the file
    model::Transport transport = model::Transport::FibreChannel;
    std::string port_id; // as model::InitiatorPort::port_id
    std::string driver;  // "qla2xxx"
    // The SCSI host's number; none for a port of another machine: it gets no disks and is there for
    // persistent reservations and for San1.Execute only.
    std::optional<std::uint32_t> host;
    bool operator==(const InitiatorDescription&) const = default;
};

struct GroupDescription {
    std::uint16_t id = 0;
    model::AccessState state = model::AccessState::ActiveOptimized;
    bool preferred = false;
    bool operator==(const GroupDescription&) const = default;
};

struct PortDescription {
    std::string name;    // unique in its array, "A0"
    std::string port_id; // as model::TargetPort::port_id
    std::uint16_t relative_id = 0;
    std::uint32_t group = 0;               // index into the array's groups
    std::vector<std::uint32_t> initiators; // who sees it: indices into Description::initiators
    bool operator==(const PortDescription&) const = default;
};

// "naa.600…" (16 or 32 digits), "eui.…" (16, 24 or 32 digits), "t10.VENDOR  text", "name.iqn.…".
Result<Designator> parse_designator(std::string_view text);
std::string to_string(const Designator& designator);
// What multipath-tools call a unit with this designator: "3600…" (libmultipath, get_uid()).
std::string wwid(const Designator& designator);

// How maps group their paths.
enum class Grouping : std::uint8_t {
    ByGroup, // one priority group for each target port group, best first
    Single,  // one for all paths
    Each,    // one for each path
};

struct MapDescription {
    bool operator==(const MapDescription&) const = default;
    std::string name;                // '#' as for units; empty: no map, the disks stand alone
    std::optional<std::string> uuid; // absent: "mpath-" and the WWID
    Grouping grouping = Grouping::ByGroup;
    std::string selector = "service-time";
    std::string selector_arguments;   // of the group
    std::string path_arguments = "1"; // of each path
    std::string features = "queue_if_no_path";
    std::string hardware_handler; // "alua"; empty: none
    bool read_only = false;
};

// One unit, or `count` generated ones. In names and serial numbers a run of '#' stands for the
// number of the generated unit, filled with zeros to its length; binary designators count up.
struct UnitDescription {
    std::string name;
    std::uint32_t count = 1;
    std::uint32_t lun = 0; // of the first
    Designator designator;
    std::string serial;
    std::optional<std::uint16_t> logical_unit_group;
    std::uint64_t size = 0;           // bytes, a multiple of block_size
    std::uint32_t owner = 0;          // index of the group that has the first group's state
    std::vector<std::uint32_t> ports; // indices into the array's ports
    MapDescription map;
    bool operator==(const UnitDescription&) const = default;
};

enum class ArrayKind : std::uint8_t { Alua, ActivePassive, Symmetric };

// Who hears that the state of groups changed.
enum class Attention : std::uint8_t {
    Reported, // every path at once, as on a host with I/O under way
    Pending,  // the next command on each path, as on an idle host
    None,     // nobody: the array sends no unit attention
};

struct ArrayDescription {
    std::string name; // unique in the file
    std::string vendor, product, revision;
    ArrayKind kind = ArrayKind::Alua;
    model::Transport transport = model::Transport::FibreChannel;
    bool implicit_access = true;
    bool explicit_access = true;
    Attention attention = Attention::Reported;
    std::uint8_t transition_seconds = 0;  // IMPLICIT TRANSITION TIME of the extended header
    std::vector<GroupDescription> groups; // at least one, unless symmetric
    std::vector<PortDescription> ports;   // at least one
    std::vector<UnitDescription> units;
    bool operator==(const ArrayDescription&) const = default;
};

// The machine the daemon runs on.
struct MachineDescription {
    bool operator==(const MachineDescription&) const = default;
    // Whether something keeps the maps up as multipathd does: lost paths are failed and come back,
    // removed ones leave the table, the best group is switched to. Else only I/O fails paths and
    // nobody brings them back.
    bool multipathd = true;
    bool failback = true;           // multipathd's failback: immediate, or manual
    std::uint32_t map_major = 253;  // of device-mapper
    std::string version = "1.14.0"; // of the kernel's multipath target
};

constexpr std::uint32_t block_size = 512;

struct Description {
    std::string file;
    MachineDescription machine;
    std::vector<InitiatorDescription> initiators;
    std::vector<ArrayDescription> arrays;
    std::vector<Fault> faults;
    bool operator==(const Description&) const = default;
};

// `name` is the file's name for messages.
Result<Description> parse_description(std::string_view text, const std::string& name);
Result<Description> load_description(const std::string& path);

// `pattern` with each run of '#' replaced by `ordinal`, filled with zeros to the run's length.
std::string numbered(std::string_view pattern, std::uint32_t ordinal);
// `designator` counted up by `ordinal`: a big-endian number, or '#' in the text kinds.
Designator numbered(const Designator& designator, std::uint32_t ordinal);

// "active-optimized" and so on: the names on the bus.
const std::vector<std::pair<std::string_view, model::AccessState>>& access_states();
std::optional<model::AccessState> access_state_named(std::string_view name);

} // namespace mpapi::san
