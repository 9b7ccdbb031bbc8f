// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/map_changes.hpp"

#include "common/dm/multipath_table.hpp"
#include "daemon/san/kernel_names.hpp"
#include "daemon/san/map_groups.hpp"
#include "daemon/san/maps.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <strings.h>

namespace mpapi::san {

namespace {

constexpr std::string_view queue_if_no_path = "queue_if_no_path";

// drivers/md/dm-ps-*.c: how many arguments a path may have.
struct Selector {
    std::string_view name;
    std::size_t most_path_arguments;
};
constexpr std::array selectors{
    Selector{"round-robin", 1},  Selector{"queue-length", 1},
    Selector{"service-time", 2}, Selector{"historical-service-time", 2},
    Selector{"io-affinity", 1},
};

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::uint32_t> disk_named(std::string_view device) {
    constexpr std::string_view folder = "/dev/";
    if (device.starts_with(folder)) return disk_index(device.substr(folder.size()));
    const auto number = dm::parse_device_number(device);
    if (!number) return std::nullopt;
    return disk_index(model::DeviceNumber{number->major, number->minor});
}

class Change {
  public:
    Change(Fabric& fabric, std::uint32_t index, const char* action)
      : fabric_(fabric)
      , index_(index)
      , map_(fabric.maps[index])
      , unit_(fabric.units[map_.unit])
      , action_(action) {}

    Status send(const std::string& message) {
        if (map_.suspended) return wrong("somebody has suspended it", EBUSY);
        const dm::Words words(message);
        if (words.size() == 1) {
            if (same_word(words[0], queue_if_no_path)) return set_queueing(true);
            if (same_word(words[0], "fail_if_no_path")) return set_queueing(false);
        }
        if (words.size() != 2) return wrong("expected two words in \"" + message + "\"", EINVAL);
        if (same_word(words[0], "disable_group")) return bypass(words[1], true);
        if (same_word(words[0], "enable_group")) return bypass(words[1], false);
        if (same_word(words[0], "switch_group")) return switch_group(words[1]);
        if (same_word(words[0], "reinstate_path")) return set_failed(words[1], false);
        if (same_word(words[0], "fail_path")) return set_failed(words[1], true);
        return wrong("unknown message \"" + message + "\"", EINVAL);
    }

    Status load(const std::string& text) {
        if (map_.suspended) return wrong("somebody has suspended it", EBUSY);
        auto table = dm::parse_multipath_table(text);
        if (!table) return wrong(table.error().reason, EINVAL);
        if (auto known = check_words(*table); !known) return known;
        std::vector<std::vector<std::uint32_t>> groups;
        for (auto& group : table->groups) {
            auto& paths = groups.emplace_back();
            for (auto& path : group.paths) {
                const auto found = path_of(path.device);
                if (!found) return found.error();
                for (const auto& others : groups)
                    if (std::find(others.begin(), others.end(), *found) != others.end())
                        return wrong(path.device + " stands there twice", EINVAL);
                paths.push_back(*found);
                path.device = device_of(fabric_.paths[*found].disk);
            }
        }
        put_in_force(std::move(*table), groups);
        return Done{};
    }

  private:
    Error wrong(std::string reason, int errnum) const {
        return Error{action_, map_.name, std::move(reason), errnum};
    }
    static std::string device_of(std::uint32_t disk) {
        const auto number = disk_number(disk);
        return dm::to_string({number.major, number.minor});
    }

    // --- tables ---

    Status check_words(const dm::MultipathTable& table) const {
        if (const auto features = dm::features_of(table); !features.unknown.empty())
            return wrong("unknown feature \"" + features.unknown.text() + "\"", EINVAL);
        if (table.groups.size() > most_priority_groups)
            return wrong("more than " + std::to_string(most_priority_groups) + " groups", EINVAL);
        for (const auto& group : table.groups) {
            const auto known = std::find_if(selectors.begin(), selectors.end(), [&](const auto& s) {
                return s.name == group.selector;
            });
            if (known == selectors.end())
                return wrong("unknown path selector \"" + group.selector + "\"", EINVAL);
            for (const auto& path : group.paths)
                if (path.selector_args.size() > known->most_path_arguments)
                    return wrong(path.device + " has arguments that " + group.selector +
                                     " does not take",
                                 EINVAL);
        }
        return Done{};
    }

    Result<std::uint32_t> path_of(std::string_view device) const {
        const auto disk = disk_named(device);
        if (!disk || *disk >= fabric_.disks.size() || fabric_.disks[*disk] == none)
            return wrong("there is no device " + std::string(device), ENXIO);
        const auto path = fabric_.disks[*disk];
        if (fabric_.paths[path].unit != map_.unit)
            return wrong(std::string(device) + " is a path of another unit", EINVAL);
        return path;
    }

