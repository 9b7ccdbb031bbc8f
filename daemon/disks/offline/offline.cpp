// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/offline/offline.hpp"

#include <cerrno>
#include <set>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr int kMostRounds = 64;

std::vector<dm::DeviceNumber> all_devices(const BlockDisk& disk, const BlockState& state) {
    std::vector<dm::DeviceNumber> devices{disk.number};
    if (!disk.map) // partition maps are gone by then
        devices.insert(devices.end(), state.partitions.begin(), state.partitions.end());
    devices.insert(devices.end(), disk.paths.begin(), disk.paths.end());
    return devices;
}

class Taking {
  public:
    Taking(BlockLayer& layer, const BlockDisk& disk)
      : layer_(layer)
      , disk_(disk) {}

    TakenOffline run() {
        if (auto status = look(); !status) return failed(status.error());
        if (auto status = layer_.flush(disk_.number); !status) return failed(status.error());
        if (auto status = unmount(); !status) return failed(status.error());
        if (auto status = remove_partitions(); !status) return failed(status.error());
        auto claim = layer_.claim(disk_.number);
        if (!claim) return failed(claim.error());
        if (auto status = make_read_only(); !status) return failed(status.error());
        // What somebody wrote before the flags were set.
        if (auto status = layer_.flush(disk_.number); !status) return failed(status.error());
        TakenOffline taken;
        taken.claim = std::move(*claim);
        return taken;
    }

  private:
    Status look() {
        auto state = layer_.state(disk_);
        if (!state) return state.error();
        state_ = std::move(*state);
        if (!state_.system.empty()) return Error{"take offline", "", state_.system, EPERM};
        if (state_.others.empty()) return Done{};
        failure_.holders = state_.others;
        return Error{"take offline", "", "it is in use", EBUSY};
    }

    // A namespace that is not told of what another one unmounts has its own: looked for again until
    // there is none left.
    Status unmount() {
        for (int round = 0; !state_.mounts.empty(); ++round) {
            if (round == kMostRounds)
                return Error{"unmount", state_.mounts.front().point, "it is mounted again", EBUSY};
            for (const auto& mount : state_.mounts)
                if (auto status = unmount(mount); !status) return status;
            auto state = layer_.state(disk_);
            if (!state) return state.error();
            state_ = std::move(*state);
        }
        return Done{};
    }

    Status unmount(const MountedAt& mount) {
        auto status = layer_.unmount(mount);
        if (status) {
            if (unmounted_.insert(mount.point).second)
                failure_.remains.push_back(mount.point + " was unmounted");
        } else if (status.error().errnum == EBUSY) {
            failure_.holders.push_back({holders::Kind::Mount, mount.point, "files on it are in use",
                                        "end who uses it: fuser -vm " + mount.point});
        }
        return status;
    }

    Status remove_partitions() {
        for (const auto& name : state_.partition_maps) {
            if (auto status = layer_.remove_partition_map(name); !status) return status;
            removed_ = true;
        }
        return Done{};
    }

    Status make_read_only() {
        for (const auto device : all_devices(disk_, state_)) {
            const auto before = layer_.read_only(device);
            if (!before) return before.error();
            if (*before) continue;
            if (auto status = layer_.set_read_only(device, true); !status) return status;
            changed_.push_back(device);
        }
        for (const auto device : changed_) {
            const auto now = layer_.read_only(device);
            if (!now) return now.error();
            if (!*now)
                return Error{"make read-only", to_string(device), "the kernel does not keep it", 0};
        }
        return Done{};
    }

    TakenOffline failed(Error why) {
        for (auto device = changed_.rbegin(); device != changed_.rend(); ++device)
            if (auto status = layer_.set_read_only(*device, false); !status)
                failure_.remains.push_back(to_string(*device) + " is read-only (" +
                                           status.error().message() + ")");
        if (why.errnum == EBUSY && failure_.holders.empty())
            if (auto state = layer_.state(disk_)) {
                failure_.holders = std::move(state->others);
                for (auto& opener : state->openers)
                    failure_.holders.push_back(std::move(opener));
            }
        failure_.why = std::move(why);
        TakenOffline taken;
        taken.failure = std::move(failure_);
        return taken;
    }

  public:
    bool removed_partitions() const { return removed_; }

  private:
    BlockLayer& layer_;
    const BlockDisk& disk_;
    BlockState state_;
    OfflineFailure failure_;
    std::set<std::string> unmounted_;
    std::vector<dm::DeviceNumber> changed_;
    bool removed_ = false;
};

} // namespace

TakenOffline take_offline(BlockLayer& layer, const BlockDisk& disk) {
    Taking taking(layer, disk);
    auto taken = taking.run();
    // Only now: a claim that was granted and let go of again kept partition maps away.
    if (!taken.claim && taking.removed_partitions())
        if (auto status = layer.read_partitions(disk); !status)
            taken.failure.remains.push_back("its partition maps are gone (" +
                                            status.error().message() + ")");
    return taken;
}

Result<bool> make_writable(BlockLayer& layer, const BlockDisk& disk) {
    const auto state = layer.state(disk);
    if (!state) return state.error();
    // Paths first: a table that is loaded meanwhile sees them writable.
    auto devices = all_devices(disk, *state);
    for (auto device = devices.rbegin(); device != devices.rend(); ++device) {
        auto status = layer.set_read_only(*device, false);
        // A path that went meanwhile needs nothing.
        const bool gone =
            !status && (status.error().errnum == ENODEV || status.error().errnum == ENOENT ||
                        status.error().errnum == ENXIO);
        if (!status && !(gone && *device != disk.number)) return status.error();
    }
    const auto read_only = layer.read_only(disk.number);
    if (!read_only) return read_only.error();
    return !*read_only;
}

Status find_partitions(BlockLayer& layer, const BlockDisk& disk) {
    return layer.read_partitions(disk);
}

} // namespace mpapi::disks
