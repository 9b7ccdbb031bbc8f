// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A storm: disks, maps and ports appear, vanish, fail, hang, lie and are used again in an order
// that a seed decides. After each burst everything is mended and asked once more; then the daemon
// that lived through it must show what one that was started just now shows, and each step on the
// way has been held to the auditor's rules.
//
// MPAPI_STORM_SEED repeats a seed that was printed (answers come from threads, so not their order),
// MPAPI_STORM_BURSTS sets how many bursts each seed has.
#include "common/model/names.hpp"
#include "tests/unit/daemon/inventory/scripted.hpp"

#include <cstdlib>
#include <random>

using namespace mpapi;
using namespace mpapi::daemon;

namespace {

constexpr std::uint32_t kDisks = 20; // numbers, and as many names
constexpr std::uint32_t kMaps = 5;   // numbers; one name more
constexpr unsigned kUnits = 4;

// What exists, as the daemon was told.
struct Site {
    std::map<model::DeviceNumber, DiskFacts> disks;
    std::map<model::DeviceNumber, MapFacts> maps;
    std::map<model::DeviceNumber, unsigned> leads_to;
    std::map<model::DeviceNumber, std::vector<model::DeviceNumber>> tables;

    bool full(model::DeviceNumber map) const {
        const auto& table = tables.at(map);
        return !table.empty() && std::all_of(table.begin(), table.end(), [this](auto number) {
            return disks.count(number) != 0;
        });
    }
    bool mixed(model::DeviceNumber map) const {
        std::set<unsigned> units;
        for (const auto number : tables.at(map))
            if (disks.count(number) != 0) units.insert(leads_to.at(number));
        return units.size() > 1;
    }
};

// A number is never given to another object.
class Registrar final : public ModelListener {
  public:
    void model_changed(const model::SnapshotPtr&, const model::SnapshotPtr&,
                       const std::vector<model::Event>& events,
                       std::chrono::steady_clock::time_point) override {
        for (const auto& event : events)
            std::visit([this](const auto& difference) { look(difference); }, event);
    }

  private:
    void look(const model::PartDifference<model::LogicalUnit>& d) {
        name(d.either().id, "unit " + d.either().key);
    }
    void look(const model::PartDifference<model::Path>& d) {
        name(d.either().id, "path of " + std::to_string(d.unit().unit.id));
    }
    void look(const model::PartDifference<model::TargetPortGroup>& d) {
        name(d.either().id, "group " + std::to_string(d.either().number) + " of " +
                                std::to_string(d.unit().unit.id));
    }
    void look(const model::Difference<model::Disk>& d) {
        name(d.either().id, "disk " + d.either().key);
    }
    void look(const model::Difference<model::InitiatorPort>& d) {
        name(d.either().id, "initiator " + d.either().port_id);
    }
    void look(const model::Difference<model::TargetPort>& d) {
        name(d.either().id, "target " + d.either().port_id);
    }
    template <typename T>
    void look(const T&) {}

    void name(model::Sequence id, const std::string& what) {
        const auto& known = names_.emplace(id, what).first->second;
        if (known != what)
            fail_msg("%llu was %s and is %s", static_cast<unsigned long long>(id), known.c_str(),
                     what.c_str());
    }
    std::map<model::Sequence, std::string> names_;
};

// A snapshot as sorted lines, without ids and times and without what only somebody who was there
// before can know.
class Portrait {
  public:
    Portrait(const model::Snapshot& snapshot, const Site& site)
      : snapshot_(snapshot)
      , site_(site) {
        for (const auto& [number, facts] : site.maps)
            if (!site.full(number) || (facts.uuid.empty() && site.mixed(number))) all_sure_ = false;
        add("manager", snapshot.manager.device_mapper, snapshot.manager.udev);
        snapshot.units.for_each([this](const model::Unit& unit) { draw(unit); });
        for (const auto& disk : snapshot.disks)
            draw(disk);
        for (const auto& port : *snapshot.target_ports)
            if (used_.count(port.port_id) != 0)
                add("target", port.port_id, port.transport, port.relative_port_id);
        std::sort(lines_.begin(), lines_.end());
    }
    // The lines that only one of them has.
    static std::string difference(const Portrait& one, const Portrait& other) {
        std::vector<std::string> lines;
        std::set_difference(one.lines_.begin(), one.lines_.end(), other.lines_.begin(),
                            other.lines_.end(), std::back_inserter(lines));
        std::string text;
        for (const auto& line : lines)
            text += line + "\n";
        return text;
    }

