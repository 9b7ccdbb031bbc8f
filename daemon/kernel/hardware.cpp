// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/hardware.hpp"

#include "common/system/turn.hpp"

#include "daemon/kernel/disk_reader.hpp"
#include "daemon/kernel/multipath_driver.hpp"
#include "daemon/kernel/scsi_device.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <utility>

namespace mpapi::kernel {
namespace {

// So many disks are read, or events taken, before the loop sees to others.
constexpr std::size_t disks_at_once = 32;
constexpr std::size_t uevents_at_once = 128;
// Listing takes milliseconds. Beyond this the kernel's locks are held by something broken, and the
// disks are told without their maps.
constexpr std::uint64_t first_sight_patience = 5'000'000; // microseconds

} // namespace

KernelHardware::~KernelHardware() = default;

Status KernelHardware::start(sd_event* loop, daemon::HardwareObserver& observer) {
    loop_ = loop;
    observer_ = &observer;
    disks_.emplace(sysfs_, observer);
    maps_.emplace(observer);

    sd_event_source* source = nullptr;
    int r = add_turns(
        loop_, &source,
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<KernelHardware*>(self)->look_at_next_disks();
            return 0;
        },
        this);
    if (r < 0) return Error{"start watching hardware", "", "", -r};
    enumeration_source_.reset(source);
    take_turn(source);

    r = sd_event_add_defer(
        loop_, &source,
        [](sd_event_source*, void* self) {
            static_cast<KernelHardware*>(self)->advance_settling();
            return 0;
        },
        this);
    if (r < 0) return Error{"start watching hardware", "", "", -r};
    settling_source_.reset(source);
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 20);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);

    r = add_turns(
        loop_, &source,
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<KernelHardware*>(self)->tell_refusals();
            return 0;
        },
        this);
    if (r < 0) return Error{"start watching hardware", "", "", -r};
    refusal_source_.reset(source);
    return Done{};
}

Status KernelHardware::watch_descriptor(EventSource& owner, int descriptor,
                                        sd_event_io_handler_t handler) {
    sd_event_source* source = nullptr;
    const int r = sd_event_add_io(loop_, &source, descriptor, EPOLLIN, handler, this);
    if (r < 0) return Error{"watch a descriptor", "", "", -r};
    owner.reset(source);
    return Done{};
}

Result<std::unique_ptr<daemon::ScsiDevice>> KernelHardware::open(const std::string& device,
                                                                 model::DeviceNumber number) {
    return open_scsi_device("/dev/" + device, number);
}

model::Plugin KernelHardware::describe() {
    return describe_multipath_driver(find_selectors(sysfs_, module_folder()), target_version_);
}

// Disks

Status KernelHardware::watch_udev() {
    auto udev = Udev::open();
    if (!udev) return udev.error();
    udev_ = std::move(*udev);
    if (udev_->kernel_descriptor() >= 0) {
        const auto heard =
            watch_descriptor(kernel_source_, udev_->kernel_descriptor(),
                             [](sd_event_source*, int, std::uint32_t, void* self) {
                                 static_cast<KernelHardware*>(self)->receive_from_kernel();
                                 return 0;
                             });
        if (!heard) return heard.error();
    }
    return watch_descriptor(udev_source_, udev_->descriptor(),
                            [](sd_event_source*, int, std::uint32_t, void* self) {
                                static_cast<KernelHardware*>(self)->receive_uevents();
                                return 0;
                            });
}

void KernelHardware::enumerate_again() {
    list_wanted_ = true;
    take_turn(enumeration_source_.get());
}

// Of the kernel, not of udev: see udev.hpp.
std::set<std::string> KernelHardware::list_disks() const {
    std::set<std::string> names;
    for (auto& name : sysfs_.entries("class/block"))
        if (is_scsi_disk_name(name)) names.insert(names.end(), std::move(name));
    return names;
}

void KernelHardware::look_at_disk(const std::string& name) {
    auto word = udev_ ? udev_->word_of(name) : Udev::Word();
    disks_->look_at(name, word.member, std::move(word.facts));
}

