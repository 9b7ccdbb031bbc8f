// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Inventory, the part about disks: what exists, and what each says of itself.
#include "daemon/inventory/assemble.hpp"
#include "daemon/inventory/inventory.hpp"

#include "common/system/clock.hpp"

#include <algorithm>

namespace mpapi::daemon {

namespace {

std::uint64_t retry_key(model::DeviceNumber number) {
    return std::uint64_t(number.major) << 32 | number.minor;
}

model::DeviceNumber number_of_retry(std::uint64_t key) {
    return {static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key)};
}

} // namespace

class Inventory::IdentityJob final : public Job {
  public:
    IdentityJob(Inventory& inventory, const DiskRecord& disk, Epoch epoch, bool retry)
      : Job(disk.address.host)
      , inventory_(inventory)
      , disk_{disk.number, disk.incarnation}
      , device_(disk.device)
      , epoch_(epoch)
      , retry_(retry) {}

    void run(Progress& progress) override {
        const auto timeout = inventory_.config_.commands.timeout;
        progress.begin("open", timeout);
        const auto opened = inventory_.hardware_.open(device_, disk_.number);
        answer_ = std::make_unique<Answer<PathIdentity>>(
            opened ? ask_identity(**opened, progress, timeout)
                   : Answer<PathIdentity>{opened.error(), {}, Failure::NoStatus});
    }
    void done() override {
        inventory_.identity_answered(disk_, epoch_, *answer_);
        over();
    }
    void stalled(const Stall& stall) override {
        stuck_ = !stall.command.empty();
        inventory_.identity_stalled(disk_, stall);
        over();
    }
    void returned() override {
        if (stuck_) inventory_.returned(disk_, host);
    }

  private:
    void over() {
        if (retry_) inventory_.retry_over();
        inventory_.question_over(epoch_);
    }

    Inventory& inventory_;
    const DiskRef disk_;
    const std::string device_;
    const Epoch epoch_;
    const bool retry_;
    bool stuck_ = false;
    std::unique_ptr<Answer<PathIdentity>> answer_;
};

// The disk that a question was sent to, if it is still that disk.
DiskRecord* Inventory::find_disk(DiskRef ref) {
    const auto known = disks_.find(ref.number);
    if (known == disks_.end() || known->second.incarnation != ref.incarnation) return nullptr;
    return &known->second;
}

DiskRecord& Inventory::disk_record(model::DeviceNumber number) {
    DiskRecord& record = disks_[number];
    record.number = number;
    return record;
}

// A disk is remembered while it exists and while a map refers to it.
void Inventory::drop_unless_needed(DiskRecord& disk) {
    if (disk.present || disk.map) return;
    disabled_.erase(&disk);
    put_aside(disk, nullptr);
    retries_.forget(retry_key(disk.number));
    unmapped_.forget(disk);
    leave_ports(disk);
    disks_.erase(disk.number);
}

void Inventory::leave_ports(DiskRecord& disk) {
    if (disk.initiator_port) initiator_ports_.release(*disk.initiator_port);
    if (disk.target_port) target_ports_.release(*disk.target_port);
    disk.initiator_port = nullptr;
    disk.target_port = nullptr;
}

// Whoever shows this disk has to be made anew.
void Inventory::touch(DiskRecord& disk) {
    if (disk.map)
        mark(*disk.map);
    else
        mark(disk);
}

void Inventory::disk_present(const DiskFacts& facts) {
    caused_at(Clock::now());
    if (auto named = disks_by_name_.find(facts.device);
        named != disks_by_name_.end() && named->second->number != facts.number)
        disk_gone(facts.device); // the kernel gave the name to another device in the meantime
    if (auto numbered = disks_.find(facts.number); numbered != disks_.end() &&
                                                   numbered->second.present &&
                                                   numbered->second.device != facts.device)
        disk_gone(std::string(numbered->second.device)); // or the number

    DiskRecord& disk = disk_record(facts.number);
    const bool returned = !disk.present;
    const bool works_again = disk.present && disk.state != model::DeviceState::Running &&
                             facts.state == model::DeviceState::Running;
    Port& initiator = initiator_ports_.acquire(facts.initiator_port);
    Port& target = target_ports_.acquire(facts.target_port);
    const bool other_nexus = &initiator != disk.initiator_port || &target != disk.target_port ||
                             !(disk.address == facts.address);
    leave_ports(disk);
    disk.initiator_port = &initiator;
    disk.target_port = &target;
    if (returned) begin_incarnation(disk);
    disk.present = true;
    disk.device = facts.device;
    disk.address = facts.address;
    disk.state = facts.state;
    disk.size = facts.size;
    disk.multipath_member = facts.multipath_member;
    disk.device_type = facts.device_type;
    disk.udev = facts.udev;
    disk.holders = facts.holders.empty() ? model::Shared<std::vector<std::string>>()
                                         : model::Shared<std::vector<std::string>>(facts.holders);
    disks_by_name_[facts.device] = &disk;
    if (returned && !disk.identity) take_first_identity(disk, facts);
    if (other_nexus) {
        put_aside(disk, nullptr);
        unmapped_.forget(disk);
        disk.path_id = 0;
        if (disk.map) set_members(*disk.map);
    }
    touch(disk);
    if (returned && disk.map) look_for_askable(*disk.map);
    if (returned || works_again || other_nexus) ask_identity_of(disk, epoch_);
}

