// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/disks.hpp"

#include "common/model/identity.hpp"
#include "common/system/turn.hpp"
#include "daemon/disks/examine.hpp"
#include "daemon/disks/on_worker.hpp"
#include "daemon/publish/object_path.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string_view>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr unsigned kLooksAtOnce = 16;   // in one turn of the loop
constexpr unsigned kExaminedAtOnce = 4; // on workers

// As multipath-tools and udev's scsi_id write it: the designator's type, then the designator.
std::string wwid_of(const std::string& unit_name, model::NameType type) {
    if (unit_name.empty()) return "";
    switch (type) {
    case model::NameType::Naa:
        return "3" + unit_name;
    case model::NameType::Eui64:
        return "2" + unit_name;
    case model::NameType::T10VendorId: {
        std::string text = "1" + unit_name;
        std::replace(text.begin(), text.end(), ' ', '_');
        return text;
    }
    default:
        return "";
    }
}

std::string wwid_of(const model::LogicalUnit& unit) {
    constexpr std::string_view prefix = "mpath-";
    if (unit.uuid.starts_with(prefix)) return unit.uuid.substr(prefix.size());
    return wwid_of(unit.unit_name, unit.unit_name_type);
}

template <typename Port>
std::string port_id(const model::Table<Port>& table, model::Sequence id) {
    const Port* port = model::find(table, id);
    return port ? port->port_id : "";
}

Nexus nexus_of(const model::Snapshot& snapshot, const model::Path& path) {
    Nexus nexus;
    nexus.device = path.device;
    nexus.number = path.number;
    nexus.address = path.address;
    nexus.initiator_port = port_id(snapshot.initiator_ports, path.initiator_port);
    nexus.target_port = port_id(snapshot.target_ports, path.target_port);
    nexus.relative_target_port = path.relative_port_id;
    nexus.usable = path.state == model::PathState::Okay && !path.disabled;
    return nexus;
}

Nexus nexus_of(const model::Snapshot& snapshot, const model::Disk& disk) {
    Nexus nexus;
    nexus.device = disk.device;
    nexus.number = disk.number;
    nexus.address = disk.address;
    nexus.initiator_port = port_id(snapshot.initiator_ports, disk.initiator_port);
    nexus.target_port = port_id(snapshot.target_ports, disk.target_port);
    if (const auto* port = model::find(snapshot.target_ports, disk.target_port))
        nexus.relative_target_port = static_cast<std::uint16_t>(port->relative_port_id);
    nexus.usable = disk.device_state == model::DeviceState::Running;
    return nexus;
}

void describe_adapter(const model::Snapshot& snapshot, model::Sequence port, Disk& disk) {
    const auto* found = model::find(snapshot.initiator_ports, port);
    if (!found) return;
    disk.transport = found->transport;
    disk.adapter = found->friendly_name.empty() ? found->port_id : found->friendly_name;
}

// Whether what a device says may be another than before.
bool ask_again(const Disk& before, const Disk& after) {
    if (before.size != after.size || before.block != after.block ||
        before.unit_name != after.unit_name || before.allowed != after.allowed)
        return true;
    return before.usable_nexuses() == 0 && after.usable_nexuses() != 0;
}

// A path that carries I/O is in use, whoever brought it back; one that is gone is not kept out.
std::map<std::string, std::string> still_left_out(const Disk& before, const Disk& after) {
    const auto has = [](const Disk& disk, const std::string& device, bool usable) {
        return std::any_of(disk.nexuses.begin(), disk.nexuses.end(), [&](const Nexus& nexus) {
            return nexus.device == device && (nexus.usable || !usable);
        });
    };
    auto left_out = before.left_out;
    std::erase_if(left_out, [&](const auto& each) {
        return has(after, each.first, true) ||
               (has(before, each.first, false) && !has(after, each.first, false));
    });
    return left_out;
}

} // namespace

std::size_t Disk::usable_nexuses() const {
    if (!scsi) return controllers;
    return static_cast<std::size_t>(std::count_if(nexuses.begin(), nexuses.end(),
                                                  [](const Nexus& nexus) { return nexus.usable; }));
}

std::uint32_t Disk::host() const {
    if (!scsi) return UINT32_MAX; // a share of the workers beside those of all SCSI hosts
    for (const Nexus& nexus : nexuses)
        if (nexus.usable) return nexus.address.host;
    return nexuses.empty() ? 0 : nexuses.front().address.host;
}

struct Disks::Entry {
    DiskPtr disk;
    bool asking = false;
    bool ask_again = false;          // something happened since
    std::vector<Then> waiting;       // for the examination under way
    std::vector<Then> wait_for_next; // for the one after it
};

Disks::Disks(Means means)
  : means_(std::move(means)) {}

Disks::~Disks() {
    *alive_ = false;
}

