// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The state of the embedded SAN: what the arrays are, what the host sees of them, what
// device-mapper makes of that. 80 000 paths live here, so a path is 32 bytes of indices and bits;
// names, device numbers and pages are made when somebody asks.
//
// Who may touch what. The loop's thread changes things (faults.cpp, maps.cpp) and workers send
// commands (device.cpp). `stripes` protects all that both see: a unit's own state (identity, size,
// reservations, attentions of its paths) by the unit's stripe, everything else by any stripe for
// reading and all of them for changing. What only the loop writes it may read without a lock.
// Fields that are marked "loop" are the loop's alone.
#pragma once

#include "common/scsi/target_port_groups.hpp"
#include "common/system/handle.hpp"
#include "daemon/hardware.hpp"
#include "daemon/san/description.hpp"
#include "daemon/san/loaded_table.hpp"
#include "daemon/san/news.hpp"
#include "daemon/san/reservations.hpp"
#include "daemon/san/stripes.hpp"
#include "daemon/san/upkeep.hpp"

#include <atomic>
#include <bitset>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace mpapi::san {

constexpr std::uint32_t none = UINT32_MAX;

// Unit attention conditions (SAM-5 5.14), as bits of Path::attentions, most important first
// (the order in which they are reported).
enum class Condition : std::uint16_t {
    PowerOn = 1u << 0,                // 29h/00h
    ReservationsPreempted = 1u << 1,  // 2Ah/03h
    ReservationsReleased = 1u << 2,   // 2Ah/04h
    RegistrationsPreempted = 1u << 3, // 2Ah/05h
    AccessStateChanged = 1u << 4,     // 2Ah/06h
    CapacityChanged = 1u << 5,        // 2Ah/09h
    InquiryChanged = 1u << 6,         // 3Fh/03h
    LunsChanged = 1u << 7,            // 3Fh/0Eh
};

// One I_T_L nexus: an initiator port, a target port and a logical unit. When the initiator is the
// host's own there is a disk for it.
struct Path {
    std::uint32_t unit = 0;
    std::uint32_t disk = none;       // the kernel's index of the disk; none: there is no disk
    std::uint32_t table_disk = none; // loop: which disk stands in the map's table
    std::uint32_t fail_count = 0;    // loop: as dm-mpath counts
    std::uint16_t initiator = 0;
    std::uint16_t port = 0;          // of the array
    std::uint16_t attentions = 0;    // Condition bits that wait for a command
    std::uint16_t life = 0;          // counts the disks that were here
    std::uint8_t priority_group = 0; // loop: 1-based, 0 none
    bool lost = false;               // the transport does not connect
    bool offline = false;            // the kernel has given the device up
    bool odd = false;                // has an entry in Fabric::oddities
    // All of the loop: bits of one byte may not have two owners.
    bool failed : 1 = false;   // in the map
    bool disabled : 1 = false; // not to be in the map
    bool news : 1 = false;     // is to be told already
    bool stale : 1 = false;    // the kernel has not looked since the unit changed
    model::DeviceState told : 3 = model::DeviceState::Unknown;
};

// What a path answers instead of the truth.
struct Oddity {
    std::bitset<256> hanging;             // operation codes that never return
    std::optional<Designator> designator; // this path alone leads to another unit …
    std::string serial;                   // … with this serial number
    // Whole replies by operation code and page or service action.
    std::map<std::pair<std::uint8_t, std::uint8_t>, std::vector<std::uint8_t>> replies;

    bool empty() const { return hanging.none() && !designator && replies.empty(); }
};

struct Identity {
    Designator designator;
    std::string serial;
    std::uint64_t size = 0; // bytes
    std::optional<std::uint16_t> logical_unit_group{};
};

struct Unit {
    std::string name;
    Identity identity;
    // What the kernel read when it last looked; null: the same. Loop.
    std::unique_ptr<const Identity> before;
    std::unique_ptr<Reservations> reservations; // null: nobody ever registered
    Fd data;                                    // backing file, made by the first WRITE
    std::uint32_t array = 0;
    std::uint32_t first_path = 0;
    std::uint32_t path_count = 0;
    std::uint32_t access = 0;      // index into Array::access
    std::uint32_t arriving = none; // the same, once a command's transition is over
    std::uint32_t map = none;      // loop
    std::uint16_t lun = 0;
    bool exists = true; // the array maps it
    const MapDescription* map_options = nullptr;

    // Another unit takes its place: nothing of the old one is left.
    void forget() {
        data.reset();
        reservations.reset();
    }
};

struct GroupState {
    model::AccessState state = model::AccessState::ActiveOptimized;
    bool preferred = false;
    scsi::GroupStatus status = scsi::GroupStatus::None;
    bool operator==(const GroupState&) const = default;
};
using Access = std::vector<GroupState>; // by index of the group

