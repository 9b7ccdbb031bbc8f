// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/san_disk_work.hpp"

#include <cerrno>
#include <memory>

#include <fcntl.h>

namespace mpapi::san {

namespace {

constexpr std::size_t kMostFiles = 1024;

// From the loop, as the real ones answer.
void later(sd_event* loop, std::function<void()> what) {
    auto owned = std::make_unique<std::function<void()>>(std::move(what));
    const auto run = [](sd_event_source*, std::uint64_t, void* data) {
        const std::unique_ptr<std::function<void()>> call(
            static_cast<std::function<void()>*>(data));
        (*call)();
        return 0;
    };
    // Without a reference the source goes when it has run.
    if (sd_event_add_time(loop, nullptr, CLOCK_MONOTONIC, 0, 1, run, owned.get()) >= 0)
        (void)owned.release();
}

const Map* map_of(San& san, dm::DeviceNumber number) {
    const Fabric& fabric = san.fabric();
    if (number.major != fabric.description.machine.map_major ||
        number.minor >= fabric.minors.size())
        return nullptr;
    const auto index = fabric.minors[number.minor];
    return index == none ? nullptr : &fabric.maps[index];
}

} // namespace

void SanOfflineWork::take_offline(const disks::BlockDisk& disk,
                                  std::function<void(disks::TakenOffline)> then) {
    const Map* map = map_of(san_, disk.number);
    const bool held = map && map->held;
    later(loop_, [held, then = std::move(then)] {
        disks::TakenOffline taken;
        if (held)
            taken.failure = {Error{"take offline", "", "it is in use", EBUSY},
                             {{holders::Kind::Device, "the fault map_held", "",
                               "take it back with org.mpapi.San1.MapReleased"}},
                             {}};
        else
            taken.claim = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        then(std::move(taken));
    });
}

void SanOfflineWork::make_writable(const disks::BlockDisk&,
                                   std::function<void(Result<bool>)> then) {
    later(loop_, [then = std::move(then)] { then(true); });
}

void SanOfflineWork::find_partitions(const disks::BlockDisk&, Ended then) {
    later(loop_, [then = std::move(then)] { then(Done{}); });
}

void SanOfflineWork::lock_path(dm::DeviceNumber, Ended then) {
    later(loop_, [then = std::move(then)] { then(Done{}); });
}

void SanFileService::list(dm::DeviceNumber, std::uint64_t size,
                          std::function<void(Result<std::vector<disks::DiskPartition>>)> then) {
    later(loop_, [size, then = std::move(then)] {
        then(std::vector<disks::DiskPartition>{{0, 0, size, "NTFS", "ntfs", ""}});
    });
}

void SanFileService::identify(dm::DeviceNumber disk,
                              std::function<void(Result<std::string>)> then) {
    const Map* map = map_of(san_, disk);
    later(loop_, [content = map ? map->content : "", then = std::move(then)] { then(content); });
}

void SanFileService::carry_out(const disks::FileErrand& errand,
                               std::function<void(Result<bool>)> then) {
    later(loop_, [result = work(errand), then = std::move(then)] { then(result); });
}

Result<bool> SanFileService::work(const disks::FileErrand& errand) {
    const auto object = errand.path.back();
    if (errand.partition != 0)
        return Error{"find", "partition " + std::to_string(errand.partition),
                     "the disk has no such partition", ENXIO};
    if (errand.path.size() > 1) return Error{"open", object, "", ENOENT}; // there are no folders
    const std::pair key{errand.disk, errand.path};
    const auto at = files_.find(key);
    if (errand.kind == disks::FileErrand::Kind::Write) {
        if (at == files_.end() && files_.size() == kMostFiles)
            return Error{"open", object, "", ENOSPC};
        files_[key] = errand.data;
        return true;
    }
    if (at == files_.end()) return Error{"open", object, "", ENOENT};
    if (errand.kind == disks::FileErrand::Kind::Verify) return at->second == errand.data;
    files_.erase(at);
    return true;
}

} // namespace mpapi::san
