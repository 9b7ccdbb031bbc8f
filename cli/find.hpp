// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The objects that a command line means, of all plugins. What cannot be read, and what is asked for
// and not there, is reported; the rest is returned.
#pragma once

#include "cli/grammar.hpp"
#include "cli/objects.hpp"
#include "cli/report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace mpapi::cli {

// Empty, and reported, if there are none.
std::vector<Plugin> all_plugins(Report& report);

// In the order of the names; all of them if there are no names.
std::vector<const Plugin*> find_plugins(const std::vector<Plugin>& plugins,
                                        const std::vector<std::string>& names, Report& report);

struct FoundPort {
    const Plugin* plugin = nullptr;
    InitiatorPort port;
};
std::vector<FoundPort> find_initiator_ports(const std::vector<Plugin>& plugins,
                                            const std::vector<std::string>& names, Report& report);

struct FoundUnit {
    const Plugin* plugin = nullptr;
    LogicalUnit unit;
};
// Of the options, -n and -t count: a unit is meant if one of them fits it, and a name if there are
// any.
std::vector<FoundUnit> find_units(const std::vector<Plugin>& plugins,
                                  const std::vector<std::string>& names,
                                  const std::vector<Option>& options, Report& report);

// The first unit of that name. That there is none is not reported, and not known where a list
// failed.
std::optional<FoundUnit> find_unit(const std::vector<Plugin>& plugins, const std::string& name,
                                   Report& report);

// Which device a file stands for; nothing if it is no device. Nothing is opened: to open a device
// may wait for it.
struct DeviceId {
    mode_t kind; // S_IFBLK or S_IFCHR
    dev_t number;
    auto operator<=>(const DeviceId&) const = default;
};
std::optional<DeviceId> device_id(const std::string& file);

// Names of units, to be found by the name itself or else, as symbolic links are, by the device that
// it stands for.
class NameIndex {
  public:
    explicit NameIndex(std::vector<std::string> names);
    // Positions in that list, in order.
    std::vector<std::size_t> find(const std::string& name);

  private:
    using Entry = std::pair<DeviceId, std::size_t>;

    std::vector<std::string> names_;
    std::vector<std::size_t> by_name_;            // positions, sorted
    std::optional<std::vector<Entry>> by_device_; // sorted; made when it is first needed
};

} // namespace mpapi::cli
