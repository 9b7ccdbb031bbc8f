// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who has a block device in use. What is found is for people: whether a map may be taken away is
// decided by the kernel, which refuses while anybody has it open, also those who are not found
// here: a target (LIO, nvmet), an in-kernel user without a trace in sysfs, a file system that was
// unmounted lazily while files on it were open.
#pragma once

#include "common/model/values.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::holders {

enum class Kind : std::uint8_t { Mount, Swap, Process, Device };

struct Holder {
    Kind kind = Kind::Device;
    std::string name;   // "/srv/db", "/dev/dm-3", "4711", "vg0/data"
    std::string detail; // "xfs", "user 0, dd", "logical volume"; may be empty
    std::string remedy; // what ends it: "unmount /srv/db"; may be empty
    bool operator==(const Holder&) const = default;
};

struct Findings {
    // In the order in which they have to go: what is mounted, swapped to or open before the devices
    // that it is on, the topmost of these first.
    std::vector<Holder> holders;
    // Maps of partitions that nobody uses. multipathd takes these away with the map.
    std::vector<Holder> partitions;
    std::string trouble; // what could not be looked at, and why, in words; else empty
    bool operator==(const Findings&) const = default;
};

// All on the loop's thread; nothing here waits for a device.
class Lookup {
  public:
    virtual ~Lookup() = default;

    using Answer = std::function<void(Findings)>;
    // Calls back once: from within, or later; not when the lookup is gone by then.
    virtual void look(model::DeviceNumber map, Answer answer) = 0;

    // Calls `changed` from the loop whenever something was mounted, unmounted or taken into or out
    // of use as swap, until what is returned goes. Nobody announces the other holders.
    virtual std::shared_ptr<void> watch(std::function<void()> changed) = 0;
};

} // namespace mpapi::holders
