// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Inventory, the part that makes snapshots of records: marks, commits, and who waits for them.
#include "daemon/inventory/inventory.hpp"

#include "common/system/clock.hpp"
#include "daemon/inventory/assemble.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::daemon {

namespace {

// How long one turn of the loop may assemble units: well under what a reader would notice.
constexpr std::chrono::microseconds kSlice{1000};
// A commit waits until everything else that is there has been taken in, so that a burst becomes few
// steps; but not longer than this.
constexpr std::chrono::milliseconds kPatience{10};

template <typename T>
model::Table<T> sorted_table(std::vector<T> rows) {
    std::sort(rows.begin(), rows.end(), [](const T& a, const T& b) { return a.id < b.id; });
    return std::make_shared<const std::vector<T>>(std::move(rows));
}

// The same with the rows of before that are in it no more: somebody may still refer to them.
template <typename T>
model::Table<T> with_former(std::vector<T> rows, const model::Table<T>& before) {
    auto all = sorted_table(std::move(rows));
    std::vector<T> merged = *all;
    for (const T& row : *before)
        if (!model::find(all, row.id)) merged.push_back(row);
    return sorted_table(std::move(merged));
}

// MP_LOAD_BALANCE_TYPE bits (ISO/IEC 11002 6.7): what the standard has a name for, then ours from
// bit 16 on in the order in which Linux got them.
std::uint32_t load_balance_type(const std::string& selector) {
    if (selector == "round-robin") return 1u << 1;
    if (selector == "queue-length") return 1u << 3;
    if (selector == "service-time") return 1u << 16;
    if (selector == "historical-service-time") return 1u << 17;
    if (selector == "io-affinity") return 1u << 18;
    return 1u << 0;
}

std::vector<model::Sequence> numbers_in(const model::Snapshot& snapshot) {
    std::vector<model::Sequence> numbers;
    const auto add = [&numbers](const auto& table) {
        for (const auto& row : model::rows(table))
            numbers.push_back(row.id);
    };
    add(snapshot.plugins);
    add(snapshot.load_balances);
    add(snapshot.products);
    add(snapshot.initiator_ports);
    add(snapshot.target_ports);
    add(snapshot.disks);
    for (const model::Unit& unit : snapshot.units) {
        numbers.push_back(unit.unit.id);
        for (const auto& path : unit.paths)
            numbers.push_back(path.id);
        for (const auto& group : unit.groups)
            numbers.push_back(group.id);
    }
    return numbers;
}

} // namespace

Inventory::Inventory(sd_event* loop, Hardware& hardware, Workers& workers, ObjectIds& ids,
                     MultipathPolicy& policy, const Config& config, std::uint64_t instance)
  : loop_(loop)
  , hardware_(hardware)
  , workers_(workers)
  , ids_(ids)
  , policy_(policy)
  , config_(config)
  , initiator_ports_(model::ObjectType::InitiatorPort, ids)
  , target_ports_(model::ObjectType::TargetPort, ids)
  , unmapped_(ids, policy)
  , schedule_(config.refresh.shortest, config.refresh.longest)
  , retries_(config.refresh.shortest, config.refresh.longest) {
    auto empty = std::make_shared<model::Snapshot>();
    empty->instance = instance;
    empty->made_at = now_realtime();
    snapshot_ = std::move(empty);
}

Inventory::~Inventory() = default;