// What was asked of the device that had this number before says nothing about this one: its
// questions are not awaited, its troubles are over, and who it is has to be read again.
void Inventory::begin_incarnation(DiskRecord& disk) {
    disk.incarnation = ++incarnations_;
    disk.asking = false;
    disk.ask_again = false;
    disk.stuck = 0;
    disk.unanswered = false;
    disk.failure = Failure::None;
    disk.trouble = nullptr;
    retries_.forget(retry_key(disk.number));
    if (disk.identity) disk.identity_source = model::Source::Sysfs;
}

// For the first display: what the kernel read when it found the disk, which may be old.
void Inventory::take_first_identity(DiskRecord& disk, const DiskFacts& facts) {
    PathIdentity identity;
    if (!facts.device_identification.empty()) {
        if (auto told = identity_of_page(facts.device_identification)) identity = std::move(*told);
    }
    if (facts.vendor.empty() && identity.unit.unit_name.empty()) return;
    identity.unit.vendor = facts.vendor;
    identity.unit.product = facts.product;
    identity.unit.revision = facts.revision;
    disk.identity = std::move(identity.unit);
    disk.identity_source = model::Source::Sysfs;
    disk.target_port_group = identity.target_port_group;
    disk.relative_target_port = identity.relative_target_port;
}

void Inventory::disk_gone(const std::string& device) {
    const auto named = disks_by_name_.find(device);
    if (named == disks_by_name_.end()) return;
    caused_at(Clock::now());
    DiskRecord& disk = *named->second;
    disks_by_name_.erase(named);
    disk.present = false;
    touch(disk);
    if (disk.map) look_for_askable(*disk.map);
    drop_unless_needed(disk);
}

void Inventory::inquiry_data_changed(const std::string& device) {
    const auto named = disks_by_name_.find(device);
    if (named == disks_by_name_.end()) return;
    // A change of the LUN inventory (3Fh/0Eh) is told through one LUN and is about all behind the
    // same I_T nexus. An array tells it through each of its LUNs in a burst: all disks are gone
    // through once for all of them.
    const DiskRecord& told = *named->second;
    const bool first = changed_nexuses_.empty();
    if (!changed_nexuses_.insert({told.initiator_port->id, told.target_port->id}).second) return;
    if (!first) return;
    changed_nexuses_epoch_ = epoch_;
    question_sent(epoch_);
    constexpr std::uint64_t burst_usec = 10'000;
    sd_event_source_set_time(nexus_timer_.get(), to_usec(Clock::now()) + burst_usec);
    sd_event_source_set_enabled(nexus_timer_.get(), SD_EVENT_ONESHOT);
}

void Inventory::ask_changed_nexuses() {
    const auto changed = std::exchange(changed_nexuses_, {});
    const Epoch epoch = changed_nexuses_epoch_;
    for (auto& [name, disk] : disks_by_name_)
        if (changed.count({disk->initiator_port->id, disk->target_port->id}) != 0)
            ask_identity_of(*disk, epoch);
    question_over(epoch);
}

void Inventory::ask_identity_of(DiskRecord& disk, Epoch epoch, bool retry) {
    if (!disk.present || disk.stuck) return;
    if (disk.asking) {
        disk.ask_again = true;
        return;
    }
    disk.asking = true;
    question_sent(epoch);
    if (retry) ++retrying_;
    workers_.submit(std::make_shared<IdentityJob>(*this, disk, epoch, retry));
}

// A disk in no map that is in trouble is asked again after a while, and then ever later. (In a map,
// the refresh of its unit sees to that; stuck, whoever is stuck does when it comes back.)
void Inventory::schedule_retry(const DiskRecord& disk) {
    if (!config_.refresh.enabled) return;
    if (disk.present && !disk.map && disk.trouble && disk.stuck == 0) {
        const auto now = Clock::now();
        retries_.quiet(retry_key(disk.number), now, now);
        arm_refresh();
    } else {
        retries_.forget(retry_key(disk.number));
    }
}

