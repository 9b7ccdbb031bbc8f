// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/san.hpp"

#include "common/system/turn.hpp"
#include "daemon/san/attentions.hpp"
#include "daemon/san/device.hpp"
#include "daemon/san/faults.hpp"
#include "daemon/san/kernel_names.hpp"
#include "daemon/san/map_changes.hpp"
#include "daemon/san/maps.hpp"
#include "daemon/san/section_reader.hpp"

#include <sys/epoll.h>

#include <cerrno>

namespace mpapi::san {

namespace {

using daemon::ScsiReply;

// How much is told before the loop serves others: a millisecond or so with an observer that keeps
// what it hears. A map counts for more, for its texts are longer to make and to read.
constexpr int step = 1024;
constexpr int map_weight = 8;

class SanDevice final : public daemon::ScsiDevice {
  public:
    SanDevice(std::shared_ptr<Fabric> fabric, std::uint32_t path, std::uint16_t life)
      : fabric_(std::move(fabric))
      , path_(path)
      , life_(life) {}

    ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                   std::chrono::milliseconds) override {
        return execute(*fabric_, path_, life_, cdb, {}, data);
    }
    ScsiReply write(std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> data,
                    std::chrono::milliseconds) override {
        return execute(*fabric_, path_, life_, cdb, data, {});
    }

  private:
    std::shared_ptr<Fabric> fabric_;
    std::uint32_t path_;
    std::uint16_t life_;
};

Error loop_error(const char* action, int result) {
    return Error{action, "embedded SAN", {}, -result};
}

Status gone(const daemon::MapRef& map) {
    return Error{"change map", map.name, "the map is gone", ENODEV};
}

std::uint32_t target_number(const Initiator& initiator, const Unit& unit, const Path& path) {
    return initiator.first_target[unit.array] + path.port;
}

} // namespace

San::San(Description description)
  : fabric_(std::make_shared<Fabric>(std::move(description))) {
    fabric_->later = [this](std::chrono::milliseconds time, std::function<void()> what) {
        later(time, std::move(what));
    };
}

Result<std::unique_ptr<San>> San::make(Description description) {
    std::unique_ptr<San> san(new San(std::move(description)));
    if (san->fabric_->news.descriptor() < 0)
        return Error{"make eventfd", "embedded SAN", {}, EMFILE};
    for (const Fault& fault : san->fabric_->description.faults)
        if (auto status = san->apply(fault); !status) return status.error();
    return san;
}

San::~San() {
    fabric_->hangs_changed(true);
}

Status San::start(sd_event* loop, daemon::HardwareObserver& observer) {
    loop_ = loop;
    observer_ = &observer;
    // The enumeration tells the end of what happened until now.
    (void)fabric_->news.take();
    for (auto& path : fabric_->paths)
        path.news = false;
    for (auto& map : fabric_->maps)
        map.news = false;

    sd_event_source* source = nullptr;
    int result = add_turns(
        loop, &source,
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<San*>(self)->work();
            return 0;
        },
        this);
    if (result < 0) return loop_error("add work to the loop", result);
    work_source_.reset(source);
    take_turn(source);
    result = sd_event_add_io(
        loop, &source, fabric_->news.descriptor(), EPOLLIN,
        [](sd_event_source*, int, std::uint32_t, void* self) {
            static_cast<San*>(self)->work();
            return 0;
        },
        this);
    if (result < 0) return loop_error("watch an eventfd", result);
    news_source_.reset(source);

    observer_->device_mapper_state("");
    observer_->udev_state("");
    for (auto& [time, what] : before_start_)
        if (auto status = arm(time, std::move(what)); !status) return status;
    before_start_.clear();
    return Done{};
}

Result<std::unique_ptr<daemon::ScsiDevice>> San::open(const std::string& device,
                                                      model::DeviceNumber number) {
    const auto disk = disk_index(device);
    const auto lock = fabric_->stripes.one(disk.value_or(0));
    if (!disk || *disk >= fabric_->disks.size() || fabric_->disks[*disk] == none ||
        disk_number(*disk) != number)
        return Error{"open", device, {}, ENODEV};
    const auto path = fabric_->disks[*disk];
    return std::unique_ptr<daemon::ScsiDevice>(
        new SanDevice(fabric_, path, fabric_->paths[path].life));
}

