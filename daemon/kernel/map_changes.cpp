// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/map_changes.hpp"

#include "common/dm/map_identity.hpp"
#include "daemon/kernel/dm_task.hpp"

#include <cerrno>
#include <cstring>

namespace mpapi::kernel {
namespace {

constexpr std::uint16_t reload_flags = DM_SUBSYSTEM_UDEV_FLAG0 | DM_UDEV_DISABLE_LIBRARY_FALLBACK;
constexpr std::uint16_t removal_flags = DM_UDEV_DISABLE_LIBRARY_FALLBACK;

std::string text(const char* value) {
    return value ? value : "";
}

Error gone(const char* action, const daemon::MapRef& map) {
    return Error{action, map.name, "the map is gone", ENODEV};
}

// The map as it is now.
class Target {
  public:
    static Result<Target> find(const char* action, const daemon::MapRef& map) {
        const auto run = run_dm_task(
            DM_DEVICE_INFO, [&map](dm_task* task) { return set_number(task, map.number); });
        dm_info info{};
        if (!run)
            return is_gone(run.errnum) ? gone(action, map)
                                       : dm_failure(action, map.name, run.errnum);
        if (!dm_task_get_info(run.task.get(), &info)) return dm_failure(action, map.name, 0);
        const auto uuid = text(dm_task_get_uuid(run.task.get()));
        if (!info.exists || dm::unmangle(text(dm_task_get_name(run.task.get()))) != map.name ||
            dm::unmangle(uuid) != map.uuid)
            return gone(action, map);
        return Target(action, map, uuid, info);
    }

    DmRun run(int type, const std::function<bool(dm_task*)>& prepare) const {
        return run_dm_task(type, [&](dm_task* task) {
            const bool named = uuid_.empty() ? set_number(task, map_.number)
                                             : dm_task_set_uuid(task, uuid_.c_str()) != 0;
            return named && prepare(task);
        });
    }
    DmRun run(int type) const {
        return run(type, [](dm_task*) { return true; });
    }

    Error failure(int errnum) const {
        return is_gone(errnum) ? gone(action_, map_) : dm_failure(action_, map_.name, errnum);
    }
    Error failure(std::string reason, int errnum) const {
        return Error{action_, map_.name, std::move(reason), errnum};
    }
    Status outcome(const DmRun& run) const {
        if (!run) return failure(run.errnum);
        return Done{};
    }

    bool suspended() const { return info_.suspended != 0; }
    bool read_only() const { return info_.read_only != 0; }
    bool inactive_table() const { return info_.inactive_table != 0; }

  private:
    Target(const char* action, const daemon::MapRef& map, std::string uuid, const dm_info& info)
      : action_(action)
      , map_(map)
      , uuid_(std::move(uuid))
      , info_(info) {}

    const char* action_;
    const daemon::MapRef& map_;
    std::string uuid_; // as the kernel holds it, mangled
    dm_info info_;
};

bool set_udev_flags(dm_task* task, std::uint16_t flags) {
    std::uint32_t no_semaphore = 0;
    return dm_task_set_cookie(task, &no_semaphore, flags) != 0;
}

DmRun resume(const Target& target) {
    return target.run(DM_DEVICE_RESUME, [](dm_task* task) {
        return dm_task_no_flush(task) && dm_task_skip_lockfs(task) &&
               set_udev_flags(task, reload_flags);
    });
}

Status send_message(const MapChange& change) {
    const auto target = Target::find("send message to map", change.map);
    if (!target) return target.error();
    const auto run = target->run(DM_DEVICE_TARGET_MSG, [&change](dm_task* task) {
        return dm_task_set_sector(task, 0) && dm_task_set_message(task, change.text.c_str());
    });
    return target->outcome(run);
}

// The old table goes on, as far as that can be had.
Error take_back(const MapChange& change, const Target& before, int errnum) {
    auto error = before.failure(errnum);
    const auto now = Target::find("load table of map", change.map);
    if (!now) return error;
    if (now->inactive_table()) (void)now->run(DM_DEVICE_CLEAR);
    if (now->suspended())
        if (const auto run = resume(*now); !run)
            error.reason +=
                std::string(error.reason.empty() ? "" : "; ") +
                "the map is left suspended, for it cannot be resumed: " + std::strerror(run.errnum);
    return error;
}

Status load_table(const MapChange& change) {
    const auto target = Target::find("load table of map", change.map);
    if (!target) return target.error();
    if (target->suspended()) return target->failure("somebody else has suspended it", EBUSY);
    const auto table = target->run(DM_DEVICE_TABLE);
    if (!table) return target->failure(table.errnum);
    const auto live = first_target(table.task.get());
    if (live.count != 1 || live.type != "multipath")
        return target->failure("it is no multipath map", EINVAL);

    const auto reload = target->run(DM_DEVICE_RELOAD, [&](dm_task* task) {
        const bool read_only = change.kind == MapChange::Kind::Table && target->read_only();
        return (!read_only || dm_task_set_ro(task)) &&
               dm_task_add_target(task, 0, live.end, "multipath", change.text.c_str());
    });
    if (!reload) {
        // The kernel has one word for a map and for a device of the table that is not there.
        if (is_gone(reload.errnum) && Target::find("load table of map", change.map))
            return target->failure("a device of the table is gone", ENXIO);
        return target->failure(reload.errnum);
    }
    const auto resumed = resume(*target);
    if (!resumed) return take_back(change, *target, resumed.errnum);
    return Done{};
}

Status remove(const MapChange& change) {
    const auto target = Target::find("remove map", change.map);
    if (!target) return target.error();
    const auto run = target->run(DM_DEVICE_REMOVE,
                                 [](dm_task* task) { return set_udev_flags(task, removal_flags); });
    if (!run && run.errnum == EBUSY) return target->failure("somebody has it open", EBUSY);
    return target->outcome(run);
}

Status clear_inactive(const MapChange& change) {
    const auto target = Target::find("clear inactive table of map", change.map);
    if (!target) return target.error();
    if (!target->inactive_table()) return Done{};
    return target->outcome(target->run(DM_DEVICE_CLEAR));
}

} // namespace

Status make_change(const MapChange& change) {
    switch (change.kind) {
    case MapChange::Kind::Message:
        return send_message(change);
    case MapChange::Kind::Table:
    case MapChange::Kind::WritableTable:
        return load_table(change);
    case MapChange::Kind::Remove:
        return remove(change);
    case MapChange::Kind::ClearInactive:
        return clear_inactive(change);
    }
    return Error{"change map", change.map.name, "unknown change", EINVAL};
}

} // namespace mpapi::kernel
