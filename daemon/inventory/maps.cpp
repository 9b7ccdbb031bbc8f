// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Inventory, the part about maps: which disks they are made of, and their target port groups.
#include "daemon/inventory/assemble.hpp"
#include "daemon/inventory/inventory.hpp"

#include "common/dm/multipath_status.hpp"
#include "common/dm/multipath_table.hpp"
#include "common/model/identity.hpp"
#include "common/system/clock.hpp"

#include <algorithm>
#include <set>

namespace mpapi::daemon {

namespace {

constexpr std::chrono::milliseconds kAfterMapEvent{500}; // dm events come in bursts
constexpr std::chrono::seconds kWhileTransitioning{1};
constexpr std::chrono::milliseconds kBetweenTables{250}; // one without paths, then one with others

} // namespace

class Inventory::GroupsJob final : public Job {
  public:
    GroupsJob(Inventory& inventory, const MapRecord& map, std::size_t index, const DiskRecord& disk)
      : Job(disk.address.host)
      , inventory_(inventory)
      , unit_(map.id)
      , inquiry_(map.inquiry_number)
      , index_(index)
      , disk_{disk.number, disk.incarnation}
      , device_(disk.device) {}

    void run(Progress& progress) override {
        const auto timeout = inventory_.config_.commands.timeout;
        progress.begin("open", timeout);
        const auto opened = inventory_.hardware_.open(device_, disk_.number);
        answer_ = std::make_unique<Answer<scsi::TargetPortGroups>>(
            opened ? ask_target_port_groups(**opened, progress, timeout)
                   : Answer<scsi::TargetPortGroups>{opened.error(), {}, Failure::NoStatus});
    }
    void done() override { inventory_.groups_answered(unit_, inquiry_, index_, disk_, *answer_); }
    void stalled(const Stall& stall) override {
        stuck_ = !stall.command.empty();
        inventory_.stalled(disk_, stall);
        inventory_.groups_answered(unit_, inquiry_, index_, disk_,
                                   {Error{stall.command, "", stall.reason}, {}, Failure::NoStatus});
    }
    void returned() override {
        if (stuck_) inventory_.returned(disk_, host);
    }