void KernelHardware::look_at_next_disks() {
    if (!udev_trouble_) {
        // The first time. Subscribed before the list is made, so nothing falls in between.
        const auto watched = watch_udev();
        tell_udev(watched ? Udev::trouble() : watched.error().message());
        connect_device_mapper();
    }
    if (std::exchange(list_wanted_, false)) {
        const auto names = list_disks();
        disks_->recount(names);
        to_look_at_.assign(names.begin(), names.end());
    }
    for (std::size_t i = 0; i < disks_at_once && !to_look_at_.empty(); ++i) {
        const auto name = std::move(to_look_at_.front());
        to_look_at_.pop_front();
        look_at_disk(name);
    }
    if (to_look_at_.empty() && !list_wanted_) {
        tell_when_enumerated();
        wake_settling();
    } else {
        take_turn(enumeration_source_.get());
    }
}

bool KernelHardware::receive_uevents() {
    bool drained = false;
    for (std::size_t i = 0; i < uevents_at_once; ++i) {
        const auto event = udev_->receive();
        if (!event) {
            drained = event.error().errnum != ENOBUFS;
            if (drained) break;
            enumerate_again();
            if (dm_) dm_->look_at_all();
            continue;
        }
        drained = !event->has_value();
        if (drained) break;
        if (!udev_trouble_->empty()) tell_udev("");
        const auto reading = read_uevent(**event);
        if (reading.meaning == Meaning::AccessStateChanged && heard_.again((*event)->number))
            continue;
        act_on(reading);
    }
    wake_settling();
    return drained;
}

// Only what gains by coming early: the rest is better told when udev has done its work, and what is
// lost here udev tells too.
void KernelHardware::receive_from_kernel() {
    for (std::size_t i = 0; i < uevents_at_once; ++i) {
        const auto event = udev_->receive_from_kernel();
        if (!event) {
            if (event.error().errnum == ENOBUFS) continue;
            break;
        }
        if (!event->has_value()) break;
        const auto reading = read_uevent(**event);
        if (reading.meaning != Meaning::AccessStateChanged) continue;
        heard_.heard((*event)->number);
        act_on(reading);
    }
}

void KernelHardware::act_on(const Reading& reading) {
    const auto now = std::chrono::steady_clock::now();
    switch (reading.meaning) {
    case Meaning::Nothing:
        break;
    case Meaning::DiskRenamed:
        disks_->gone(reading.old_name);
        disks_->look_at(reading.name, reading.member, reading.facts);
        break;
    case Meaning::DiskChanged:
        disks_->look_at(reading.name, reading.member, reading.facts);
        break;
    case Meaning::DiskGone:
        disks_->gone(reading.name);
        break;
    case Meaning::MapPathChanged:
        if (dm_events_) break;
        [[fallthrough]];
    case Meaning::MapChanged:
        connect_device_mapper();
        if (dm_) dm_->look_at(reading.number);
        look_at_disks_under(reading.name);
        break;
    case Meaning::MapGone:
        if (dm_) dm_->look();
        look_at_disks_under(reading.name);
        break;
    case Meaning::AccessStateChanged:
        if (const auto device = disks_->device_at(reading.address); !device.empty())
            observer_->access_state_changed(device, now);
        break;
    case Meaning::InquiryDataChanged:
        if (const auto device = disks_->device_at(reading.address); !device.empty())
            observer_->inquiry_data_changed(device);
        break;
    case Meaning::TargetUnitsChanged:
        for (const auto& device : disks_->devices_of_target(reading.address))
            observer_->inquiry_data_changed(device);
        break;
    case Meaning::DeviceMapperAppeared:
        connect_device_mapper();
        break;
    }
}

void KernelHardware::look_at_disks_under(const std::string& map) {
    auto devices = disks_->devices_under(map);
    for (const auto& name : sysfs_.entries("class/block/" + map + "/slaves")) {
        // A partition stands for its disk.
        const auto disk = name.substr(0, name.find_first_of("0123456789"));
        if (is_scsi_disk_name(disk)) devices.push_back(disk);
    }
    std::sort(devices.begin(), devices.end());
    devices.erase(std::unique(devices.begin(), devices.end()), devices.end());
    for (const auto& device : devices)
        disks_->look_again(device);
}

