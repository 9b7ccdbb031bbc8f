// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Hardware that says what a test tells it to, in any order and however wrong, over devices that
// answer, hang, refuse or lie as the test wants: for what neither the kernel nor the embedded SAN
// can be made to do at will. An auditor listens and holds each step of the model to its rules.
#pragma once

#include "common/scsi/sense.hpp"
#include "common/system/handle.hpp"
#include "daemon/inventory/inventory.hpp"
#include "tests/unit/cmocka.hpp"

#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace mpapi::daemon {

enum class Mood { Good, Hangs, Silent, Refuses, Lies };

struct ScriptedDisk {
    unsigned unit = 0; // which logical unit answers behind it
    std::uint16_t group = 1;
    std::uint16_t relative_port = 1;
    Mood mood = Mood::Good;
    bool groups_hang = false; // only REPORT TARGET PORT GROUPS does
};

// Shared by workers (devices) and the test; the test changes it under the lock only.
class ScriptedDevices {
  public:
    ~ScriptedDevices() { release_all(); }

    void put(model::DeviceNumber number, const ScriptedDisk& disk) {
        const std::lock_guard lock(mutex_);
        disks_[number] = disk;
        changed_.notify_all();
    }
    void remove(model::DeviceNumber number) {
        const std::lock_guard lock(mutex_);
        disks_.erase(number);
        changed_.notify_all();
    }
    template <typename Change>
    void change(model::DeviceNumber number, Change change) {
        const std::lock_guard lock(mutex_);
        if (const auto known = disks_.find(number); known != disks_.end()) change(known->second);
        changed_.notify_all();
    }
    void group_state(unsigned unit, std::uint16_t group, std::uint8_t state) {
        const std::lock_guard lock(mutex_);
        states_[{unit, group}] = state;
    }
    void release_all() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }
    // After release_all(): what hangs hangs again.
    void hold() {
        const std::lock_guard lock(mutex_);
        released_ = false;
    }
    std::size_t asked(model::DeviceNumber number) {
        const std::lock_guard lock(mutex_);
        return asked_[number];
    }

    bool exists(model::DeviceNumber number) {
        const std::lock_guard lock(mutex_);
        return disks_.count(number) != 0;
    }
    ScsiReply read(model::DeviceNumber number, std::span<const std::uint8_t> cdb,
                   std::span<std::uint8_t> data) {
        std::unique_lock lock(mutex_);
        const bool about_groups = cdb[0] == 0xa3;
        ++asked_[number];
        const auto hangs = [&] {
            const auto known = disks_.find(number);
            return known != disks_.end() && (known->second.mood == Mood::Hangs ||
                                             (known->second.groups_hang && about_groups));
        };
        changed_.wait(lock, [&] { return released_ || !hangs(); });
        const auto known = disks_.find(number);
        if (known == disks_.end() || known->second.mood == Mood::Silent) {
            ScsiReply lost;
            lost.error = Error{"send", "sd", "the host is gone"};
            return lost;
        }
        const ScriptedDisk& disk = known->second;
        if (disk.mood == Mood::Refuses) return check(4, 0x44);
        if (about_groups && (cdb[1] >> 5) == 1) return check(5, 0x24);
        std::vector<std::uint8_t> bytes = about_groups ? groups(disk) : inquiry(disk, cdb);
        if (disk.mood == Mood::Lies && bytes.size() > 3) bytes[bytes.size() > 36 ? 10 : 3] = 0xff;
        ScsiReply reply;
        reply.received = std::min(bytes.size(), data.size());
        std::copy_n(bytes.begin(), reply.received, data.begin());
        return reply;
    }

    static std::string unit_name(unsigned unit) {
        char text[33];
        std::snprintf(text, sizeof text, "6001405%025u", unit);
        return text;
    }

  private:
    static ScsiReply check(unsigned key, std::uint8_t asc) {
        scsi::Sense sense;
        sense.key = static_cast<scsi::SenseKey>(key);
        sense.asc = asc;
        ScsiReply reply;
        reply.status = 2;
        reply.sense = scsi::build_sense(sense);
        return reply;
    }
    static std::vector<std::uint8_t> inquiry(const ScriptedDisk& disk,
                                             std::span<const std::uint8_t> cdb) {
        if (!(cdb[1] & 1)) {
            std::vector<std::uint8_t> data(96, 0);
            data[2] = 6, data[3] = 2, data[4] = 91, data[5] = 0x30;
            const std::string text =
                "MPAPI   SCRIPTED " + std::to_string(disk.unit % 2) + "      1   ";
            std::fill(data.begin() + 8, data.begin() + 36, ' ');
            std::copy_n(text.begin(), std::min<std::size_t>(text.size(), 28), data.begin() + 8);
            return data;
        }
        if (cdb[2] == 0x00) return {0, 0, 0, 3, 0x00, 0x80, 0x83};
        if (cdb[2] == 0x80) return {0, 0x80, 0, 2, 'S', static_cast<std::uint8_t>('0' + disk.unit)};
        std::vector<std::uint8_t> page = {0, 0x83, 0, 36, 0x01, 0x03, 0, 16};
        const std::string name = unit_name(disk.unit);
        for (std::size_t i = 0; i < 32; i += 2)
            page.push_back(static_cast<std::uint8_t>(std::stoul(name.substr(i, 2), nullptr, 16)));
        for (const auto& [kind, value] :
             {std::pair{0x14, disk.relative_port}, std::pair{0x15, disk.group}})
            page.insert(page.end(),
                        {0x01, static_cast<std::uint8_t>(kind), 0, 4, 0, 0,
                         static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)});
        return page;
    }
    // Two groups of one port each.
    std::vector<std::uint8_t> groups(const ScriptedDisk& disk) {
        std::vector<std::uint8_t> data = {0, 0, 0, 24};
        for (std::uint16_t group = 1; group <= 2; ++group)
            data.insert(data.end(),
                        {states_[{disk.unit, group}], 0xcf, 0, static_cast<std::uint8_t>(group), 0,
                         0, 0, 1, 0, 0, 0, static_cast<std::uint8_t>(group)});
        return data;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool released_ = false;
    std::map<model::DeviceNumber, ScriptedDisk> disks_;
    std::map<std::pair<unsigned, std::uint16_t>, std::uint8_t> states_;
    std::map<model::DeviceNumber, std::size_t> asked_;
};