Result<std::unique_ptr<Disks>> Disks::create(Means means, model::SnapshotPtr now) {
    std::unique_ptr<Disks> self(new Disks(std::move(means)));
    sd_event_source* source = nullptr;
    const int r = add_turns(
        self->means_.loop, &source,
        [](sd_event_source*, std::uint64_t, void* disks) {
            static_cast<Disks*>(disks)->look_at_next();
            return 0;
        },
        self.get());
    if (r < 0) return Error{"add an event source", "", "", -r};
    self->turns_.reset(source);
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 20);
    now->units.for_each([&](const model::Unit& unit) { self->take(*now, unit); });
    for (const model::Disk& disk : now->disks)
        self->take(*now, disk);
    self->other_disks_changed();
    return self;
}

DiskPtr Disks::find(const std::string& id) {
    take_in(SIZE_MAX);
    return peek(id);
}

DiskPtr Disks::peek(const std::string& id) const {
    const auto at = entries_.find(id);
    return at == entries_.end() ? nullptr : at->second->disk;
}

DiskPtr Disks::find_unit(model::Sequence unit) {
    take_in(SIZE_MAX);
    const auto at = units_.find(unit);
    return at == units_.end() ? nullptr : entries_.at(at->second)->disk;
}

std::vector<DiskPtr> Disks::all() {
    take_in(SIZE_MAX);
    std::vector<DiskPtr> found;
    found.reserve(entries_.size());
    for (const bool multipath : {true, false})
        for (const auto& [id, entry] : entries_)
            if (entry->disk->multipath() == multipath) found.push_back(entry->disk);
    return found;
}

void Disks::replace(Entry& entry, Disk made) {
    if (*entry.disk == made) return;
    const DiskPtr before = entry.disk;
    entry.disk = std::make_shared<const Disk>(std::move(made));
    for (DisksObserver* observer : observers_)
        observer->disk_changed(before, entry.disk);
}

// Disks that tell the same WWID cannot be told apart by it: each of them says so.
void Disks::count(const std::string& wwid, const std::string& id, bool there) {
    if (wwid.empty()) return;
    auto& ids = by_wwid_[wwid];
    there ? (void)ids.insert(id) : (void)ids.erase(id);
    for (const std::string& each : ids) {
        Entry& entry = *entries_.at(each);
        Disk made = *entry.disk;
        made.shares_wwid = ids.size() > 1;
        replace(entry, std::move(made));
    }
    if (ids.empty()) by_wwid_.erase(wwid);
}

void Disks::drop(const std::string& id) {
    auto entry = entries_.extract(id);
    if (entry.empty()) return;
    count(entry.mapped()->disk->wwid, id, false);
    to_look_at_.erase(id);
    leaving_out_.erase(id);
    const DiskPtr gone = entry.mapped()->disk;
    for (const std::string& unit : std::set(leaving_out_))
        set_left_out(unit, gone->block.device, "");
    for (auto* list : {&entry.mapped()->waiting, &entry.mapped()->wait_for_next})
        for (Then& then : std::exchange(*list, {}))
            then(Error{"use disk", id, "it is gone", ENODEV});
    for (DisksObserver* observer : observers_)
        observer->disk_changed(gone, nullptr);
}

// `known` is the id that the thing had until now; what it is called may be another by now.
void Disks::put(Disk made, const std::string& fallback, std::string& known) {
    made.allowed = means_.config.allows(made.wwid);
    const auto taken = [&](const std::string& id) {
        const auto at = entries_.find(id);
        return at != entries_.end() && id != known;
    };
    std::string id = made.wwid;
    if (id.empty() || taken(id)) id = fallback;
    if (!known.empty() && known != id) drop(std::exchange(known, ""));
    made.id = id;
    known = id;
    auto& entry = entries_[id];
    if (entry) {
        made.use = entry->disk->use;
        made.claimed = entry->disk->claimed;
        made.shares_wwid = entry->disk->shares_wwid;
        const std::string before = entry->disk->wwid;
        made.ownership = entry->disk->ownership;
        made.online = entry->disk->online;
        made.left_out = still_left_out(*entry->disk, made);
        made.examined = entry->disk->examined;
        const bool again = ask_again(*entry->disk, made);
        if (entry->disk->block != made.block) made.use.reset();
        const std::string after = made.wwid;
        replace(*entry, std::move(made));
        if (before != after) {
            count(before, id, false);
            count(after, id, true);
        }
        if (again) entry->ask_again = true;
        if (again) look_at(id);
        return;
    }
    entry = std::make_unique<Entry>();
    entry->disk = std::make_shared<const Disk>(std::move(made));
    entry->ask_again = true;
    look_at(id);
    const DiskPtr now = entry->disk;
    for (DisksObserver* observer : observers_)
        observer->disk_changed(nullptr, now);
    count(now->wwid, id, true);
}