// Maps

void KernelHardware::connect_device_mapper() {
    if (dm_) return;
    auto control = DmControl::open();
    if (!control) {
        maps_seen_ = true;
        tell_device_mapper(control.error().message());
        return;
    }
    auto thread = DmThread::start();
    if (!thread) {
        maps_seen_ = true;
        tell_device_mapper(thread.error().message());
        return;
    }
    control_.emplace(std::move(*control));
    dm_ = std::move(*thread);
    const auto sights = watch_descriptor(sights_source_, dm_->descriptor(),
                                         [](sd_event_source*, int, std::uint32_t, void* self) {
                                             static_cast<KernelHardware*>(self)->take_sights();
                                             return 0;
                                         });
    dm_events_ = arm_device_mapper();
    if (dm_events_) {
        const auto events = watch_descriptor(control_source_, control_->descriptor(),
                                             [](sd_event_source*, int, std::uint32_t, void* self) {
                                                 auto* hardware =
                                                     static_cast<KernelHardware*>(self);
                                                 // Arm, then list: see dm_control.hpp.
                                                 if (!hardware->arm_device_mapper())
                                                     hardware->control_source_.reset();
                                                 // Without udev nobody tells of tables loaded.
                                                 if (hardware->udev_trouble_->empty())
                                                     hardware->dm_->look();
                                                 else
                                                     hardware->dm_->look_at_all();
                                                 return 0;
                                             });
        if (!events) tell_device_mapper(events.error().message());
    }
    if (!sights) tell_device_mapper(sights.error().message());
    dm_->look_at_all();
    wait_for_first_sight();
}

void KernelHardware::wait_for_first_sight() {
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time_relative(
        loop_, &source, CLOCK_MONOTONIC, first_sight_patience, 0,
        [](sd_event_source*, std::uint64_t, void* self) {
            auto* hardware = static_cast<KernelHardware*>(self);
            hardware->maps_seen_ = true;
            hardware->tell_device_mapper("device-mapper does not answer");
            hardware->tell_when_enumerated();
            return 0;
        },
        this);
    if (r >= 0) first_sight_deadline_.reset(source);
}

bool KernelHardware::arm_device_mapper() {
    return control_->arm().has_value();
}

void KernelHardware::take_sights() {
    std::vector<EndedChange> ended;
    for (auto& sight : dm_->take()) {
        first_sight_deadline_.reset();
        answered_ = sight.ticket;
        maps_seen_ = true;
        target_version_ = std::move(sight.target_version);
        std::string trouble;
        if (!sight.status)
            trouble = sight.status.error().message();
        else if (!sight.troubles.empty())
            trouble = sight.troubles.front().message();
        tell_device_mapper(trouble);
        for (const auto number : sight.gone)
            maps_->gone(number);
        for (const auto& map : sight.present) {
            if (!maps_->present(map)) continue;
            // What failed a path may have been its device's end.
            for (const auto number : devices_in_status(map->status))
                disks_->look_at_state(disks_->device_with(number));
        }
        std::move(sight.ended.begin(), sight.ended.end(), std::back_inserter(ended));
    }
    tell_when_enumerated();
    wake_settling();
    end_changes(std::move(ended));
}

void KernelHardware::tell_device_mapper(const std::string& trouble) {
    if (dm_trouble_ == trouble) return;
    dm_trouble_ = trouble;
    observer_->device_mapper_state(trouble);
}

void KernelHardware::tell_udev(const std::string& trouble) {
    if (udev_trouble_ == trouble) return;
    udev_trouble_ = trouble;
    observer_->udev_state(trouble);
}

void KernelHardware::tell_when_enumerated() {
    if (enumerated_ || !maps_seen_ || list_wanted_ || !to_look_at_.empty()) return;
    enumerated_ = true;
    observer_->enumerated();
}

void KernelHardware::look_again(const std::vector<std::string>& disks,
                                const std::vector<model::DeviceNumber>& maps) {
    if (disks_)
        for (const auto& disk : disks)
            disks_->look_at_state(disk);
    if (dm_) dm_->glance_at(maps);
}

} // namespace mpapi::kernel