class ScriptedHardware final : public Hardware {
  public:
    explicit ScriptedHardware(ScriptedDevices& devices)
      : devices_(devices) {}

    Status start(sd_event*, HardwareObserver&) override { return Done{}; }
    Result<std::unique_ptr<ScsiDevice>> open(const std::string& device,
                                             model::DeviceNumber number) override {
        if (!devices_.exists(number)) return Error{"open", device, "", ENODEV};
        return std::unique_ptr<ScsiDevice>(std::make_unique<Device>(devices_, number));
    }
    void settle(std::chrono::milliseconds, std::function<void(Status)> done) override {
        done(Done{});
    }
    void look_again(const std::vector<std::string>&,
                    const std::vector<model::DeviceNumber>&) override {}
    model::Plugin describe() override {
        model::Plugin plugin;
        plugin.name = "dm_multipath";
        plugin.load_balance = {"round-robin", "service-time"};
        return plugin;
    }
    void send_message(const MapRef&, const std::string&, Ended) override { unexpected(); }
    void load_table(const MapRef&, const std::string&, Ended) override { unexpected(); }
    void remove_map(const MapRef&, Ended) override { unexpected(); }
    void clear_inactive_table(const MapRef&, Ended) override { unexpected(); }

  private:
    static void unexpected() { fail_msg("%s", "an inventory changes no map"); }

    class Device final : public ScsiDevice {
      public:
        Device(ScriptedDevices& devices, model::DeviceNumber number)
          : devices_(devices)
          , number_(number) {}
        ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                       std::chrono::milliseconds) override {
            return devices_.read(number_, cdb, data);
        }
        ScsiReply write(std::span<const std::uint8_t>, std::span<const std::uint8_t>,
                        std::chrono::milliseconds) override {
            ScsiReply reply;
            reply.error = Error{"write", "scripted device", "not of this script", ENOTSUP};
            return reply;
        }

      private:
        ScriptedDevices& devices_;
        model::DeviceNumber number_;
    };
    ScriptedDevices& devices_;
};

// Replays the events of each step and holds the outcome against the snapshot; each reference in it
// must lead to something, and no id may be there twice.
class Auditor final : public ModelListener {
  public:
    std::size_t steps = 0;

    void begin(const model::Snapshot& snapshot) { replayed_ = contents(snapshot); }

    void model_changed(const model::SnapshotPtr& before, const model::SnapshotPtr& after,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point) override {
        ++steps;
        assert_int_equal(after->generation, before->generation + 1);
        assert_false(events.empty());
        for (const auto& event : events)
            std::visit([this](const auto& difference) { replay(difference); }, event);
        if (!(replayed_ == contents(*after))) fail_msg("events do not lead to the snapshot");
        references(*after);
    }