void Inventory::retry_disks(Clock::time_point now) {
    while (retrying_ < kMostRetries) {
        const auto due = retries_.take_due(now, kMostRetries - retrying_);
        if (due.empty()) return;
        for (const std::uint64_t key : due) {
            const auto known = disks_.find(number_of_retry(key));
            if (known == disks_.end() || known->second.map || !known->second.trouble) continue;
            if (!known->second.asking) ask_identity_of(known->second, epoch_, true);
        }
    }
}

void Inventory::retry_over() {
    --retrying_;
    arm_refresh();
}

// What follows from an answer belongs to the epoch of its question.
void Inventory::identity_answered(DiskRef ref, Epoch epoch, const Answer<PathIdentity>& answer) {
    DiskRecord* known = find_disk(ref);
    if (!known) return;
    DiskRecord& disk = *known;
    disk.asking = false;
    if (std::exchange(disk.ask_again, false)) {
        ask_identity_of(disk, epoch);
        if (disk.asking) return; // what was learnt just now may be old already
    }
    if (disk.failure != answer.failure || disk.unanswered) touch(disk);
    const bool was_unanswered = std::exchange(disk.unanswered, false);
    disk.failure = answer.failure;
    if (!answer.result) {
        const Error& error = answer.result.error();
        set_trouble(disk, error.action, error.reason.empty() ? error.message() : error.reason);
        schedule_retry(disk);
        return;
    }
    const bool was_in_trouble = bool(disk.trouble) && !was_unanswered;
    if (disk.stuck == 0) disk.trouble = nullptr; // else another command of ours still waits
    schedule_retry(disk);
    const PathIdentity& told = *answer.result;
    const bool answered_before = disk.identity_source == model::Source::Vpd;
    const bool same_unit = disk.identity && *disk.identity == told.unit;
    // Paths of one unit share one copy.
    if (!same_unit) {
        model::Shared<UnitIdentity> shared;
        if (disk.map)
            for (const DiskRecord* other : disk.map->disks)
                if (other->identity && *other->identity == told.unit) shared = other->identity;
        disk.identity = shared ? shared : model::Shared<UnitIdentity>(told.unit);
    }
    disk.identity_source = model::Source::Vpd;
    disk.identity_read_at = now_realtime();
    disk.target_port_group = told.target_port_group;
    disk.relative_target_port = told.relative_target_port;
    if (disk.target_port)
        target_ports_.set_relative_id(*disk.target_port, told.relative_target_port);
    touch(disk);
    if (!disk.map) return;
    MapRecord& map = *disk.map;
    settle_unit_name(map, disk);
    // A unit whose groups nobody told may tell them through a path that is well again. (Not after
    // silence in this very command: a device that hangs in it would be sent it for ever.)
    const bool again =
        map.groups_trouble && (was_in_trouble || !answered_before || map.told_unaskable);
    const bool outdated =
        (answered_before && !same_unit) || answer.attentions.access_state || again;
    if (map.inquiry && !outdated)
        map.group_learnt = true;
    else if (outdated || !map.inquired || !covers(map, told.target_port_group))
        inquire_groups(map, epoch);
}

void Inventory::set_trouble(DiskRecord& disk, std::string command, std::string reason,
                            model::Time since) {
    // The same trouble as before began before.
    if (disk.trouble && disk.trouble->command == command && disk.trouble->reason == reason) return;
    disk.trouble =
        model::Trouble{since ? since : now_realtime(), std::move(command), std::move(reason)};
    touch(disk);
}

void Inventory::identity_stalled(DiskRef ref, const Stall& stall) {
    if (DiskRecord* disk = find_disk(ref)) disk->asking = false;
    stalled(ref, stall);
}

// No answer within the limit. With a command named, one of our workers waits for it in the kernel;
// several may wait for one disk.
void Inventory::stalled(DiskRef ref, const Stall& stall) {
    DiskRecord* known = find_disk(ref);
    if (!known) return;
    caused_at(Clock::now());
    DiskRecord& disk = *known;
    if (!stall.command.empty()) ++disk.stuck;
    if (disk.map) look_for_askable(*disk.map);
    disk.unanswered = true;
    disk.failure = Failure::NoStatus;
    set_trouble(disk, stall.command, stall.reason, to_time(stall.since));
    schedule_retry(disk);
    touch(disk);
}

// A command that was written off came back, of a disk that may be gone by now.
void Inventory::returned(DiskRef ref, std::uint32_t host) {
    if (DiskRecord* disk = find_disk(ref); disk && disk->stuck > 0) {
        --disk->stuck;
        touch(*disk);
        if (disk->map) look_for_askable(*disk->map);
        ask_identity_of(*disk, epoch_);
    }
    // The host serves again: so may others that were refused because of it.
    for (auto& [name, disk] : disks_by_name_)
        if (disk->address.host == host && disk->trouble && !disk->asking)
            ask_identity_of(*disk, epoch_);
}

} // namespace mpapi::daemon