std::uint32_t San::path_of(const std::string& disk) const {
    const auto index = disk_index(disk);
    return index && *index < fabric_->disks.size() ? fabric_->disks[*index] : none;
}

void San::look_again(const std::vector<std::string>& disks,
                     const std::vector<model::DeviceNumber>& maps) {
    for (const auto& disk : disks)
        if (const auto path = path_of(disk);
            path != none && state_of_disk(fabric_->paths[path]) != fabric_->paths[path].told)
            tell_disk(path);
    for (const auto& number : maps) {
        if (number.major != fabric_->description.machine.map_major ||
            number.minor >= fabric_->minors.size())
            continue;
        const auto index = fabric_->minors[number.minor];
        if (index == none) continue;
        const Map& map = fabric_->maps[index];
        if (map.suspended != map.told_suspended) tell_map(index);
    }
}

void San::settle(std::chrono::milliseconds, std::function<void(Status)> done) {
    settling_.push_back(std::move(done));
    take_turn(work_source_.get());
}

model::Plugin San::describe() {
    model::Plugin plugin;
    plugin.name = "dm_multipath";
    plugin.driver_name = "dm_multipath";
    plugin.driver_vendor = "Linux";
    plugin.driver_version = fabric_->description.machine.version;
    plugin.device_file_namespace = "/dev/mapper/*";
    plugin.load_balance = {"historical-service-time", "io-affinity", "queue-length", "round-robin",
                           "service-time"};
    return plugin;
}

void San::when_told(std::function<void()> then) {
    made_.push_back(std::move(then));
    take_turn(work_source_.get());
}

// The change is made at once; its end is told behind what it changed.
void San::end_later(Ended ended, const Status& status) {
    when_told([ended = std::move(ended), status] { ended(status); });
}

void San::send_message(const daemon::MapRef& map, const std::string& message, Ended ended) {
    const auto index = find_map(*fabric_, map);
    end_later(std::move(ended), index ? san::send_message(*fabric_, *index, message) : gone(map));
}

void San::load_table(const daemon::MapRef& map, const std::string& table, Ended ended) {
    const auto index = find_map(*fabric_, map);
    end_later(std::move(ended), index ? san::load_table(*fabric_, *index, table) : gone(map));
}

void San::remove_map(const daemon::MapRef& map, Ended ended) {
    const auto index = find_map(*fabric_, map);
    end_later(std::move(ended), index ? take_map_away(*fabric_, *index) : gone(map));
}

void San::clear_inactive_table(const daemon::MapRef& map, Ended ended) {
    end_later(std::move(ended), find_map(*fabric_, map) ? Status(Done{}) : gone(map));
}

Status San::apply(const Fault& fault) {
    return apply_fault(*fabric_, fault);
}

// What is told, and when

void San::work() {
    if (!enumerated_) {
        enumerate();
    } else {
        if (next_notice_ == notices_.size()) {
            notices_ = fabric_->news.take();
            next_notice_ = 0;
            taken_at_ = std::chrono::steady_clock::now();
            being_told_ = std::exchange(made_, {});
        }
        for (int budget = step; budget > 0 && next_notice_ < notices_.size(); ++next_notice_) {
            const Notice& notice = notices_[next_notice_];
            budget -= notice.kind == Notice::Kind::MapPresent ? map_weight : 1;
            tell(notice);
        }
    }
    const bool left = !enumerated_ || next_notice_ < notices_.size();
    // What was posted while this was told wakes the descriptor by itself.
    if (left) {
        take_turn(work_source_.get());
        return;
    }
    notices_.clear();
    next_notice_ = 0;
    for (const auto& then : std::exchange(being_told_, {}))
        then();
    // Asked for before the enumeration ended, which takes no news.
    if (!made_.empty()) take_turn(work_source_.get());
    if (settling_.empty() || !fabric_->news.idle()) return;
    const auto settled = std::exchange(settling_, {});
    for (const auto& done : settled)
        done(Done{});
}

