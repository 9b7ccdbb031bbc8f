// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/device_mapper.hpp"

#include "common/dm/map_identity.hpp"
#include "daemon/kernel/dm_task.hpp"

#include <sys/sysmacros.h>

#include <cstdio>
#include <cstring>
#include <string_view>

namespace mpapi::kernel {
namespace {

constexpr std::uint64_t sector = 512;

// Since 4.37.0 an entry of the list has an event number behind the name, on the next multiple of
// eight (list_devices() in drivers/md/dm-ioctl.c).
bool list_has_event_numbers(dm_task* task) {
    char version[64];
    unsigned major = 0, minor = 0;
    if (!dm_task_get_driver_version(task, version, sizeof version)) return false;
    if (std::sscanf(version, "%u.%u", &major, &minor) != 2) return false;
    return major > 4 || (major == 4 && minor >= 37);
}

std::uint32_t event_number_of(const dm_names* entry, std::size_t name_length) {
    const std::size_t end = offsetof(dm_names, name) + name_length + 1;
    const std::size_t place = (end + 7) / 8 * 8;
    std::uint32_t number = 0;
    std::memcpy(&number, reinterpret_cast<const char*>(entry) + place, sizeof number);
    return number;
}

DmRun ask_of_map(int type, model::DeviceNumber number) {
    return run_dm_task(type, [number](dm_task* task) {
        return set_number(task, number) && dm_task_no_flush(task) && dm_task_skip_lockfs(task);
    });
}

} // namespace

Result<std::vector<ListedMap>> list_maps() {
    const auto done = run_dm_task(DM_DEVICE_LIST, [](dm_task*) { return true; });
    if (!done) return dm_failure("list device-mapper maps", "", done.errnum);
    std::vector<ListedMap> maps;
    const dm_names* entry = dm_task_get_names(done.task.get());
    // An empty list is one entry with number 0.
    if (!entry || entry->dev == 0) return maps;
    const bool has_events = list_has_event_numbers(done.task.get());
    while (true) {
        const std::string_view name(entry->name);
        ListedMap map;
        map.number = {major(entry->dev), minor(entry->dev)};
        map.name = name;
        if (has_events) map.event_number = event_number_of(entry, name.size());
        maps.push_back(std::move(map));
        if (entry->next == 0) return maps;
        entry =
            reinterpret_cast<const dm_names*>(reinterpret_cast<const char*>(entry) + entry->next);
    }
}

Result<std::optional<MapReading>> read_map(model::DeviceNumber number) {
    const auto gone = std::optional<MapReading>();
    const auto status = ask_of_map(DM_DEVICE_STATUS, number);
    if (!status) {
        if (is_gone(status.errnum)) return gone;
        return dm_failure("read status of map", text_of(number), status.errnum);
    }
    dm_info info{};
    if (!dm_task_get_info(status.task.get(), &info))
        return dm_failure("read status of map", text_of(number), 0);
    if (!info.exists) return gone;

    MapReading reading;
    if (!info.live_table) return std::optional(reading);
    auto state = first_target(status.task.get());
    // A table of several targets is no logical unit of its own, whatever they are.
    if (state.count != 1 || state.type != "multipath") {
        reading.kind = MapKind::Other;
        return std::optional(reading);
    }

    const auto table = ask_of_map(DM_DEVICE_TABLE, number);
    if (!table) {
        if (is_gone(table.errnum)) return gone;
        return dm_failure("read table of map", text_of(number), table.errnum);
    }
    auto loaded = first_target(table.task.get());
    // Another table came between the two questions; its own event will bring us back.
    if (loaded.count != 1 || loaded.type != "multipath") return std::optional(reading);

    const auto text = [](const char* value) { return value ? std::string(value) : std::string(); };
    daemon::MapFacts facts;
    facts.name = dm::unmangle(text(dm_task_get_name(status.task.get())));
    facts.uuid = dm::unmangle(text(dm_task_get_uuid(status.task.get())));
    facts.number = number;
    facts.event_number = info.event_nr;
    facts.size = state.end * sector;
    facts.suspended = info.suspended != 0;
    facts.read_only = info.read_only != 0;
    facts.table = std::move(loaded.parameters);
    facts.status = std::move(state.parameters);
    reading.kind = MapKind::Multipath;
    reading.facts = std::move(facts);
    return std::optional(std::move(reading));
}

Result<std::string> multipath_target_version() {
    const auto done = run_dm_task(DM_DEVICE_LIST_VERSIONS, [](dm_task*) { return true; });
    if (!done) return dm_failure("list device-mapper targets", "", done.errnum);
    const dm_versions* entry = dm_task_get_versions(done.task.get());
    while (entry && entry->name[0] != '\0') {
        if (std::string_view(entry->name) == "multipath")
            return std::to_string(entry->version[0]) + "." + std::to_string(entry->version[1]) +
                   "." + std::to_string(entry->version[2]);
        if (entry->next == 0) break;
        entry = reinterpret_cast<const dm_versions*>(reinterpret_cast<const char*>(entry) +
                                                     entry->next);
    }
    return std::string();
}

} // namespace mpapi::kernel