    static void references(const model::Snapshot& snapshot) {
        const auto found = [](const char* what, model::Sequence id, const auto& table) {
            if (id != 0 && !model::find(table, id))
                fail_msg("%s %llu is not in the snapshot", what,
                         static_cast<unsigned long long>(id));
        };
        snapshot.units.for_each([&](const model::Unit& unit) {
            found("product", unit.unit.product_id, snapshot.products);
            found("load balance", unit.unit.load_balance, snapshot.load_balances);
            for (const auto& path : unit.paths) {
                found("initiator port", path.initiator_port, snapshot.initiator_ports);
                found("target port", path.target_port, snapshot.target_ports);
                if (path.group_known) assert_non_null(unit.group_numbered(path.target_port_group));
                if (path.trouble) assert_int_not_equal(path.trouble->since, 0);
            }
            for (const auto& group : unit.groups) {
                for (const auto port : group.target_ports)
                    found("target port of a group", port, snapshot.target_ports);
                const bool unknown = group.access_state == model::AccessState::Unknown;
                assert_int_equal(unknown, bool(group.trouble));
                if (group.trouble) assert_int_not_equal(group.trouble->since, 0);
            }
        });
        for (const auto& disk : snapshot.disks) {
            found("initiator port of a disk", disk.initiator_port, snapshot.initiator_ports);
            found("target port of a disk", disk.target_port, snapshot.target_ports);
        }
        contents(snapshot);
    }

  private:
    template <typename T>
    using Held = std::map<model::Sequence, T>;
    using Contents =
        std::tuple<Held<model::Plugin>, Held<model::InitiatorPort>, Held<model::TargetPort>,
                   Held<model::DeviceProduct>, Held<model::LoadBalance>, Held<model::Disk>,
                   Held<model::LogicalUnit>, Held<model::Path>, Held<model::TargetPortGroup>>;

    template <typename T>
    static void add(Contents& all, const T& value) {
        assert_int_not_equal(value.id, 0);
        if (!std::get<Held<T>>(all).emplace(value.id, value).second)
            fail_msg("id %llu is there twice: %s", static_cast<unsigned long long>(value.id),
                     __PRETTY_FUNCTION__);
    }
    static Contents contents(const model::Snapshot& snapshot) {
        Contents all;
        const auto rows = [&all](const auto& table) {
            for (const auto& row : model::rows(table))
                add(all, row);
        };
        rows(snapshot.plugins), rows(snapshot.initiator_ports), rows(snapshot.target_ports);
        rows(snapshot.products), rows(snapshot.load_balances), rows(snapshot.disks);
        std::size_t units = 0;
        snapshot.units.for_each([&](const model::Unit& unit) {
            ++units;
            add(all, unit.unit);
            for (const auto& path : unit.paths)
                add(all, path);
            for (const auto& group : unit.groups)
                add(all, group);
        });
        assert_int_equal(units, snapshot.units.size());
        return all;
    }

    template <typename T>
    void replay(const model::Difference<T>& d) {
        auto& held = std::get<Held<T>>(replayed_);
        const auto known = held.find(d.either().id);
        if (!d.before) {
            if (known != held.end()) fail_msg("appeared twice: %s", __PRETTY_FUNCTION__);
        } else if (known == held.end() || !(known->second == *d.before)) {
            fail_msg("changed from what it was not: %s", __PRETTY_FUNCTION__);
        }
        if (d.after)
            held.insert_or_assign(d.after->id, *d.after);
        else
            held.erase(known);
    }
    void replay(const model::Difference<model::Manager>&) {}

    Contents replayed_;
};

// Counts the disks that it is asked about.
class CountingPolicy final : public TablePolicy {
  public:
    std::size_t exclusions = 0;

    Exclusion exclusion(const UnmappedDisk& disk) override {
        ++exclusions;
        Exclusion told = TablePolicy::exclusion(disk);
        if (disk.others_of_unit) told.detail += " (one of several)";
        return told;
    }
};

// An inventory over scripted hardware.
class Scripted {
  public:
    explicit Scripted(ScriptedDevices& devices, ObjectIds& ids,
                      std::chrono::milliseconds timeout = std::chrono::milliseconds(50),
                      std::chrono::seconds refresh = std::chrono::seconds(5))
      : devices_(devices)
      , hardware_(devices) {
        sd_event* raw = nullptr;
        assert_int_equal(sd_event_new(&raw), 0);
        loop_.reset(raw);
        config_.commands.timeout = timeout;
        config_.refresh.shortest = refresh;
        config_.commands.threads = 4;
        config_.commands.per_host = 2;
        config_.commands.replacements = 8;
        auto workers = Workers::create(raw, config_.commands);
        assert_ok(workers);
        workers_ = std::move(*workers);
        inventory_ =
            std::make_unique<Inventory>(raw, hardware_, *workers_, ids, policy, config_, 1);
        assert_ok(inventory_->start(
            [this] {
                ready_ = true;
                ++times_ready;
                auditor.begin(*inventory_->snapshot());
            },
            [](const Error& error) { fail_msg("%s", error.message().c_str()); }));
        inventory_->add_listener(auditor);
    }
    ~Scripted() {
        // Workers that come back still use the devices.
        devices_.release_all();
        run_until([this] { return workers_->counters().commands_stuck == 0; });
        assert_int_equal(workers_->close(std::chrono::seconds(20)), 0);
    }

