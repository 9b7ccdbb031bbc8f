// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/control.hpp"

#include "daemon/disks/disk_objects.hpp"

#include <systemd/sd-bus.h>

#include <algorithm>
#include <cerrno>
#include <syslog.h>
#include <utility>

namespace mpapi::disks {

namespace {

std::string below(const std::string& folder, const char* name) {
    return folder.empty() ? "" : folder + "/" + name;
}

} // namespace

Control::Control(Means means)
  : means_(std::move(means))
  , offline_marks_(below(means_.work.runtime_folder, "offline"))
  , owned_marks_(below(means_.work.runtime_folder, "owned")) {
    const auto find = [this](const std::string& id) { return means_.disks.find(id); };
    const auto present = means_.disks.all();
    states_ = std::make_unique<OnlineStates>(
        OnlineStates::Means{means_.work.offline, means_.work.claims, offline_marks_, find,
                            means_.load_table_again, means_.work.udev_event,
                            [this](const std::string& id, bool online) {
                                means_.disks.set_claimed(id, !online);
                                show(id);
                            },
                            means_.note},
        present);
    Owners::Means owners{means_.disks.means().loop,
                         means_.reservations,
                         owned_marks_,
                         find,
                         nullptr,
                         [this](const std::string& id, OwnershipState state) {
                             show(id);
                             if (state == OwnershipState::None && owners_) look_whose(id);
                         },
                         [this](const std::string& id, const std::string& why) { lost(id, why); },
                         means_.note,
                         means_.times};
    if (means_.work.path_keeper)
        owners.path_keeper = [this, find](const std::string& id) {
            return means_.work.path_keeper([find, id] {
                const auto disk = find(id);
                return disk ? disk->map_name : std::string();
            });
        };
    owners_ = std::make_unique<Owners>(std::move(owners), present);
    for (const auto& disk : present)
        show(disk->id);
    means_.disks.add_observer(*this);
}

Control::~Control() {
    means_.disks.remove_observer(*this);
}

void Control::disk_changed(const DiskPtr& before, const DiskPtr& after) {
    states_->disk_changed(before, after);
    owners_->disk_changed(before, after);
}

// Called from within the making of both, too.
void Control::show(const std::string& id) {
    const auto state = owners_ ? owners_->state(id) : OwnershipState::None;
    const bool online = !states_ || states_->online(id);
    std::string_view ownership;
    if (state == OwnershipState::Owned || state == OwnershipState::Releasing)
        ownership = "this-node";
    if (state == OwnershipState::Unconfirmed) ownership = "unconfirmed";
    means_.disks.set_control(id, ownership, online);
}

void Control::lost(const std::string& id, const std::string& why) {
    means_.note(LOG_ERR, "the disk " + id + " is not owned by this node any more: " + why);
    const auto disk = means_.disks.find(id);
    if (!disk) return;
    sd_bus_emit_signal(means_.bus, object_path(*disk).c_str(), "org.mpapi.Multipath1.SharedDisk",
                       "OwnershipLost", "s", why.c_str());
}

// What the last look said of others is from before.
void Control::look_whose(const std::string& id) {
    means_.disks.examine(id, [](const Result<DiskPtr>&) {});
}

void Control::admit(const paths::Newcomer& newcomer, std::function<void(Status)> then) {
    const auto disk = means_.disks.find_unit(newcomer.unit);
    if (!disk) return then(Done{});
    const auto known =
        std::find_if(disk->nexuses.begin(), disk->nexuses.end(),
                     [&](const Nexus& nexus) { return nexus.number == newcomer.device.number; });
    Nexus nexus;
    if (known != disk->nexuses.end()) {
        nexus = *known;
    } else {
        nexus.device = newcomer.device.device;
        nexus.number = newcomer.device.number;
        nexus.address.host = newcomer.device.scsi_host;
        nexus.address.lun = newcomer.name.lun;
        nexus.initiator_port = newcomer.name.initiator_port;
        nexus.target_port = newcomer.name.target_port;
    }
    owners_->admit(disk->id, nexus,
                   [this, id = disk->id, device = nexus.device,
                    then = std::move(then)](const Status& admitted) {
                       const bool failed = !admitted && admitted.error().errnum != EAGAIN;
                       const std::string why = failed ? admitted.error().message() : "";
                       if (means_.disks.set_left_out(id, device, why) && failed)
                           means_.note(LOG_WARNING, "disk " + id + ": " + device +
                                                        " is kept out of use, for this node's key "
                                                        "could not be registered on it: " +
                                                        why);
                       then(admitted);
                   });
}

std::optional<std::string> Control::needed_by_system(const std::string& id) {
    const auto disk = means_.disks.look_at_use(id);
    if (!disk)
        return "it cannot be found out what the system does with it: " + disk.error().message();
    const auto& use = (*disk)->use;
    if (!use) return "it is not known what the system does with it";
    if (use->root) return "the system runs from it";
    if (use->boot) return "the system boots from it";
    if (use->swap || use->hibernate) return "the system swaps to it";
    if (use->crash_dump) return "crash dumps go to it";
    return std::nullopt;
}

} // namespace mpapi::disks
