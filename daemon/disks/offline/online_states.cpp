// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/offline/online_states.hpp"

#include <cerrno>
#include <utility>

#include <syslog.h>

namespace mpapi::disks {

namespace {

dm::DeviceNumber as_dm(model::DeviceNumber number) {
    return {number.major, number.minor};
}

} // namespace

BlockDisk block_disk(const Disk& disk) {
    BlockDisk block{as_dm(disk.block.number), disk.multipath(), {}};
    if (!block.map) return block;
    for (const auto& nexus : disk.nexuses)
        block.paths.push_back(as_dm(nexus.number));
    return block;
}

OnlineStates::OnlineStates(Means means, const std::vector<DiskPtr>& present)
  : means_(std::move(means)) {
    for (auto& kept : means_.store.take_kept())
        kept_claims_[kept.device] = std::move(kept.claim);
    for (const auto& [name, id] : means_.marks.all())
        ++left_[id];
    for (const auto& disk : present)
        restore(disk);
}

// --- offline -----------------------------------------------------------------------------------

void OnlineStates::take_offline(const std::string& id,
                                std::function<void(std::optional<OfflineFailure>)> then) {
    const auto refuse = [&](const char* reason, int errnum) {
        then(OfflineFailure{Error{"take offline", id, reason, errnum}, {}, {}});
    };
    if (busy(id)) return refuse("it is on its way to another state", EALREADY);
    if (!online(id)) return then(std::nullopt);
    const auto disk = means_.find(id);
    if (!disk) return refuse("it is gone", ENODEV);
    busy_.insert(id);
    const auto block = block_disk(*disk);
    means_.work.take_offline(
        block, [this, alive = alive(), disk, block, then = std::move(then)](TakenOffline result) {
            if (!*alive) return;
            busy_.erase(disk->id);
            if (!result.claim) return then(std::move(result.failure));
            taken(disk, block, std::move(result.claim));
            then(std::nullopt);
        });
}

void OnlineStates::taken(const DiskPtr& disk, const BlockDisk& block, Fd claim) {
    Entry& entry = entries_[disk->id];
    entry.number = block.number;
    entry.locked.insert(block.paths.begin(), block.paths.end());
    entry.claim = std::move(claim);
    means_.store.keep(entry.number, entry.claim.get());
    mark(block.number, disk->id);
    for (const auto path : block.paths)
        mark(path, disk->id);
    // What came while it was on its way.
    if (const auto now = means_.find(disk->id)) lock_paths(*now, entry);
    if (means_.udev_event) means_.udev_event(disk->block.device);
    means_.changed(disk->id, false);
}

void OnlineStates::mark(dm::DeviceNumber device, const std::string& id) {
    if (auto marked = means_.marks.set(to_string(device), id); !marked)
        means_.note(LOG_WARNING, marked.error().message());
}

void OnlineStates::unmark(dm::DeviceNumber device) {
    if (auto cleared = means_.marks.clear(to_string(device)); !cleared)
        means_.note(LOG_WARNING, cleared.error().message());
}

void OnlineStates::lock_paths(const Disk& disk, Entry& entry) {
    for (const auto path : block_disk(disk).paths) {
        if (!entry.locked.insert(path).second) continue;
        mark(path, disk.id);
        means_.work.lock_path(
            path, [this, alive = alive(), id = disk.id, path](const Status& locked) {
                if (!*alive || locked) return;
                means_.note(LOG_ERR, "a path that returned to the offline disk " + id +
                                         " can be written to: " + locked.error().message());
                const auto at = entries_.find(id);
                if (at != entries_.end())
                    at->second.locked.erase(path); // tried again when it changes
            });
    }
}

// --- kept true ---------------------------------------------------------------------------------

void OnlineStates::disk_changed(const DiskPtr& before, const DiskPtr& after) {
    if (!after) {
        if (before && !online(before->id)) {
            means_.note(LOG_NOTICE, "the offline disk " + before->id + " is gone");
            forget(before->id);
        }
        return;
    }
    const auto at = entries_.find(after->id);
    if (at == entries_.end()) return restore(after);
    if (at->second.number != as_dm(after->block.number)) {
        means_.note(LOG_WARNING,
                    "the offline disk " + after->id + " has another block device: it is online");
        forget(after->id);
        means_.changed(after->id, true);
        return;
    }
    std::set<dm::DeviceNumber> there;
    for (const auto path : block_disk(*after).paths)
        there.insert(path);
    // A number that comes back is another device, or the same as it was not.
    std::erase_if(at->second.locked, [&](dm::DeviceNumber path) {
        if (there.count(path) != 0) return false;
        unmark(path);
        return true;
    });
    lock_paths(*after, at->second);
}

// The claim that was kept is the proof that nobody had it meanwhile. Without it the disk has to be
// taken anew; the read-only flags stand either way.
void OnlineStates::restore(const DiskPtr& disk) {
    const auto left = left_.find(disk->id);
    if (left == left_.end()) return;
    // A path of the map that it was. Claimed, it could not be in a map again: whoever makes the map
    // may come after us.
    if (!disk->multipath() && left->second > 1) return;
    left_.erase(left);
    const auto block = block_disk(*disk);
    const auto kept = kept_claims_.find(block.number);
    if (kept != kept_claims_.end()) {
        Fd claim = std::move(kept->second);
        kept_claims_.erase(kept);
        Entry& entry = entries_[disk->id];
        entry.number = block.number;
        entry.claim = std::move(claim);
        lock_paths(*disk, entry); // all: a path may have come while nobody looked
        means_.changed(disk->id, false);
        return;
    }
    take_offline(disk->id, [this, id = disk->id](const std::optional<OfflineFailure>& failure) {
        if (!failure) return;
        means_.note(LOG_ERR, "the disk " + id +
                                 " was offline before the daemon's restart and could not be taken "
                                 "again: " +
                                 failure->why.message());
        const auto now = means_.find(id);
        if (!now) return;
        // Its flags are set: offline without the claim, until it is brought online.
        Entry& entry = entries_[id];
        entry.number = as_dm(now->block.number);
        means_.changed(id, false);
    });
}

void OnlineStates::forget(const std::string& id) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return;
    means_.store.forget(at->second.number);
    unmark(at->second.number);
    for (const auto path : at->second.locked)
        unmark(path);
    entries_.erase(at);
}