void San::enumerate() {
    int budget = 4 * step; // nobody is served from the model yet
    for (; budget > 0 && next_path_ < fabric_->paths.size(); ++next_path_, --budget)
        if (fabric_->has_disk(fabric_->paths[next_path_])) tell_disk(next_path_);
    for (; budget > 0 && next_path_ == fabric_->paths.size() && next_map_ < fabric_->maps.size();
         ++next_map_, budget -= map_weight)
        if (fabric_->maps[next_map_].minor != none) tell_map(next_map_);
    if (next_path_ < fabric_->paths.size() || next_map_ < fabric_->maps.size()) return;
    enumerated_ = true;
    observer_->enumerated();
}

void San::tell(const Notice& notice) {
    switch (notice.kind) {
    case Notice::Kind::DiskPresent: {
        Path& path = fabric_->paths[notice.index];
        path.news = false;
        if (fabric_->has_disk(path)) tell_disk(notice.index);
        break;
    }
    case Notice::Kind::DiskGone:
        observer_->disk_gone(disk_name(notice.index));
        break;
    case Notice::Kind::MapPresent: {
        Map& map = fabric_->maps[notice.index];
        map.news = false;
        if (map.minor != none) tell_map(notice.index);
        break;
    }
    case Notice::Kind::MapGone:
        observer_->map_gone({fabric_->description.machine.map_major, notice.index});
        break;
    case Notice::Kind::AccessChanged:
        if (const auto disk = fabric_->paths[notice.index].disk; disk != none)
            observer_->access_state_changed(disk_name(disk), taken_at_);
        break;
    case Notice::Kind::InquiryChanged:
        if (const auto disk = fabric_->paths[notice.index].disk; disk != none)
            observer_->inquiry_data_changed(disk_name(disk));
        break;
    case Notice::Kind::UnitAccess:
        access_changed_by_command(*fabric_, notice.index);
        break;
    }
}

void San::tell_disk(std::uint32_t index) {
    const Fabric& fabric = *fabric_;
    Path& path = fabric_->paths[index];
    const Unit& unit = fabric.units[path.unit];
    const Initiator& initiator = fabric.initiators[path.initiator];
    const ArrayDescription& array = fabric.array_of(unit);

    facts_.device = disk_name(path.disk);
    facts_.number = disk_number(path.disk);
    facts_.address = {*initiator.host, 0, target_number(initiator, unit, path),
                      kernel_lun(unit.lun)};
    facts_.initiator_port = initiator.facts;
    facts_.target_port = fabric.arrays[unit.array].ports[path.port].facts;
    path.told = facts_.state = state_of_disk(path);
    facts_.vendor = array.vendor;
    facts_.product = array.product;
    facts_.revision = array.revision;
    // What the kernel read when it looked last.
    const Identity* identity = path.stale && unit.before ? unit.before.get() : &unit.identity;
    facts_.size = identity->size;
    if (path.odd && !path.stale)
        if (const auto& oddity = fabric.oddities.at(index); oddity.designator) {
            facts_.device_identification =
                device_identification(fabric, path, {*oddity.designator, oddity.serial, 0});
            identity = nullptr;
        }
    if (identity) facts_.device_identification = device_identification(fabric, path, *identity);

    const bool mapped = path.table_disk == path.disk;
    facts_.multipath_member.reset();
    // What is disabled stays claimed.
    if (fabric.description.machine.multipathd) facts_.multipath_member = mapped || path.disabled;
    facts_.holders.clear();
    if (mapped) facts_.holders.push_back("dm-" + std::to_string(fabric.maps[unit.map].minor));
    observer_->disk_present(facts_);
}

void San::tell_map(std::uint32_t index) {
    Map& map = fabric_->maps[index];
    map.told_suspended = map.suspended;
    observer_->map_present(map_facts(*fabric_, index));
}

// What happens by itself

void San::later(std::chrono::milliseconds time, std::function<void()> what) {
    if (!loop_) {
        before_start_.emplace_back(time, std::move(what));
        return;
    }
    // Without memory for a timer the end comes at once.
    if (!arm(time, what)) what();
}