void Disks::take(const model::Snapshot& snapshot, const model::Unit& unit) {
    const model::LogicalUnit& lu = unit.unit;
    Disk disk;
    disk.wwid = wwid_of(lu);
    disk.unit = lu.id;
    disk.object = publish::object_path(publish::View<model::LogicalUnit>{&snapshot, &unit, &lu});
    disk.map_name = lu.name;
    disk.map_uuid = lu.uuid;
    disk.block = {"dm-" + std::to_string(lu.number.minor), lu.number};
    disk.vendor = lu.vendor;
    disk.product = lu.product;
    disk.revision = lu.revision;
    disk.serial_number = lu.serial_number;
    disk.unit_name = lu.unit_name;
    disk.size = lu.size;
    disk.read_only = lu.read_only;
    disk.duplicate = lu.duplicate_designator;
    for (const model::Path& path : unit.paths)
        disk.nexuses.push_back(nexus_of(snapshot, path));
    if (!unit.paths.empty()) describe_adapter(snapshot, unit.paths.front().initiator_port, disk);
    put(std::move(disk), lu.key, units_[lu.id]);
}

void Disks::take(const model::Snapshot& snapshot, const model::Disk& from) {
    Disk disk;
    disk.wwid = wwid_of(from.unit_name, from.unit_name_type);
    disk.disk = from.id;
    disk.object = publish::object_path(publish::View<model::Disk>{&snapshot, nullptr, &from});
    disk.block = {from.device, from.number};
    disk.vendor = from.vendor;
    disk.product = from.product;
    disk.revision = from.revision;
    disk.serial_number = from.serial_number;
    disk.unit_name = from.unit_name;
    disk.size = from.size;
    disk.nexuses.push_back(nexus_of(snapshot, from));
    describe_adapter(snapshot, from.initiator_port, disk);
    put(std::move(disk), from.key, disks_[from.id]);
}

void Disks::take(const daemon::OtherDisk& from) {
    Disk disk;
    disk.scsi = false;
    disk.wwid = from.wwid;
    disk.block = from.ref;
    disk.product = from.product;
    disk.revision = from.revision;
    disk.serial_number = from.serial_number;
    disk.size = from.size;
    disk.read_only = from.read_only;
    disk.adapter = from.adapter;
    disk.controllers = from.paths;
    put(std::move(disk), from.place, others_[from.place]);
}

// Those that left first, for another may be the same disk in another place.
void Disks::other_disks_changed() {
    const auto now = means_.blocks.other_disks();
    for (auto at = others_.begin(); at != others_.end();) {
        const bool there = std::any_of(now.begin(), now.end(), [&](const daemon::OtherDisk& each) {
            return each.place == at->first;
        });
        if (!there) drop(at->second);
        at = there ? std::next(at) : others_.erase(at);
    }
    for (const daemon::OtherDisk& disk : now)
        take(disk);
}

// A step of the model may be ten thousand units: what is new in it is taken in little by little, or
// all at once when somebody asks.
void Disks::model_changed(const model::SnapshotPtr&, const model::SnapshotPtr& after,
                          const std::vector<model::Event>& events,
                          std::chrono::steady_clock::time_point) {
    snapshot_ = after;
    some_may_have_left_ = true;
    for (const model::Event& event : events)
        std::visit(
            [&](const auto& change) {
                using T = std::remove_cvref_t<decltype(change.either())>;
                if constexpr (requires { change.unit_before; })
                    news_of_units_.insert(change.unit().unit.id);
                else if constexpr (std::is_same_v<T, model::Disk>)
                    news_of_disks_.insert(change.either().id);
            },
            event);
    if (!news_of_units_.empty() || !news_of_disks_.empty()) take_turn(turns_.get());
}

// Whether anything is left.
bool Disks::take_in(std::size_t most) {
    if (news_of_units_.empty() && news_of_disks_.empty()) return false;
    const model::SnapshotPtr now = snapshot_;
    const auto forget = [this](std::map<model::Sequence, std::string>& known, model::Sequence id) {
        if (auto at = known.extract(id); !at.empty()) drop(at.mapped());
    };
    // Those that leave first: another may be the same disk, as one that comes into a map.
    if (std::exchange(some_may_have_left_, false)) {
        for (const model::Sequence id : news_of_units_)
            if (!now->units.find(id)) forget(units_, id);
        for (const model::Sequence id : news_of_disks_)
            if (!now->disks.find(id)) forget(disks_, id);
    }
    for (; most > 0 && !news_of_units_.empty(); --most) {
        const auto id = news_of_units_.extract(news_of_units_.begin()).value();
        if (const auto* unit = now->units.find(id)) take(*now, *unit);
    }
    for (; most > 0 && !news_of_disks_.empty(); --most) {
        const auto id = news_of_disks_.extract(news_of_disks_.begin()).value();
        if (const auto* disk = now->disks.find(id)) take(*now, *disk);
    }
    return !news_of_units_.empty() || !news_of_disks_.empty();
}

