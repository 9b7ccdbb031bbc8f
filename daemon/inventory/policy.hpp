// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam to what multipath-tools make of units and disks: which settings are in force for a map,
// and why a disk is in none. All on the loop's thread; answers from memory, never asks anybody.
#pragma once

#include "common/model/values.hpp"
#include "daemon/hardware.hpp"

#include <optional>
#include <string>
#include <vector>

namespace mpapi::daemon {

// A disk that no map refers to, with what speaks for or against it.
struct UnmappedDisk {
    const model::Disk& disk;
    std::optional<bool> multipath_member;    // udev DM_MULTIPATH_DEVICE_PATH
    const std::vector<std::string>& holders; // block devices on top of it
    bool others_of_unit = false;             // others in no map lead to the same unit
    std::uint8_t device_type = 0;            // peripheral device type
    const UdevFacts* udev = nullptr;         // null: udev says nothing
};

class MultipathPolicy {
  public:
    struct Exclusion {
        std::string reason; // a word: model::Disk::exclusion
        std::string detail; // a sentence
    };

    virtual ~MultipathPolicy() = default;

    // May be null: nothing is known.
    virtual model::Shared<std::vector<model::Setting>> settings(const model::LogicalUnit& unit,
                                                                model::Transport transport) = 0;
    virtual Exclusion exclusion(const UnmappedDisk& disk) = 0;
};

// Who is told that a policy has other answers than before (the inventory).
class PolicyObserver {
  public:
    // Who may change tables, and why it is that one.
    virtual void set_path_manager(const std::string& manager, const std::string& reason) = 0;
    // Everything is made anew.
    virtual void policy_changed() = 0;
    // Only what exclusion() says is another.
    virtual void exclusions_changed() = 0;

  protected:
    ~PolicyObserver() = default;
};

// What can be said without multipath-tools: the settings are the map's own table, and a disk is in
// no map because nobody made one.
class TablePolicy : public MultipathPolicy {
  public:
    model::Shared<std::vector<model::Setting>> settings(const model::LogicalUnit& unit,
                                                        model::Transport transport) override;
    Exclusion exclusion(const UnmappedDisk& disk) override;

  private:
    using Settings = model::Shared<std::vector<model::Setting>>;
    std::vector<Settings> given_; // lately; most maps have the same
    std::size_t next_ = 0;
};

} // namespace mpapi::daemon