// --- online ------------------------------------------------------------------------------------

void OnlineStates::bring_online(const std::string& id, Ended then) {
    if (busy(id))
        return then(Error{"bring online", id, "it is on its way to another state", EALREADY});
    if (online(id)) return then(Done{});
    busy_.insert(id);
    writable(id, false, [this, id, then = std::move(then)](const Status& status) {
        busy_.erase(id);
        then(status);
    });
}

void OnlineStates::writable(const std::string& id, bool second, Ended then) {
    const auto disk = means_.find(id);
    if (!disk || online(id)) return then(Error{"bring online", id, "it is gone", ENODEV});
    means_.work.make_writable(
        block_disk(*disk), [this, alive = alive(), id, second, disk,
                            then = std::move(then)](const Result<bool>& writable_now) {
            if (!*alive) return;
            if (!writable_now) return then(writable_now.error());
            if (*writable_now) return released(id, disk, then);
            if (second || !disk->multipath())
                return then(Error{"bring online", id, "the kernel keeps it read-only", EROFS});
            // Its table was loaded while it or a path was read-only, by multipathd or by us.
            means_.load_table_again({disk->block.number, disk->map_name, disk->map_uuid},
                                    [this, alive, id, then](const Status& loaded) {
                                        if (!*alive) return;
                                        if (!loaded) return then(loaded.error());
                                        writable(id, true, then);
                                    });
        });
}

void OnlineStates::released(const std::string& id, const DiskPtr& disk, Ended then) {
    forget(id);
    means_.changed(id, true);
    means_.work.find_partitions(block_disk(*disk), [this, alive = alive(), disk,
                                                    then = std::move(then)](const Status& found) {
        if (!*alive) return;
        if (!found)
            means_.note(LOG_WARNING, "the disk " + disk->id +
                                         " is online, its partitions could not be read: " +
                                         found.error().message());
        if (means_.udev_event) means_.udev_event(disk->block.device);
        then(Done{});
    });
}

} // namespace mpapi::disks