  private:
    static std::string word(const std::string& text) { return "'" + text + "'"; }
    static std::string word(const char* text) { return text; }
    static std::string word(model::DeviceNumber number) {
        return std::to_string(number.major) + ":" + std::to_string(number.minor);
    }
    static std::string word(const model::Shared<model::Trouble>& trouble) {
        return trouble ? trouble->command + ": " + trouble->reason : "well";
    }
    template <typename E>
    requires std::is_enum_v<E>
    static std::string word(E value) { return std::string(model::name_of(value)); }
    template <typename T>
    requires std::is_integral_v<T>
    static std::string word(T value) { return std::to_string(value); }
    template <typename... T>
    void add(const T&... parts) {
        std::string line;
        ((line += (line.empty() ? "" : " ") + word(parts)), ...);
        lines_.push_back(std::move(line));
    }
    std::string initiator(model::Sequence id) const {
        const auto* port = model::find(snapshot_.initiator_ports, id);
        return port ? port->port_id : "none";
    }
    std::string target(model::Sequence id) const {
        const auto* port = model::find(snapshot_.target_ports, id);
        return port ? port->port_id : "none";
    }

    void draw(const model::Unit& whole) {
        const model::LogicalUnit& unit = whole.unit;
        const std::string what = "unit " + unit.key;
        add(what, unit.name, unit.uuid, unit.number, unit.size, unit.event_number, unit.suspended,
            unit.read_only, unit.selector, unit.hardware_handler, unit.current_group, unit.queueing,
            unit.queue_if_no_path, unit.size_mismatch);
        const bool full = site_.full(unit.number);
        const bool mixed = site_.mixed(unit.number);
        const bool sure = full && !(unit.uuid.empty() && mixed);
        if (full) add(what, "trouble", unit.trouble);
        if (sure)
            add(what, "is", unit.vendor, unit.product, unit.revision, unit.serial_number,
                unit.unit_name, unit.unit_name_type, unit.unit_name_source, unit.implicit_alua,
                unit.explicit_alua, unit.asymmetric);
        if (all_sure_) add(what, "duplicate", unit.duplicate_designator);
        for (const auto& path : whole.paths) {
            const std::string name = what + " path " + word(path.number);
            if (site_.disks.count(path.number) == 0) {
                add(name, path.state);
                continue;
            }
            used_.insert(target(path.target_port));
            add(name, path.device, initiator(path.initiator_port), target(path.target_port),
                path.address.host, path.address.lun, path.device_state, path.designator,
                path.identity_source, path.dm_active, path.size_mismatch, path.relative_port_id,
                path.priority_group, path.size, path.trouble);
            if (sure) add(name, "identity", path.identity);
            if (sure && !mixed)
                add(name, "state", path.state, path.group_known, path.target_port_group);
        }
        if (!sure || mixed) return;
        for (const auto& group : whole.groups) {
            std::set<std::string> names;
            for (const auto port : group.target_ports)
                names.insert(target(port));
            std::string ports;
            for (const auto& name : names)
                ports += name + " ";
            add(what, "group", group.number, group.access_state, group.preferred, group.status_code,
                group.explicit_failover, group.source, ports, group.trouble);
        }
    }
    void draw(const model::Disk& disk) {
        used_.insert(target(disk.target_port));
        add("disk", disk.number, disk.device, disk.address.host, disk.address.lun,
            initiator(disk.initiator_port), target(disk.target_port), disk.device_state,
            disk.vendor, disk.product, disk.unit_name, disk.serial_number, disk.size,
            disk.exclusion, disk.exclusion_detail, disk.trouble);
    }