  private:
    Inventory& inventory_;
    const model::Sequence unit_;
    const std::uint64_t inquiry_;
    const std::size_t index_; // of the path in the table of then
    bool stuck_ = false;
    const DiskRef disk_;
    const std::string device_;
    std::unique_ptr<Answer<scsi::TargetPortGroups>> answer_;
};

void Inventory::map_present(const MapFacts& facts) {
    caused_at(Clock::now());
    auto& slot = maps_[facts.number];
    const std::string key = model::logical_unit_key(facts.uuid, facts.name);
    if (slot && slot->key != key) { // the kernel used the number again for another map
        map_gone(facts.number);
        map_present(facts);
        return;
    }
    const bool fresh = !slot;
    if (fresh) {
        describe_due_ |= maps_by_id_.empty(); // the driver may have come with its first map
        slot = std::make_unique<MapRecord>();
        slot->key = key;
        slot->id = ids_.id(model::ObjectType::LogicalUnit, key);
        // The same map under another number: its end there is yet to be told.
        if (const MapRecord* before = find_map(slot->id)) map_gone(before->facts.number);
        maps_by_id_[slot->id] = slot.get();
    }
    MapRecord& map = *slot;
    const bool event = !fresh && map.facts.event_number != facts.event_number;
    const bool other_table = fresh || map.facts.table != facts.table;
    const bool other_status = fresh || map.facts.status != facts.status;
    map.facts = facts;
    map.read_times->device_mapper = now_realtime();
    if (other_table) set_members(map);
    if (other_table || other_status) note_returns(map);
    mark(map);
    if (event || other_table) {
        activity(map);
        if (event && map.inquired)
            schedule_.due_by(map.id, std::max(Clock::now(), map.asked_at + kAfterMapEvent));
        arm_refresh();
    }
}

void Inventory::map_gone(model::DeviceNumber number) {
    const auto known = maps_.find(number);
    if (known == maps_.end()) return;
    caused_at(Clock::now());
    const std::unique_ptr<MapRecord> map = std::move(known->second);
    maps_.erase(known);
    maps_by_id_.erase(map->id);
    schedule_.forget(map->id);
    for (MapRecord* other : designators_.forget(*map))
        mark(*other);
    if (map->published) gone_units_.push_back(map->id);
    for (DiskRecord* disk : std::vector<DiskRecord*>(map->aside))
        put_aside(*disk, nullptr);
    disabled_due_ = true;
    const std::vector<DiskRecord*> disks = std::move(map->disks);
    std::vector<model::DeviceNumber> contested;
    for (DiskRecord* disk : disks)
        leave_map(*disk, contested);
    give_back(contested);
    // Last: whoever waits for it may look at everything.
    if (map->inquiry) question_over(map->inquiry_epoch);
}

void Inventory::leave_map(DiskRecord& disk, std::vector<model::DeviceNumber>& contested) {
    if (std::exchange(disk.contested, false)) contested.push_back(disk.number);
    disk.map = nullptr;
    disk.path_id = 0;
    disk.dm_failed = false;
    mark(disk);
    schedule_retry(disk);
    drop_unless_needed(disk);
}

// Disks that a table lost to another one that names them no more. All tables are looked through:
// that two name one disk is rare.
void Inventory::give_back(const std::vector<model::DeviceNumber>& contested) {
    if (contested.empty()) return;
    std::vector<MapRecord*> heirs;
    for (const auto& [number, map] : maps_) {
        const auto table = dm::parse_multipath_table(map->facts.table);
        if (!table) continue;
        const bool names_one =
            std::any_of(table->groups.begin(), table->groups.end(), [&](auto& g) {
                return std::any_of(g.paths.begin(), g.paths.end(), [&](auto& path) {
                    const auto told = path.number();
                    return told && std::find(contested.begin(), contested.end(),
                                             model::DeviceNumber{told->major, told->minor}) !=
                                       contested.end();
                });
            });
        if (names_one && map->id != 0) heirs.push_back(map.get());
    }
    for (MapRecord* heir : heirs)
        set_members(*heir);
}

// Each disk once, however often the table names it.
std::vector<DiskRecord*> Inventory::members_of(const MapFacts& facts) {
    std::vector<DiskRecord*> members;
    const auto table = dm::parse_multipath_table(facts.table);
    if (!table) return members;
    std::set<model::DeviceNumber> seen;
    for (const auto& group : table->groups)
        for (const auto& path : group.paths)
            if (const auto told = path.number()) {
                const model::DeviceNumber number{told->major, told->minor};
                if (seen.insert(number).second) members.push_back(&disk_record(number));
            }
    return members;
}

// The disks that the table names, and their ids as paths of this map.
void Inventory::set_members(MapRecord& map) {
    std::vector<DiskRecord*> members = members_of(map.facts);
    const std::set<const DiskRecord*> staying(members.begin(), members.end());
    const std::vector<DiskRecord*> before = std::exchange(map.disks, std::move(members));
    const bool all_new = !map.disks.empty() && !before.empty() &&
                         std::none_of(map.disks.begin(), map.disks.end(),
                                      [&](const DiskRecord* disk) { return disk->map == &map; });
    if (map.disks.empty())
        for (const DiskRecord* disk : before)
            if (disk->identity && disk->identity->unit_name == map.unit_name) {
                map.last_identity = disk->identity;
                map.last_identity_source = disk->identity_source;
            }
    std::vector<model::DeviceNumber> contested;
    for (DiskRecord* disk : before) {
        if (disk->map != &map || staying.count(disk) != 0) continue;
        leave_map(*disk, contested);
    }
    // Made of other disks altogether, it is another unit that the same name leads to.
    if (all_new) set_unit_name(map, "", model::NameType::Unknown);

    bool newcomer = false;
    for (DiskRecord* disk : map.disks) {
        if (disk->map != &map) {
            newcomer = true;
            disabled_.erase(disk);
            put_aside(*disk, nullptr);
            disk->path_id = 0;
            unmapped_.mark(*disk);
            if (disk->map) {
                // Two live tables name one disk, as a rule only while a map replaces another.
                std::erase(disk->map->disks, disk);
                mark(*disk->map);
                disk->contested = true;
            }
        }
        disk->map = &map;
    }
    for (DiskRecord* disk : map.disks)
        if (disk->path_id == 0) name_path(map, *disk);
    for (const DiskRecord* disk : map.disks)
        if (disk->identity) settle_unit_name(map, *disk);
    // Candidates of the asking under way are counted by their place in the table of then.
    if (map.inquiry) map.begin_anew = true;
    mark(map);
    look_for_askable(map);
    if (newcomer) inquire_groups(map, epoch_);
    give_back(contested);
}

// Only of a disk that no table names: what stands in a table is in use, whatever was asked for.
bool Inventory::named_as_disabled(const DiskRecord& disk) const {
    if (!disk.present || disk.map || !disk.identity) return false;
    const auto name = path_name(disk, disk.identity->unit_name);
    return name && management_.intents->disabled.count(*name) != 0;
}

// Which maps they belong to; they are few.
void Inventory::settle_disabled() {
    if (!std::exchange(disabled_due_, false)) return;
    for (DiskRecord* disk : disabled_) {
        const auto of = std::find_if(maps_by_id_.begin(), maps_by_id_.end(), [&](const auto& each) {
            return each.second->unit_name == disk->identity->unit_name;
        });
        put_aside(*disk, of == maps_by_id_.end() ? nullptr : of->second);
    }
}

void Inventory::put_aside(DiskRecord& disk, MapRecord* map) {
    if (disk.aside_of == map) return;
    if (disk.aside_of) {
        std::erase(disk.aside_of->aside, &disk);
        mark(*disk.aside_of);
    }
    disk.aside_of = map;
    disk.path_id = 0;
    if (map) {
        map->aside.push_back(&disk);
        name_path(*map, disk);
        mark(*map);
    }
    unmapped_.mark(disk);
}

// A number under the name of its nexus. Ports have lasting numbers of their own, so those are
// enough to name one. Where ports tell too little to be told apart, whoever has the number keeps
// it.
void Inventory::name_path(const MapRecord& map, DiskRecord& disk) {
    std::string nexus = disk.initiator_port && disk.target_port
                            ? std::to_string(disk.initiator_port->id) + "," +
                                  std::to_string(disk.target_port->id) + "," +
                                  std::to_string(disk.address.lun)
                            : "device " + std::to_string(disk.number.major) + ":" +
                                  std::to_string(disk.number.minor);
    const auto number = [&] {
        return ids_.id(model::ObjectType::Path, std::to_string(map.id) + "/" + nexus);
    };
    model::Sequence id = number();
    if (std::any_of(map.disks.begin(), map.disks.end(),
                    [id](const DiskRecord* other) { return other->path_id == id; })) {
        nexus += " " + std::to_string(disk.number.major) + ":" + std::to_string(disk.number.minor);
        id = number();
    }
    disk.path_id = id;
}

// A path that carries I/O again may lead to something else by now.
void Inventory::note_returns(const MapRecord& map) {
    const auto status = dm::parse_multipath_status(map.facts.status);
    if (!status) return;
    for (const auto& group : status->groups)
        for (const auto& path : group.paths) {
            const auto told = path.number();
            if (!told) continue;
            const auto known = disks_.find({told->major, told->minor});
            if (known == disks_.end() || known->second.map != &map) continue;
            const bool failed = path.state == dm::PathState::Failed;
            if (std::exchange(known->second.dm_failed, failed) && !failed)
                ask_identity_of(known->second, epoch_);
        }
}

// The first path that answers says what all must be. Where the map's UUID names a designator of the
// same kind, that one counts: then a LUN that was given to something else while the daemon was not
// running is found too.
void Inventory::settle_unit_name(MapRecord& map, const DiskRecord& disk) {
    if (disk.identity->unit_name.empty()) return;
    const model::ExpectedName expected = model::name_expected_by(map.facts.uuid);
    if (!expected.text.empty() && expected.type == disk.identity->unit_name_type)
        set_unit_name(map, expected.text, expected.type);
    else if (map.unit_name.empty() || map.unit_name == expected.text)
        set_unit_name(map, disk.identity->unit_name, disk.identity->unit_name_type);
}

void Inventory::set_unit_name(MapRecord& map, std::string name, model::NameType type) {
    map.unit_name_type = type;
    if (map.unit_name == name) return;
    disabled_due_ = true;
    map.unit_name = std::move(name);
    map.last_identity = nullptr;
    mark(map);
}

const MapFacts* Inventory::map_facts(model::DeviceNumber number) const {
    const auto known = maps_.find(number);
    return known == maps_.end() ? nullptr : &known->second->facts;
}

MapRecord* Inventory::find_map(model::Sequence id) {
    const auto known = maps_by_id_.find(id);
    return known == maps_by_id_.end() ? nullptr : known->second;
}

void Inventory::activity(MapRecord& map) {
    if (config_.refresh.enabled) schedule_.active(map.id, Clock::now());
}

void Inventory::access_state_changed(const std::string& device, Clock::time_point seen_at) {
    const auto named = disks_by_name_.find(device);
    if (named == disks_by_name_.end() || !named->second->map) return;
    MapRecord& map = *named->second->map;
    // It is the cause of what the answer tells, if that is anything new.
    if (!map.inquiry_cause) map.inquiry_cause = seen_at;
    inquire_groups(map, epoch_);
}

// To be called when a path comes or goes or hangs. That nobody is left to ask is told only when it
// lasts: multipathd loads tables without paths on its way to others.
void Inventory::look_for_askable(MapRecord& map) {
    const bool askable = std::any_of(map.disks.begin(), map.disks.end(), [](const DiskRecord* d) {
        return d->present && d->stuck == 0;
    });
    if (askable) {
        map.unaskable_since = 0;
        return;
    }
    if (map.unaskable_since == 0) map.unaskable_since = now_realtime();
    if (map.groups.empty() || map.groups_trouble) return; // nothing that could become stale
    unaskable_.push_back({Clock::now() + kBetweenTables, map.id, map.unaskable_since});
    arm_refresh();
}

// What was told last is no answer any more. The next answer of anybody is.
void Inventory::tell_unaskable(Clock::time_point now) {
    for (; !unaskable_.empty() && unaskable_.front().due <= now; unaskable_.pop_front()) {
        const Unaskable& noticed = unaskable_.front();
        MapRecord* map = find_map(noticed.unit);
        if (!map || map->unaskable_since != noticed.since || map->groups_trouble) continue;
        map->groups_trouble =
            model::Trouble{noticed.since, "REPORT TARGET PORT GROUPS", "no path is left to ask"};
        map->told_unaskable = true;
        caused_at(now);
        mark(*map);
    }
}

// Starts asking, or has it done again after the asking that is under way.
void Inventory::inquire_groups(MapRecord& map, Epoch epoch) {
    if (!reports_target_port_groups(map)) return;
    if (map.inquiry) {
        map.inquire_again = true;
        return;
    }
    // Healthy paths first, another one of them each time, so that every path is heard over time.
    std::vector<GroupInquiry::Candidate> healthy, others;
    for (std::size_t i = 0; i < map.disks.size(); ++i) {
        const std::size_t index = (i + map.turn) % map.disks.size();
        const DiskRecord& disk = *map.disks[index];
        if (!disk.present || disk.stuck) continue;
        const bool good = !disk.trouble && disk.state == model::DeviceState::Running;
        (good ? healthy : others).push_back({index, disk.target_port_group});
    }
    ++map.turn;
    healthy.insert(healthy.end(), others.begin(), others.end());
    map.inquiry.emplace(healthy, map.reporting_sets);
    map.inquiry_epoch = epoch;
    map.inquiry_number = ++inquiries_;
    map.asked_at = Clock::now();
    question_sent(epoch);
    continue_inquiry(map);
}

void Inventory::continue_inquiry(MapRecord& map) {
    if (std::exchange(map.begin_anew, false)) {
        const Epoch epoch = map.inquiry_epoch;
        map.inquiry.reset();
        map.inquire_again = false;
        inquire_groups(map, epoch);
        question_over(epoch);
        return;
    }
    while (const auto next = map.inquiry->next()) {
        if (*next < map.disks.size() && map.disks[*next]->present)
            workers_.submit(std::make_shared<GroupsJob>(*this, map, *next, *map.disks[*next]));
        else
            map.inquiry->failed(*next); // it went since the inquiry was begun
    }
    if (map.inquiry->over()) finish_inquiry(map);
}

void Inventory::groups_answered(model::Sequence unit, std::uint64_t inquiry, std::size_t index,
                                DiskRef path, const Answer<scsi::TargetPortGroups>& answer) {
    DiskRecord* disk = find_disk(path);
    MapRecord* known = find_map(unit);
    // A late answer may be about the map that had this name before.
    if (!known || !known->inquiry || known->inquiry_number != inquiry) return;
    MapRecord& map = *known;
    if (disk && answer.attentions.identity) ask_identity_of(*disk, map.inquiry_epoch);
    if (answer.result) {
        map.inquiry->answered(index, *answer.result);
    } else {
        map.inquiry->failed(index);
        const Error& error = answer.result.error();
        const std::string reason = error.reason.empty() ? error.message() : error.reason;
        // The trouble that it is in already goes on, though another path words it otherwise.
        if (!map.inquiry->any_answer() && !map.groups_trouble && !map.groups_trouble_now)
            map.groups_trouble_now = model::Trouble{now_realtime(), error.action, reason};
        // The path itself may be what is wrong: let it say who it is.
        if (disk && answer.failure == Failure::NoStatus && !disk->trouble)
            ask_identity_of(*disk, map.inquiry_epoch);
    }
    continue_inquiry(map);
}

void Inventory::finish_inquiry(MapRecord& map) {
    const GroupInquiry inquiry = std::move(*map.inquiry);
    map.inquiry.reset();
    map.inquired = true;
    bool changed = false;
    bool transitioning = false;
    if (inquiry.any_answer()) {
        map.read_times->target_port_groups = now_realtime();
        changed = map.groups != inquiry.groups() || map.groups_trouble;
        map.groups = inquiry.groups();
        map.reporting_sets = inquiry.reporting_sets();
        map.groups_trouble = nullptr;
        map.told_unaskable = false;
        if (map.unaskable_since != 0) look_for_askable(map); // it was the last word of a path
        transitioning = std::any_of(map.groups.begin(), map.groups.end(), [](const auto& group) {
            return group.state == scsi::AccessState::Transitioning;
        });
    } else if (map.groups_trouble_now) {
        changed = true;
        map.groups_trouble = map.groups_trouble_now;
        map.told_unaskable = false;
    }
    map.groups_trouble_now = nullptr;
    const auto cause = std::exchange(map.inquiry_cause, std::nullopt);
    if (changed) {
        if (cause) caused_at(*cause);
        mark(map);
    }
    if (config_.refresh.enabled) {
        const auto now = Clock::now();
        if (changed)
            schedule_.active(map.id, now);
        else
            schedule_.quiet(map.id, map.asked_at, now);
        if (transitioning) schedule_.due_by(map.id, now + kWhileTransitioning);
        arm_refresh();
    }
    // A path that told its group in the meantime may have told one that nobody reported.
    if (std::exchange(map.group_learnt, false) && inquiry.any_answer())
        for (const DiskRecord* disk : map.disks)
            map.inquire_again |= !covers(map, disk->target_port_group);
    const Epoch epoch = map.inquiry_epoch;
    if (std::exchange(map.inquire_again, false)) inquire_groups(map, epoch);
    question_over(epoch);
}

bool Inventory::covers(const MapRecord& map, const std::optional<std::uint16_t>& group) {
    return !group || std::any_of(map.groups.begin(), map.groups.end(),
                                 [&](const auto& told) { return told.number == *group; });
}

void Inventory::refresh(model::Sequence unit) {
    if (MapRecord* map = find_map(unit)) refresh_map(*map, epoch_, true);
}

void Inventory::look_again(model::Sequence unit) {
    if (const MapRecord* map = find_map(unit)) hardware_.look_again({}, {map->facts.number});
}

void Inventory::refresh_map(MapRecord& map, Epoch epoch, bool each_path) {
    const model::Sequence unit = map.id;
    std::vector<std::string> devices;
    for (const DiskRecord* disk : map.disks)
        if (disk->present) devices.push_back(disk->device);
    for (const DiskRecord* disk : map.aside)
        devices.push_back(disk->device);
    hardware_.look_again(devices, {map.facts.number});
    if (find_map(unit) != &map) return; // what was told ended it
    for (DiskRecord* disk : map.disks)
        if (each_path || disk->trouble) ask_identity_of(*disk, epoch);
    for (DiskRecord* disk : map.aside)
        if (each_path) ask_identity_of(*disk, epoch);
    if (reports_target_port_groups(map)) {
        inquire_groups(map, epoch);
    } else if (config_.refresh.enabled) {
        const auto now = Clock::now();
        schedule_.quiet(map.id, now, now);
    }
}

void Inventory::arm_refresh() {
    auto next = schedule_.next();
    const auto not_after = [&next](std::optional<Clock::time_point> due) {
        if (due && (!next || *due < *next)) next = due;
    };
    if (!unaskable_.empty()) not_after(unaskable_.front().due);
    if (retrying_ < kMostRetries) not_after(retries_.next());
    if (!next) {
        sd_event_source_set_enabled(refresh_timer_.get(), SD_EVENT_OFF);
        return;
    }
    sd_event_source_set_time(refresh_timer_.get(), to_usec(*next - kRefreshWindow));
    sd_event_source_set_enabled(refresh_timer_.get(), SD_EVENT_ONESHOT);
}

void Inventory::refresh_due() {
    // Many may be due at once; what does not fit this turn of the loop is due at the next.
    constexpr std::chrono::milliseconds slice{2};
    const auto now = Clock::now();
    tell_unaskable(now);
    retry_disks(now);
    while (Clock::now() - now < slice) {
        const auto due = schedule_.take_due(now + kRefreshWindow, 8);
        if (due.empty()) break;
        for (const model::Sequence unit : due)
            if (MapRecord* map = find_map(unit)) refresh_map(*map, epoch_, false);
    }
    arm_refresh();
}

} // namespace mpapi::daemon