struct Port {
    std::shared_ptr<const daemon::PortFacts> facts;
    std::uint16_t group = 0; // index
};

struct Array {
    const ArrayDescription* description = nullptr;
    std::vector<Port> ports;
    // States are kept once for all units that have the same ones.
    std::vector<Access> access;
    SetGroupsAnswer set_groups = SetGroupsAnswer::Obeys;
    std::chrono::milliseconds transition{0}; // of a command that is obeyed slowly
    std::uint32_t set_groups_timer = 0;      // loop: counts them; an older one means nothing
};

struct Initiator {
    std::shared_ptr<const daemon::PortFacts> facts;
    bool present = true; // false: the whole SCSI host is gone
    std::optional<std::uint32_t> host;
    // Target number by array and port, as the transport gives them out: flat, see first_target.
    std::vector<std::uint32_t> first_target; // by array
};

// A device-mapper map. All of it is the loop's.
struct Map {
    std::string name;
    std::string uuid;
    std::string table_text, status_text; // told instead of the truth where not empty
    std::uint32_t unit = 0;
    std::uint32_t minor = none; // none: there is no such map now
    std::uint32_t events = 0;
    std::uint32_t group = 0; // in use, 0 none
    bool suspended = false;
    bool told_suspended = false;
    bool held = false;   // somebody has it open
    bool system = false; // and that is the system, which runs from it
    std::string content; // what libblkid would find on the whole disk
    bool news = false;
    bool failback_waits = false;         // for its timer
    std::uint32_t failback_timer = 0;    // counts them: an older one means nothing
    std::unique_ptr<LoadedTable> loaded; // null: the table follows from the description
    std::unique_ptr<Upkeep> upkeep;      // null: Fabric::upkeep
};

// Runs something on the loop's thread after a while.
using Later = std::function<void(std::chrono::milliseconds, std::function<void()>)>;

class Fabric {
  public:
    // `description` is kept.
    explicit Fabric(Description description);
    Fabric(const Fabric&) = delete;
    Fabric& operator=(const Fabric&) = delete;

    const Description description;
    Stripes stripes;
    News news;

    std::vector<Initiator> initiators;
    std::vector<Array> arrays;
    std::vector<Unit> units;
    std::vector<Path> paths;
    std::vector<Map> maps;
    std::vector<std::uint32_t> disks;                   // path by index of the disk; none: free
    std::size_t first_disk = 0;                         // none below it is free
    std::vector<std::uint32_t> minors;                  // loop: map by minor; none: free
    std::size_t first_minor = 0;                        // loop: none below it is free
    std::unordered_map<std::uint32_t, Oddity> oddities; // by path
    Upkeep upkeep;                                      // loop: of maps without their own
    Later later;                                        // loop; never empty once there is a San

    // Commands that hang wait here until their fault ends or the SAN does.
    struct Hangs {
        std::mutex mutex;
        std::condition_variable changed;
        std::uint64_t epoch = 0;
        bool over = false;
        std::atomic<std::uint32_t> waiting{0};
    } hangs;

    std::atomic<std::uint64_t> commands{0};

    const ArrayDescription& array_of(const Unit& unit) const {
        return *arrays[unit.array].description;
    }
    const Access& access_of(const Unit& unit) const {
        return arrays[unit.array].access[unit.access];
    }
    // Null where the array has no groups.
    const GroupState* state_of(const Path& path) const {
        const Unit& unit = units[path.unit];
        const Access& access = access_of(unit);
        return access.empty() ? nullptr : &access[arrays[unit.array].ports[path.port].group];
    }
    bool has_disk(const Path& path) const { return path.disk != none; }
    const Upkeep& upkeep_of(const Map& map) const { return map.upkeep ? *map.upkeep : upkeep; }

    // Gives the path the first free disk index (loop, all stripes held), or takes it away.
    void add_disk(std::uint32_t path);
    void remove_disk(std::uint32_t path);

    // The index of an equal entry of the array's access list, made where there is none (all stripes
    // held).
    static std::uint32_t shared_access(Array& array, const Access& access);

    // Tells whatever waits that hangs have changed; `over`: that they have all ended.
    void hangs_changed(bool over = false);

  private:
    void build_ports();
    void build_units();
    void number_disks();
};

// What the kernel says of the path's disk (the unit's stripe held, or by the loop).
model::DeviceState state_of_disk(const Path& path);

// Posts that the path's disk is there or has changed (loop).
void tell_disk(Fabric& fabric, std::uint32_t path);

// The host looks whether there is something at the end of the path, and makes a disk of it (loop,
// all stripes held).
void scan(Fabric& fabric, std::uint32_t path);

// The kernel lets go of the path's disk and tells so (loop, no stripe held).
void take_disk_away(Fabric& fabric, std::uint32_t path);

} // namespace mpapi::san
