// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the inventory remembers of each disk, port and map between two events. Snapshots are made of
// these (assemble.hpp); only the loop's thread touches them.
#pragma once

#include "common/model/unit_table.hpp"
#include "daemon/hardware.hpp"
#include "daemon/inventory/device_inquiry.hpp"
#include "daemon/inventory/group_inquiry.hpp"
#include "daemon/inventory/object_ids.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::daemon {

struct Port {
    model::Sequence id = 0;
    std::shared_ptr<const PortFacts> facts;
    unsigned users = 0;            // disks that are reached through it
    std::uint32_t relative_id = 0; // target ports: as VPD 83h told it last
};

// The ports of one kind that some disk is reached through.
class PortTable {
  public:
    PortTable(model::ObjectType type, ObjectIds& ids)
      : type_(type)
      , ids_(ids) {}

    // The port with these facts; stays where it is until its last user released it.
    Port& acquire(const std::shared_ptr<const PortFacts>& facts);
    void release(Port& port);

    void set_relative_id(Port& port, std::uint32_t relative_id);
    // Whether anything changed since this was asked last.
    bool take_changed() { return std::exchange(changed_, false); }

    void set_changed() { changed_ = true; }

    const std::map<std::string, Port>& ports() const { return ports_; }

  private:
    model::ObjectType type_;
    ObjectIds& ids_;
    std::map<std::string, Port> ports_; // by port id and transport
    bool changed_ = false;
};

struct MapRecord;

// A block device that exists, or that a map still refers to although it is gone.
struct DiskRecord {
    std::string device;
    model::DeviceNumber number;
    bool present = false;
    std::uint64_t incarnation = 0; // which of the devices that had this number it is
    model::ScsiAddress address;
    Port* initiator_port = nullptr; // null until it was present once
    Port* target_port = nullptr;
    model::DeviceState state = model::DeviceState::Unknown;
    std::uint64_t size = 0;
    std::optional<bool> multipath_member;
    std::uint8_t device_type = 0;
    std::shared_ptr<const UdevFacts> udev;
    model::Shared<std::vector<std::string>> holders;

    model::Shared<UnitIdentity> identity; // the last known
    model::Source identity_source = model::Source::None;
    model::Time identity_read_at = 0;
    std::optional<std::uint16_t> target_port_group;
    std::uint16_t relative_target_port = 0;

    model::Shared<model::Trouble> trouble; // why the last question was not answered
    Failure failure = Failure::None;       // NoStatus also where no answer came at all
    bool unanswered = false;               // nothing came back within the limit

    bool asking = false;    // a question about its identity is under way
    bool ask_again = false; // something happened since it was sent
    unsigned stuck = 0;     // commands of ours that have not come back: ask nothing
    bool dm_failed = false; // the map's own view, as last told
    bool contested = false; // another table named it, too, and lost it

    MapRecord* map = nullptr;      // whose table names it
    MapRecord* aside_of = nullptr; // else, where it is a disabled path of this one
    model::Sequence path_id = 0;   // as a path of either
    model::Sequence disk_id = 0;   // as a disk in no map, of UnmappedDisks
    std::string disk_key;          // the same
    std::string counted_as;        // the same: the unit name
};

struct MapRecord {
    MapFacts facts;
    std::string key;
    model::Sequence id = 0;
    std::vector<DiskRecord*> disks; // in the order of the table
    std::vector<DiskRecord*> aside; // disabled, so in no table
    std::shared_ptr<model::ReadTimes> read_times = std::make_shared<model::ReadTimes>();
    model::UnitPtr published; // as it is in the snapshot

    // The name that its paths must have: settled by the first path that told one.
    std::string unit_name;
    model::NameType unit_name_type = model::NameType::Unknown;
    std::vector<std::string> designators; // where it leads: see designators.hpp
    bool duplicate = false;               // another map leads there, too
    // As the last of its paths told it before the table named none.
    model::Shared<UnitIdentity> last_identity;
    model::Source last_identity_source = model::Source::None;

    std::optional<GroupInquiry> inquiry; // under way
    std::uint64_t inquiry_epoch = 0;
    std::uint64_t inquiry_number = 0; // tells the answers to this one from late ones
    std::optional<std::chrono::steady_clock::time_point> inquiry_cause;
    bool begin_anew = false;    // other disks make it up since it was begun
    bool inquire_again = false; // something happened since it was begun
    bool group_learnt = false;  // a path told its group since it was begun
    std::size_t turn = 0;       // rotates which path is asked first
    bool inquired = false;
    std::vector<scsi::TargetPortGroup> groups;        // the last answers
    GroupInquiry::ReportingSets reporting_sets;       // which of them came together
    model::Shared<model::Trouble> groups_trouble;     // why they are not known now
    model::Shared<model::Trouble> groups_trouble_now; // of the asking under way, the first
    std::chrono::steady_clock::time_point asked_at;   // when the last inquiry was begun
    model::Time unaskable_since = 0; // no path is left that could be asked; 0: one is
    bool told_unaskable = false;     // groups_trouble is just that

    bool dirty = false;
};

} // namespace mpapi::daemon