    void put_in_force(dm::MultipathTable table,
                      const std::vector<std::vector<std::uint32_t>>& groups) {
        std::vector<std::uint32_t> before;
        for (Path& path : paths_of(fabric_, unit_)) {
            before.push_back(path.table_disk);
            path.table_disk = none;
            path.priority_group = 0;
            path.failed = false;
            path.fail_count = 0;
        }
        for (std::size_t g = 0; g < groups.size(); ++g)
            for (const auto index : groups[g]) {
                Path& path = fabric_.paths[index];
                path.table_disk = path.disk;
                path.priority_group = static_cast<std::uint8_t>(g + 1);
            }
        // Beyond the last group the first is tried.
        map_.group = table.initial_group <= groups.size() ? table.initial_group : 1;
        map_.loaded = std::make_unique<LoadedTable>();
        map_.loaded->table = std::move(table);
        tell_map(fabric_, index_, false);
        for (std::uint32_t i = 0; i < unit_.path_count; ++i)
            if (const Path& path = fabric_.paths[unit_.first_path + i];
                path.table_disk != before[i] && fabric_.has_disk(path))
                tell_disk(fabric_, unit_.first_path + i);
    }

    // The computed table becomes one of its own, with its groups numbered as they stand in it.
    LoadedTable& own_table() {
        if (map_.loaded) return *map_.loaded;
        auto own = std::make_unique<LoadedTable>();
        own->table = map_table(fabric_, index_);
        const auto groups = groups_in_table(fabric_, map_);
        const auto position = [&groups](std::uint32_t group) {
            const auto found = std::find(groups.begin(), groups.end(), group);
            return found == groups.end() ? 0u : static_cast<unsigned>(found - groups.begin()) + 1u;
        };
        for (Path& path : paths_of(fabric_, unit_))
            path.priority_group = static_cast<std::uint8_t>(
                path.table_disk == none ? 0u : position(path.priority_group));
        map_.group = position(map_.group);
        map_.loaded = std::move(own);
        return *map_.loaded;
    }

    // --- messages ---

    Status set_queueing(bool queue) {
        auto& features = own_table().table.features;
        dm::Words changed;
        if (queue) changed.append(queue_if_no_path);
        for (const auto word : features)
            if (!same_word(word, queue_if_no_path)) changed.append(word);
        features = changed;
        tell_map(fabric_, index_, false); // who asked looks; device-mapper counts no event
        return Done{};
    }

    // sscanf("%u%c") of dm-mpath takes no more than this. 0: not the number of a group.
    std::uint32_t group_number(std::string_view text) const {
        std::uint32_t number = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
        return whole && number <= groups_in_table(fabric_, map_).size() ? number : 0;
    }
    Error no_such_group(std::string_view text) const {
        return wrong("there is no group " + std::string(text), EINVAL);
    }

    Status switch_group(std::string_view text) {
        const auto number = group_number(text);
        if (number == 0) return no_such_group(text);
        if (map_.loaded) map_.loaded->bypassed.reset();
        use_group(groups_in_table(fabric_, map_)[number - 1]);
        tell_map(fabric_, index_, true);
        return Done{};
    }

    Status bypass(std::string_view text, bool bypassed) {
        const auto number = group_number(text);
        if (number == 0) return no_such_group(text);
        own_table().bypassed.set(number, bypassed);
        use_group(0); // bypass_pg() forgets the group in use
        tell_map(fabric_, index_, true);
        return Done{};
    }

    Status set_failed(std::string_view device, bool failed) {
        const auto disk = disk_named(device);
        const auto paths = paths_of(fabric_, unit_);
        const auto path = std::find_if(paths.begin(), paths.end(), [disk](const Path& one) {
            return disk && one.table_disk == *disk;
        });
        if (path == paths.end())
            return wrong(std::string(device) + " is in no group of it", EINVAL);
        if (path->failed == failed) return Done{};
        if (failed)
            fail(*path);
        else
            path->failed = false;
        use_group(map_.group);
        tell_map(fabric_, index_, true);
        return Done{};
    }

    void use_group(std::uint32_t wanted) { map_.group = next_group(fabric_, unit_, wanted); }

    Fabric& fabric_;
    std::uint32_t index_;
    Map& map_;
    Unit& unit_;
    const char* action_;
};

} // namespace

std::optional<std::uint32_t> find_map(const Fabric& fabric, const daemon::MapRef& map) {
    if (map.number.major != fabric.description.machine.map_major ||
        map.number.minor >= fabric.minors.size())
        return std::nullopt;
    const auto index = fabric.minors[map.number.minor];
    if (index == none || fabric.maps[index].name != map.name || fabric.maps[index].uuid != map.uuid)
        return std::nullopt;
    return index;
}

Status send_message(Fabric& fabric, std::uint32_t map, const std::string& message) {
    return Change(fabric, map, "send message to map").send(message);
}

Status load_table(Fabric& fabric, std::uint32_t map, const std::string& table) {
    return Change(fabric, map, "load table of map").load(table);
}

Status take_map_away(Fabric& fabric, std::uint32_t index) {
    if (fabric.maps[index].held)
        return Error{"remove map", fabric.maps[index].name, "somebody has it open", EBUSY};
    remove_map(fabric, index);
    return Done{};
}

} // namespace mpapi::san