void Disks::uses_changed() {
    for (const auto& [id, entry] : entries_)
        if (entry->disk->allowed || (entry->disk->use && !entry->disk->use->users.empty()))
            look_at(id);
}

void Disks::look_at(const std::string& id) {
    to_look_at_.insert(id);
    take_turn(turns_.get());
}

void Disks::look_at_next() {
    const bool more = take_in(kLooksAtOnce);
    for (unsigned n = 0; n < kLooksAtOnce && !to_look_at_.empty(); ++n) {
        const std::string id = *to_look_at_.begin();
        const auto at = entries_.find(id);
        Entry* entry = at == entries_.end() ? nullptr : at->second.get();
        const bool ask = entry && entry->ask_again && entry->disk->allowed && !entry->asking;
        if (ask && examining_ >= kExaminedAtOnce) break; // goes on when one has ended
        to_look_at_.erase(to_look_at_.begin());
        if (!entry) continue;
        (void)look_at_use(id);
        if (ask) ask_device(id);
    }
    if (more || (!to_look_at_.empty() && examining_ < kExaminedAtOnce)) take_turn(turns_.get());
}

Result<DiskPtr> Disks::look_at_use(const std::string& id) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return Error{"use disk", id, "it is gone", ENODEV};
    Entry& entry = *at->second;
    const auto use = means_.blocks.use(entry.disk->block);
    if (!use) return use.error();
    Disk made = *entry.disk;
    made.use = *use;
    replace(entry, std::move(made));
    return entry.disk;
}

void Disks::set_claimed(const std::string& id, bool claimed) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return;
    Disk made = *at->second->disk;
    made.claimed = claimed;
    replace(*at->second, std::move(made));
}

void Disks::set_control(const std::string& id, std::string_view ownership, bool online) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return;
    Disk made = *at->second->disk;
    made.ownership = ownership;
    made.online = online;
    if (!made.ownership.empty()) made.examined.held_by_others = false;
    replace(*at->second, std::move(made));
}

bool Disks::set_left_out(const std::string& id, const std::string& device, const std::string& why) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return false;
    Disk made = *at->second->disk;
    if (why.empty())
        made.left_out.erase(device);
    else
        made.left_out[device] = why;
    const bool news = made.left_out != at->second->disk->left_out;
    made.left_out.empty() ? (void)leaving_out_.erase(id) : (void)leaving_out_.insert(id);
    replace(*at->second, std::move(made));
    return news;
}

void Disks::examine(const std::string& id, Then then) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return then(Error{"use disk", id, "it is gone", ENODEV});
    Entry& entry = *at->second;
    if (!entry.disk->allowed)
        return then(Error{"examine", id, "it is not on the list of allowed disks", EPERM});
    // What is under way may have asked before what the caller knows of happened.
    (entry.asking ? entry.wait_for_next : entry.waiting).push_back(std::move(then));
    if (entry.asking)
        entry.ask_again = true;
    else
        ask_device(id);
}

void Disks::ask_device(const std::string& id) {
    Entry& entry = *entries_.at(id);
    entry.asking = true;
    entry.ask_again = false;
    ++examining_;
    const DiskPtr disk = entry.disk;
    on_worker<Examined>(
        means_.workers, disk->host(), id,
        [disk, hardware = &means_.hardware, blocks = &means_.blocks, timeout = means_.timeout,
         key = means_.key](daemon::Progress& progress) -> Result<Examined> {
            return disks::examine(*hardware, *blocks, timeout, key, *disk, progress);
        },
        [this, id, alive = alive_](Result<Examined> found) {
            if (*alive) examined(id, std::move(found));
        });
}

void Disks::examined(const std::string& id, Result<Examined> found) {
    --examining_;
    if (!to_look_at_.empty()) take_turn(turns_.get());
    const auto at = entries_.find(id);
    if (at == entries_.end()) return;
    Entry& entry = *at->second;
    entry.asking = false;
    Disk made = *entry.disk;
    if (found) {
        made.examined = std::move(*found);
        // It may have been asked before it became ours.
        if (!made.ownership.empty()) made.examined.held_by_others = false;
    } else {
        made.examined.unreadable = true;
        made.examined.held_by_others = false; // it was so; now it is not known
        made.examined.trouble = found.error().message();
    }
    replace(entry, std::move(made));
    const DiskPtr now = entry.disk;
    auto waiting = std::exchange(entry.waiting, std::exchange(entry.wait_for_next, {}));
    if (!entry.waiting.empty())
        ask_device(id);
    else if (entry.ask_again)
        look_at(id);
    for (Then& then : waiting)
        then(now);
}

} // namespace mpapi::disks