    const model::Snapshot& snapshot_;
    const Site& site_;
    bool all_sure_ = true; // no unit's name is one that only history explains
    std::set<std::string> used_;
    std::vector<std::string> lines_;
};

class Storm {
  public:
    explicit Storm(std::uint64_t seed)
      : random_(seed)
      , daemon_(devices_, ids_, kTimeout) {
        daemon_.inventory().add_listener(registrar_);
        daemon_.enumerated();
    }

    void burst() {
        const unsigned steps = 10 + pick(50);
        for (unsigned i = 0; i < steps; ++i) {
            step();
            for (unsigned turns = pick(4); turns > 0; --turns)
                daemon_.turn();
        }
        steps_ += steps;
        // Now and then what hangs is given up before it is mended.
        if (one_in(6)) daemon_.settle();
        mend();
        compare();
    }
    unsigned steps() const { return steps_; }
    std::size_t commits() const { return daemon_.auditor.steps; }

  private:
    static constexpr std::chrono::milliseconds kTimeout{20};

    unsigned pick(std::size_t below) { return static_cast<unsigned>(random_() % below); }
    bool one_in(unsigned n) { return pick(n) == 0; }
    template <typename Map>
    auto any_of(Map& map) {
        return std::next(map.begin(), pick(map.size()));
    }
    Inventory& inventory() { return daemon_.inventory(); }

    void step() {
        switch (pick(18)) {
        case 0:
        case 1:
        case 2:
            disk_appears();
            break;
        case 3:
        case 4:
            disk_goes();
            break;
        case 5:
            disk_changes();
            break;
        case 6:
        case 7:
            mood_changes();
            break;
        case 8:
            leads_elsewhere();
            break;
        case 9:
            access_changes();
            break;
        case 10:
        case 11:
        case 12:
        case 13:
            table_is_loaded();
            break;
        case 14:
            if (!site_.maps.empty()) map_goes(any_of(site_.maps)->first);
            break;
        case 15:
            if (const auto& units = daemon_.model().units; !units.empty())
                inventory().refresh(std::next(units.begin(), pick(units.size()))->unit.id);
            break;
        case 16:
            somebody_waits();
            break;
        default:
            one_in(2) ? inventory().policy_changed() : inventory().exclusions_changed();
            inventory().device_mapper_state(one_in(2) ? "" : "not now");
        }
    }

    ScriptedDisk behaviour(const DiskFacts& facts, unsigned unit, Mood mood = Mood::Good) const {
        const auto port = static_cast<std::uint16_t>(facts.address.target);
        return {unit, static_cast<std::uint16_t>(1 + port % 2), port, mood};
    }
    Mood any_mood() {
        switch (pick(12)) {
        case 0:
            return Mood::Hangs;
        case 1:
            return Mood::Silent;
        case 2:
            return Mood::Refuses;
        case 3:
            return Mood::Lies;
        default:
            return Mood::Good;
        }
    }