Status Inventory::start(std::function<void()> ready, std::function<void(const Error&)> unsaved) {
    ready_ = std::move(ready);
    unsaved_ = std::move(unsaved);
    sd_event_source* source = nullptr;
    int r = sd_event_add_defer(
        loop_, &source,
        [](sd_event_source*, void* self) {
            static_cast<Inventory*>(self)->commit();
            return 0;
        },
        this);
    if (r < 0) return Error{"add", "commit source", "", -r};
    when_all_taken_in_.reset(source);
    sd_event_source_set_priority(source, SD_EVENT_PRIORITY_NORMAL + 5);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    r = sd_event_add_time(
        loop_, &source, CLOCK_MONOTONIC, UINT64_MAX, 1000,
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<Inventory*>(self)->commit();
            return 0;
        },
        this);
    if (r < 0) return Error{"add", "commit timer", "", -r};
    when_out_of_patience_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    r = sd_event_add_time(
        loop_, &source, CLOCK_MONOTONIC, UINT64_MAX,
        static_cast<std::uint64_t>(std::chrono::microseconds(kRefreshWindow).count()),
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<Inventory*>(self)->refresh_due();
            return 0;
        },
        this);
    if (r < 0) return Error{"add", "refresh timer", "", -r};
    refresh_timer_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    r = sd_event_add_time(
        loop_, &source, CLOCK_MONOTONIC, UINT64_MAX, 1000,
        [](sd_event_source*, std::uint64_t, void* self) {
            static_cast<Inventory*>(self)->ask_changed_nexuses();
            return 0;
        },
        this);
    if (r < 0) return Error{"add", "nexus timer", "", -r};
    nexus_timer_.reset(source);
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return hardware_.start(loop_, *this);
}

void Inventory::set_path_manager(const std::string& manager, const std::string& reason) {
    manager_.path_manager = manager;
    manager_.path_manager_reason = reason;
    schedule_commit();
}

void Inventory::set_management(const paths::PathManager* manager,
                               std::shared_ptr<const paths::Intents> intents,
                               std::function<void()> shown) {
    const paths::Management before = std::exchange(management_, {manager, std::move(intents)});
    const bool everywhere =
        before.manager != manager || before.intents->everywhere != management_.intents->everywhere;
    const auto asked = [](const paths::Management& of, const MapRecord& map) {
        const auto found = of.intents->units.find(map.key);
        return found == of.intents->units.end() ? nullptr : &found->second;
    };
    const bool units = before.intents->units != management_.intents->units;
    for (auto& [number, map] : maps_) {
        if (everywhere) mark(*map);
        if (!units) continue;
        const paths::UnitIntent* then = asked(before, *map);
        const paths::UnitIntent* now = asked(management_, *map);
        if (then && now ? *then != *now : then != now) mark(*map);
    }
    if (before.intents->disabled != management_.intents->disabled)
        for (auto& [name, disk] : disks_by_name_)
            if (!disk->map) mark(*disk);
    describe_due_ = true;
    schedule_commit();
    constexpr Epoch no_questions = 0;
    constexpr std::chrono::seconds patience{2};
    if (shown)
        wait_for(no_questions, patience, [shown = std::move(shown)](const Status&) { shown(); });
}

void Inventory::policy_changed() {
    describe_due_ = true;
    for (auto& [number, map] : maps_)
        mark(*map);
    exclusions_changed();
}

void Inventory::device_mapper_state(const std::string& trouble) {
    manager_.device_mapper = trouble;
    schedule_commit();
}

void Inventory::udev_state(const std::string& trouble) {
    manager_.udev = trouble;
    schedule_commit();
}

void Inventory::enumerated() {
    if (std::exchange(enumerated_, true)) return;
    // Questions of this epoch are those about what existed at the start.
    const Epoch first = epoch_++;
    wait_for(first, config_.startup.verify, [this](const Status&) { become_ready(); });
}

void Inventory::become_ready() {
    manager_.ready = true;
    commit();
    ready_();
}

void Inventory::caused_at(Clock::time_point when) {
    if (!cause_ || when < *cause_) cause_ = when;
}

void Inventory::mark(MapRecord& map) {
    if (map.dirty) return;
    map.dirty = true;
    dirty_maps_.push_back(map.facts.number);
    schedule_commit();
}

void Inventory::mark(DiskRecord& disk) {
    unmapped_.mark(disk);
    if (disk.aside_of || !management_.intents->disabled.empty()) {
        if (named_as_disabled(disk))
            disabled_.insert(&disk);
        else if (disabled_.erase(&disk) != 0)
            put_aside(disk, nullptr);
        disabled_due_ = true;
    }
    if (disk.aside_of) mark(*disk.aside_of);
    schedule_commit();
}

void Inventory::exclusions_changed() {
    for (auto& [name, disk] : disks_by_name_)
        if (!disk->map) mark(*disk);
}