    Auditor auditor;
    CountingPolicy policy;
    int times_ready = 0;

    void enumerated() {
        inventory_->enumerated();
        run_until([this] { return ready_; });
    }
    template <typename Condition>
    void run_until(Condition condition, const char* what = "it is") {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) {
                const WorkCounters at_work = workers_->counters();
                fail_msg(
                    "%s not within 20 s; %llu commands, %llu stalled, %llu stuck, %llu waiting",
                    what, static_cast<unsigned long long>(at_work.commands),
                    static_cast<unsigned long long>(at_work.commands_stalled),
                    static_cast<unsigned long long>(at_work.commands_stuck),
                    static_cast<unsigned long long>(at_work.jobs_waiting));
            }
            sd_event_run(loop_.get(), 100'000);
        }
    }
    void turn() { sd_event_run(loop_.get(), 0); }
    void settle() {
        bool settled = false;
        inventory_->settle(std::chrono::seconds(20), [&](const Status& status) {
            assert_ok(status);
            settled = true;
        });
        run_until([&] { return settled; }, "settled");
    }

    Inventory& inventory() { return *inventory_; }
    const model::Snapshot& model() const { return *inventory_->snapshot(); }
    const model::Unit* find_unit(const std::string& key) const {
        const model::Unit* found = nullptr;
        model().units.for_each([&](const model::Unit& unit) {
            if (unit.unit.key == key) found = &unit;
        });
        return found;
    }
    const model::Unit& unit(const std::string& key) const {
        const model::Unit* found = find_unit(key);
        if (!found) fail_msg("no unit %s", key.c_str());
        return *found;
    }
    const model::Path& path(const std::string& device) const {
        const model::Path* found = nullptr;
        model().units.for_each([&](const model::Unit& unit) {
            for (const auto& path : unit.paths)
                if (path.device == device) found = &path;
        });
        if (!found) fail_msg("no path %s", device.c_str());
        return *found;
    }

  private:
    ScriptedDevices& devices_;
    ScriptedHardware hardware_;
    EventLoop loop_;
    Config config_;
    std::unique_ptr<Workers> workers_;
    std::unique_ptr<Inventory> inventory_;
    bool ready_ = false;
};

inline model::DeviceNumber sd(std::uint32_t minor) {
    return {8, minor};
}
inline model::DeviceNumber dm_number(std::uint32_t minor) {
    return {253, minor};
}

inline DiskFacts disk_facts(const std::string& device, model::DeviceNumber number,
                            std::uint32_t host = 1, std::uint32_t target = 1,
                            std::uint64_t lun = 0) {
    DiskFacts facts;
    facts.device = device;
    facts.number = number;
    facts.address = {host, 0, target, lun};
    PortFacts initiator, port;
    initiator.transport = port.transport = model::Transport::FibreChannel;
    initiator.port_id = "21000000000000" + std::to_string(10 + host);
    port.port_id = "50000000000000" + std::to_string(10 + target);
    facts.initiator_port = std::make_shared<const PortFacts>(initiator);
    facts.target_port = std::make_shared<const PortFacts>(port);
    facts.state = model::DeviceState::Running;
    facts.size = 1 << 30;
    return facts;
}

// One priority group with these devices, all of them active.
inline MapFacts map_facts(const std::string& name, std::uint32_t minor,
                          const std::vector<model::DeviceNumber>& devices,
                          const std::string& selector = "service-time") {
    MapFacts facts;
    facts.name = name;
    facts.number = dm_number(minor);
    facts.size = 1 << 30;
    const std::string count = std::to_string(devices.size());
    facts.table = devices.empty() ? "0 0 0 0 " : "0 0 1 1 " + selector + " 0 " + count + " 1 ";
    facts.status = devices.empty() ? "2 0 0 0 0 0 " : "2 0 0 0 1 1 A 0 " + count + " 2 ";
    for (const auto& device : devices) {
        const std::string number =
            std::to_string(device.major) + ":" + std::to_string(device.minor);
        facts.table += number + " 1 ";
        facts.status += number + " A 0 0 0 ";
    }
    return facts;
}

} // namespace mpapi::daemon