    void disk_appears() {
        // Names and numbers may be those of disks whose end nobody told.
        const auto number = sd(pick(kDisks));
        const std::string name = "sd" + std::to_string(one_in(8) ? pick(kDisks) : number.minor);
        for (auto it = site_.disks.begin(); it != site_.disks.end();) {
            if (it->second.device != name) {
                ++it;
                continue;
            }
            devices_.remove(it->first);
            it = site_.disks.erase(it);
        }
        DiskFacts facts = disk_facts(name, number, 1 + pick(3), 1 + pick(4), pick(3));
        if (one_in(8)) facts.state = model::DeviceState::Offline;
        const unsigned unit = pick(kUnits);
        devices_.put(number, behaviour(facts, unit, any_mood()));
        site_.leads_to[number] = unit;
        site_.disks[number] = facts;
        inventory().disk_present(facts);
    }
    void disk_goes() {
        if (site_.disks.empty()) return;
        const auto disk = any_of(site_.disks);
        const std::string name = disk->second.device;
        devices_.remove(disk->first);
        for (unsigned turns = pick(3); turns > 0; --turns)
            daemon_.turn(); // it does not answer before it is told to be gone
        site_.disks.erase(disk);
        inventory().disk_gone(name);
    }
    void disk_changes() {
        if (site_.disks.empty()) return;
        DiskFacts& facts = any_of(site_.disks)->second;
        switch (pick(3)) {
        case 0:
            facts.state = one_in(2) ? model::DeviceState::Running : model::DeviceState::Blocked;
            break;
        case 1:
            facts.size = std::uint64_t{1} << (29 + pick(2));
            break;
        default:
            facts.holders = one_in(2) ? std::vector<std::string>{} : std::vector<std::string>{"dm"};
        }
        inventory().disk_present(facts);
    }
    void mood_changes() {
        if (site_.disks.empty()) return;
        const auto& [number, facts] = *any_of(site_.disks);
        const Mood mood = any_mood();
        const bool groups_hang = one_in(10);
        devices_.change(number, [&](ScriptedDisk& disk) {
            disk.mood = mood;
            disk.groups_hang = groups_hang;
        });
        if (one_in(2)) inventory().inquiry_data_changed(facts.device);
    }
    void leads_elsewhere() {
        if (site_.disks.empty()) return;
        const auto& [number, facts] = *any_of(site_.disks);
        lead(number, pick(kUnits));
        if (one_in(2)) inventory().inquiry_data_changed(facts.device);
    }
    void lead(model::DeviceNumber number, unsigned unit) {
        site_.leads_to[number] = unit;
        devices_.change(number, [unit](ScriptedDisk& disk) { disk.unit = unit; });
    }
    void access_changes() {
        constexpr std::uint8_t states[] = {0x0, 0x1, 0x2, 0x3, 0xf};
        devices_.group_state(pick(kUnits), static_cast<std::uint16_t>(1 + pick(2)),
                             states[pick(std::size(states))]);
        if (!site_.disks.empty())
            inventory().access_state_changed(any_of(site_.disks)->second.device,
                                             std::chrono::steady_clock::now());
    }

    void table_is_loaded() {
        const std::uint32_t minor = pick(kMaps);
        const unsigned which = one_in(4) ? pick(kMaps + 1) : minor;
        std::vector<model::DeviceNumber> table;
        for (unsigned paths = pick(5); paths > 0; --paths)
            table.push_back(sd(pick(kDisks)));
        MapFacts facts =
            map_facts("m" + std::to_string(which), minor, table, one_in(9) ? "rare" : "usual");
        if (which < 3) facts.uuid = "mpath-3" + ScriptedDevices::unit_name(which);
        if (which < 3 && one_in(6)) facts.name += "-renamed";
        facts.event_number = pick(1000);
        if (one_in(4)) facts.table.replace(0, 1, "1 queue_if_no_path");
        for (std::size_t at = 0; (at = facts.status.find(" A 0 0 0 ", at)) != std::string::npos;
             ++at)
            if (one_in(4)) facts.status[at + 1] = 'F';
        if (one_in(20)) facts.status = "rubbish";
        if (one_in(20)) {
            facts.table = "rubbish";
            table.clear();
        }
        load(facts, table);
    }
    void load(const MapFacts& facts, const std::vector<model::DeviceNumber>& table) {
        const auto key = [](const MapFacts& map) { return map.uuid.empty() ? map.name : map.uuid; };
        // The same map under another number ends there.
        for (auto it = site_.maps.begin(); it != site_.maps.end();)
            it = key(it->second) == key(facts) ? site_.maps.erase(it) : std::next(it);
        site_.maps[facts.number] = facts;
        site_.tables[facts.number] = table;
        inventory().map_present(facts);
    }
    void map_goes(model::DeviceNumber number) {
        site_.maps.erase(number);
        inventory().map_gone(number);
    }
    void somebody_waits() {
        ++waiting_;
        inventory().settle(std::chrono::milliseconds(pick(30)),
                           [this](const Status&) { --waiting_; });
    }