void Inventory::schedule_commit() {
    if (std::exchange(commit_due_, true) || !manager_.ready) return;
    sd_event_source_set_enabled(when_all_taken_in_.get(), SD_EVENT_ONESHOT);
    sd_event_source_set_time(when_out_of_patience_.get(), to_usec(Clock::now() + kPatience));
    sd_event_source_set_enabled(when_out_of_patience_.get(), SD_EVENT_ONESHOT);
}

void Inventory::commit() {
    commit_due_ = false;
    sd_event_source_set_enabled(when_all_taken_in_.get(), SD_EVENT_OFF);
    sd_event_source_set_enabled(when_out_of_patience_.get(), SD_EVENT_OFF);
    auto next = std::make_shared<model::Snapshot>(*snapshot_);
    const bool first = next->generation == 0;
    next->manager = manager_;
    describe(*next);
    settle_disabled();
    const bool finished = commit_maps(*next);
    commit_tables(*next, finished);
    if (auto saved = ids_.save(Clock::now()); !saved) unsaved_(saved.error());
    if (finished && manager_.ready && ids_.crowded()) ids_.forget_gone(numbers_in(*next));

    const auto cause = cause_.value_or(Clock::now());
    if (finished) cause_.reset();
    auto events = model::diff(*snapshot_, *next);
    if (!events.empty()) {
        ++next->generation;
        next->made_at = now_realtime();
        const model::SnapshotPtr before = std::exchange(snapshot_, std::move(next));
        // The first snapshot is what listeners begin with, not news.
        if (!first)
            for (ModelListener* listener : listeners_)
                listener->model_changed(before, snapshot_, events, cause);
    }
    if (finished)
        check_waiters();
    else
        schedule_commit();
}

// Returns whether nothing is left to be done.
bool Inventory::commit_maps(model::Snapshot& next) {
    for (const model::Sequence gone : gone_units_) {
        if (const model::Unit* old = next.units.find(gone)) count_product(old->unit, -1);
        next.units.erase(gone);
    }
    gone_units_.clear();

    const bool bounded = next.generation > 0;
    const auto until = Clock::now() + kSlice;
    std::vector<model::UnitPtr> made;
    std::size_t done = 0;
    for (; done < dirty_maps_.size(); ++done) {
        if (bounded && Clock::now() >= until) break;
        const auto known = maps_.find(dirty_maps_[done]);
        if (known == maps_.end() || !known->second->dirty) continue;
        MapRecord& map = *known->second;
        map.dirty = false;
        for (MapRecord* other : designators_.update(map))
            mark(*other);
        auto unit =
            std::make_shared<const model::Unit>(assemble_unit(map, ids_, policy_, management_));
        if (map.published && *map.published == *unit) continue;
        count_product(unit->unit, +1);
        if (map.published) count_product(map.published->unit, -1);
        add_selector(next, unit->unit);
        map.published = unit;
        made.push_back(std::move(unit));
    }
    if (!made.empty()) next.units.put_all(std::move(made));
    dirty_maps_.erase(dirty_maps_.begin(), dirty_maps_.begin() + static_cast<std::ptrdiff_t>(done));
    return dirty_maps_.empty();
}

void Inventory::count_product(const model::LogicalUnit& unit, int change) {
    if (unit.product_id == 0) return;
    auto& [product, users] = products_[unit.product_id];
    if (users == 0 && change > 0) {
        product = {unit.product_id, unit.vendor, unit.product, unit.revision};
        products_changed_ = true;
    }
    users += static_cast<unsigned>(change);
    if (users == 0) {
        products_.erase(unit.product_id);
        products_changed_ = true;
    }
}

void Inventory::commit_tables(model::Snapshot& next, bool finished) {
    unmapped_.commit(next.disks);
    if (initiator_ports_.take_changed()) {
        std::vector<model::InitiatorPort> rows;
        for (const auto& [key, port] : initiator_ports_.ports())
            rows.push_back({port.id, port.facts->port_id, port.facts->transport,
                            port.facts->device_file, port.facts->friendly_name});
        next.initiator_ports = finished ? sorted_table(std::move(rows))
                                        : with_former(std::move(rows), next.initiator_ports);
        if (!finished) initiator_ports_.set_changed();
    }
    if (target_ports_.take_changed()) {
        std::vector<model::TargetPort> rows;
        for (const auto& [key, port] : target_ports_.ports())
            rows.push_back({port.id, port.facts->port_id, port.facts->transport, port.relative_id});
        next.target_ports = finished ? sorted_table(std::move(rows))
                                     : with_former(std::move(rows), next.target_ports);
        if (!finished) target_ports_.set_changed();
    }
    if (std::exchange(products_changed_, false)) {
        std::vector<model::DeviceProduct> rows;
        for (const auto& [id, product] : products_)
            rows.push_back(product.first);
        next.products = sorted_table(std::move(rows));
    }
}