Status San::arm(std::chrono::milliseconds time, std::function<void()> what) {
    const auto id = next_timer_++;
    Timer& timer = timers_[id];
    timer.san = this;
    timer.id = id;
    timer.what = std::move(what);
    sd_event_source* source = nullptr;
    const int result = sd_event_add_time_relative(
        loop_, &source, CLOCK_MONOTONIC,
        static_cast<std::uint64_t>(std::chrono::microseconds(time).count()), 1000,
        [](sd_event_source*, std::uint64_t, void* data) {
            auto& due = *static_cast<Timer*>(data);
            San& san = *due.san;
            const auto run = std::move(due.what);
            san.timers_.erase(due.id);
            run();
            return 0;
        },
        &timer);
    if (result < 0) {
        timers_.erase(id);
        return loop_error("add a timer", result);
    }
    timer.source.reset(source);
    return Done{};
}

Status San::storm(const std::string& disk, std::uint32_t count, std::function<void(Status)> done) {
    if (storm_.done) return Error{"storm", disk, "there is one under way", EBUSY};
    if (path_of(disk) == none) return Error{"storm", disk, "there is no such disk", ENOENT};
    if (!storm_source_) {
        sd_event_source* source = nullptr;
        const int result = sd_event_add_defer(
            loop_, &source,
            [](sd_event_source*, void* self) {
                static_cast<San*>(self)->step_storm();
                return 0;
            },
            this);
        if (result < 0) return loop_error("add work to the loop", result);
        storm_source_.reset(source);
        // After all else that is ready.
        (void)sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE);
    }
    storm_ = {disk, count, true, std::move(done)};
    (void)sd_event_source_set_enabled(storm_source_.get(), SD_EVENT_ONESHOT);
    return Done{};
}

void San::step_storm() {
    Status status = Done{};
    if (storm_.left > 0) {
        --storm_.left;
        Fault fault;
        fault.verb = std::exchange(storm_.lose, !storm_.lose) ? Verb::PathLost : Verb::PathRestored;
        fault.disk = storm_.disk;
        status = apply(fault);
        if (status) {
            (void)sd_event_source_set_enabled(storm_source_.get(), SD_EVENT_ONESHOT);
            return;
        }
    }
    const auto done = std::exchange(storm_.done, nullptr);
    done(status);
}

// For tests, benchmarks and the bus interface

Result<ScsiReply> San::execute(const std::string& initiator, const std::string& array,
                               const std::string& port, const std::string& unit,
                               std::span<const std::uint8_t> cdb, std::span<const std::uint8_t> out,
                               std::span<std::uint8_t> in) {
    const auto& description = fabric_->description;
    const auto a = find_name(description.arrays, array);
    const auto i = find_name(description.initiators, initiator);
    const auto u = find_name(fabric_->units, unit);
    if (!a || !i || !u || fabric_->units[*u].array != *a)
        return Error{"send command", unit, "there is no such initiator, array or unit", ENOENT};
    const auto p = find_name(description.arrays[*a].ports, port);
    const Unit& found = fabric_->units[*u];
    for (std::uint32_t n = 0; p && n < found.path_count; ++n) {
        const Path& path = fabric_->paths[found.first_path + n];
        if (path.port != *p || path.initiator != *i) continue;
        // The loop must not hang with the command.
        if (path.odd) return Error{"send command", unit, "the path has a fault", EBUSY};
        return san::execute(*fabric_, found.first_path + n, std::nullopt, cdb, out, in);
    }
    return Error{"send command", unit, "the initiator sees no such unit through that port", ENOENT};
}

San::Counts San::counts() const {
    Counts counts;
    for (const auto& path : fabric_->paths)
        counts.disks += fabric_->has_disk(path);
    for (const auto& map : fabric_->maps)
        counts.maps += map.minor != none;
    for (const auto& unit : fabric_->units)
        counts.units += unit.exists;
    counts.commands = fabric_->commands.load(std::memory_order_relaxed);
    counts.hanging = fabric_->hangs.waiting.load(std::memory_order_relaxed);
    return counts;
}

bool San::has_multipathd() const {
    return fabric_->description.machine.multipathd;
}

std::vector<std::string> San::arrays() const {
    std::vector<std::string> names;
    for (const auto& array : fabric_->description.arrays)
        names.push_back(array.name);
    return names;
}

} // namespace mpapi::san