    // Everything answers again, no disk is in two tables, and what was not told is told.
    void mend() {
        for (auto& [number, facts] : site_.disks)
            devices_.put(number, behaviour(facts, site_.leads_to[number]));
        daemon_.run_until([this] { return inventory().counters().commands_stuck == 0; },
                          "nothing is stuck");
        inventory().device_mapper_state("");
        std::set<model::DeviceNumber> taken;
        const auto maps = site_.maps;
        const bool strict = !one_in(4);
        for (const auto& [number, facts] : maps) {
            std::vector<model::DeviceNumber> table;
            for (const auto disk : site_.tables[number])
                if ((!strict || site_.disks.count(disk) != 0) && taken.insert(disk).second)
                    table.push_back(disk);
            if (strict)
                for (const auto disk : table)
                    lead(disk, site_.leads_to[table.front()]);
            if (table == site_.tables[number]) continue;
            MapFacts fewer = map_facts(facts.name, number.minor, table);
            fewer.uuid = facts.uuid;
            load(fewer, table);
        }
        ask_all();
        // A map without a UUID is called what it was made of, not what it leads to now.
        for (const auto& [number, facts] : std::map(site_.maps)) {
            if (!facts.uuid.empty() || !site_.full(number)) continue;
            const model::Unit* unit = daemon_.find_unit("name-" + facts.name);
            assert_non_null(unit);
            if (std::all_of(unit->paths.begin(), unit->paths.end(), [](const auto& path) {
                    return path.identity == model::Identity::Verified;
                }))
                continue;
            map_goes(number);
            load(facts, site_.tables[number]);
        }
        daemon_.settle();
        daemon_.run_until([this] { return waiting_ == 0; }, "whoever waited was answered");
    }
    // Until nobody was late: on a busy machine 20 ms are not much.
    void ask_all() {
        std::uint64_t stalled = 0;
        do {
            stalled = inventory().counters().commands_stalled;
            for (const auto& [number, facts] : site_.disks)
                inventory().inquiry_data_changed(facts.device);
            daemon_.settle();
            for (const auto& unit : daemon_.model().units)
                refreshed_.push_back(unit.unit.id);
            for (const auto id : std::exchange(refreshed_, {}))
                inventory().refresh(id);
            daemon_.settle();
            daemon_.run_until([this] { return inventory().counters().commands_stuck == 0; },
                              "nothing is stuck");
        } while (inventory().counters().commands_stalled != stalled);
    }

    void compare() {
        ObjectIds ids;
        {
            Scripted fresh(devices_, ids, std::chrono::seconds(10));
            compare_with(fresh);
        }
        devices_.hold();
    }
    void compare_with(Scripted& fresh) {
        for (const auto& [number, facts] : site_.disks)
            fresh.inventory().disk_present(facts);
        for (const auto& [number, facts] : site_.maps)
            fresh.inventory().map_present(facts);
        fresh.enumerated();
        fresh.settle();
        const Portrait expected(fresh.model(), site_);
        const Portrait shown(daemon_.model(), site_);
        const std::string missing = Portrait::difference(expected, shown);
        const std::string wrong = Portrait::difference(shown, expected);
        if (missing.empty() && wrong.empty()) return;
        std::fprintf(stderr, "a daemon started now shows\n%sbut this one shows\n%s",
                     missing.c_str(), wrong.c_str());
        fail_msg("after %u steps, other than a daemon started now", steps_);
    }

    std::mt19937_64 random_;
    Site site_;
    ScriptedDevices devices_;
    ObjectIds ids_{20};
    Registrar registrar_;
    unsigned steps_ = 0;
    unsigned waiting_ = 0;
    std::vector<model::Sequence> refreshed_;
    Scripted daemon_;
};

void weather(std::uint64_t seed) {
    const char* wanted = std::getenv("MPAPI_STORM_BURSTS");
    const unsigned long bursts = wanted ? std::strtoul(wanted, nullptr, 10) : 12;
    print_message("storm: seed %llu\n", static_cast<unsigned long long>(seed));
    Storm storm(seed);
    for (unsigned long i = 0; i < bursts; ++i)
        storm.burst();
    print_message("storm: %u steps, %zu commits\n", storm.steps(), storm.commits());
}

void a_daemon_that_lived_through_a_storm_shows_what_a_new_one_does(void**) {
    if (const char* seed = std::getenv("MPAPI_STORM_SEED")) {
        weather(std::strtoull(seed, nullptr, 10));
        return;
    }
    for (std::uint64_t seed = 1; seed <= 6; ++seed)
        weather(seed);
    weather(
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_that_lived_through_a_storm_shows_what_a_new_one_does),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