void Inventory::describe(model::Snapshot& next) {
    if (!std::exchange(describe_due_, false)) return;
    model::Plugin plugin = hardware_.describe();
    plugin.id = ids_.id(model::ObjectType::Plugin, plugin.name);
    if (management_.manager) {
        plugin.capabilities = management_.manager->capabilities();
        plugin.upkeep = management_.manager->upkeep(nullptr);
        plugin.default_selector = management_.manager->default_selector();
    }
    std::vector<model::LoadBalance> rows;
    for (const std::string& selector : plugin.load_balance)
        rows.push_back({ids_.id(model::ObjectType::LoadBalance, selector), selector, "Linux",
                        load_balance_type(selector)});
    next.load_balances = with_former(std::move(rows), next.load_balances);
    next.plugins = sorted_table(std::vector<model::Plugin>{std::move(plugin)});
}

// A selector that the driver did not name as one of its own is loaded all the same.
void Inventory::add_selector(model::Snapshot& next, const model::LogicalUnit& unit) {
    if (unit.load_balance == 0 || model::find(next.load_balances, unit.load_balance)) return;
    next.load_balances =
        with_former(std::vector<model::LoadBalance>{{unit.load_balance, unit.selector, "Linux",
                                                     load_balance_type(unit.selector)}},
                    next.load_balances);
}

void Inventory::question_over(Epoch epoch) {
    const auto counted = questions_.find(epoch);
    if (counted == questions_.end()) return;
    if (--counted->second == 0) {
        questions_.erase(counted);
        if (!waiters_.empty()) check_waiters();
    }
}

void Inventory::settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) {
    const auto deadline = Clock::now() + timeout;
    hardware_.settle(timeout, [this, deadline, done = std::move(done)](const Status& settled) {
        if (!settled) {
            done(settled);
            return;
        }
        // All that was told is in the records now; the questions it raised belong to this epoch.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        wait_for(epoch_++, std::max(left, std::chrono::milliseconds(0)), done);
    });
}

void Inventory::wait_for(Epoch epoch, std::chrono::milliseconds timeout,
                         std::function<void(Status)> done) {
    Waiter& waiter = waiters_.emplace_back();
    waiter.inventory = this;
    waiter.epoch = epoch;
    waiter.done = std::move(done);
    sd_event_source* source = nullptr;
    const int r = sd_event_add_time(
        loop_, &source, CLOCK_MONOTONIC, to_usec(Clock::now() + timeout), 1000,
        [](sd_event_source*, std::uint64_t, void* data) {
            auto* late = static_cast<Waiter*>(data);
            late->over = true;
            late->inventory->check_waiters();
            return 0;
        },
        &waiter);
    if (r < 0) {
        auto answer = std::move(waiter.done);
        waiters_.pop_back();
        answer(Error{"add", "timer", "", -r});
        return;
    }
    waiter.timer.reset(source);
    check_waiters();
}

// Answers those whose questions are all answered and whose answers are in the snapshot.
void Inventory::check_waiters() {
    const bool in_snapshot = !manager_.ready || !commit_due_;
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
        const bool answered = questions_.empty() || questions_.begin()->first > waiter->epoch;
        if (!(answered && in_snapshot) && !waiter->over) {
            ++waiter;
            continue;
        }
        Status outcome =
            answered && in_snapshot
                ? Status(Done{})
                : Status(Error{"settle", "", "devices did not answer in time", ETIMEDOUT});
        auto done = std::move(waiter->done);
        waiters_.erase(waiter);
        done(std::move(outcome));
        waiter = waiters_.begin(); // `done` may have changed the list
    }
}

} // namespace mpapi::daemon
