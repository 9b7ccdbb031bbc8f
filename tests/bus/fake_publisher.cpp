// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A Publisher over a model that a test writes through standard input, one verb a line; each is
// answered on standard output with "ok <generation>" or "error <text>" when all signals of it are
// on the bus. Takes the bus name on the bus of DBUS_SESSION_BUS_ADDRESS and says "ready".
#include "common/model/diff.hpp"
#include "daemon/publish/publisher.hpp"
#include "tests/bus/fake_jobs.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

using namespace mpapi;
using namespace mpapi::model;

namespace {

using Clock = std::chrono::steady_clock;

// Whatever is asked for is done, and counted.
class WillingChanger final : public paths::Changer {
  public:
    void request(paths::Target, paths::Request, paths::Ended ended) override {
        ++changed;
        ended(paths::Made{});
    }
    void set_access_states(Sequence, std::vector<paths::GroupState>, paths::Ended ended) override {
        ++changed;
        ended(paths::Made{});
    }
    unsigned changed = 0;

    std::variant<std::string, paths::Refused> remove(Sequence, uid_t,
                                                     std::chrono::microseconds) override {
        ++changed;
        return "/org/mpapi/Multipath1/job/1";
    }
};

class FakeSource final : public daemon::ModelSource {
  public:
    WillingChanger changer;

    FakeSource() {
        auto first = std::make_shared<Snapshot>();
        first->instance = 0xfeedfacecafef00d;
        first->generation = 1;
        first->made_at = kThen;
        first->manager.path_manager = "observe";
        first->manager.path_manager_reason = "there is no multipathd here";
        first->manager.ready = true;
        first->plugins = std::make_shared<const std::vector<Plugin>>(
            std::vector<Plugin>{{1,
                                 "dm_multipath",
                                 "dm-multipath",
                                 "Linux",
                                 "1.14.0",
                                 "/dev/mapper/*",
                                 {"round-robin", "service-time"},
                                 {},
                                 {},
                                 ""}});
        first->load_balances =
            std::make_shared<const std::vector<LoadBalance>>(std::vector<LoadBalance>{
                {1, "round-robin", "Linux", 2}, {2, "service-time", "Linux", 1u << 16}});
        first->products = std::make_shared<const std::vector<DeviceProduct>>(
            std::vector<DeviceProduct>{{1, "ACME", "Array 9000", "0001"}});
        current_ = first;
    }

    SnapshotPtr snapshot() const override { return current_; }
    daemon::WorkCounters counters() const override { return {12, 3, 1, 9, 0}; }
    void settle(std::chrono::milliseconds timeout, std::function<void(Status)> done) override {
        if (settles_) return done(Done{});
        std::printf("settling %lld\n", static_cast<long long>(timeout.count()));
        std::fflush(stdout);
        waiting_.push_back(std::move(done));
    }
    void refresh(Sequence unit) override { refreshed_ += ' ' + std::to_string(unit); }
    void look_again(Sequence) override {}

    std::vector<daemon::ModelListener*> listeners;
    test::FakeJobs jobs{
        *this, [this](Sequence unit) { step([&](Snapshot& next) { next.units.erase(unit); }); }};

    // Returns "" or what is wrong with the line.
    std::string obey(const std::string& line);

    std::string answers; // to lines obeyed
    bool ended = false;

  private:
    static constexpr Time kThen = 1'700'000'000'000'000;

    // Changes a copy of the snapshot and publishes it.
    void step(const std::function<void(Snapshot&)>& change) {
        const auto cause = Clock::now();
        auto next = std::make_shared<Snapshot>(*current_);
        ++next->generation;
        change(*next);
        const SnapshotPtr before = current_;
        const auto events = diff(*before, *next);
        if (events.empty()) return;
        current_ = next;
        for (auto* listener : listeners)
            listener->model_changed(before, current_, events, cause);
    }

    // One unit with `paths` paths over two ports and two groups.
    static UnitPtr make_unit(Sequence id, unsigned paths, Sequence first_path) {
        auto unit = std::make_shared<Unit>();
        unit->read_times = std::make_shared<ReadTimes>();
        unit->read_times->device_mapper = kThen + 1;
        unit->read_times->target_port_groups = kThen + 2;
        LogicalUnit& lu = unit->unit;
        char text[64];
        std::snprintf(text, sizeof text, "36001405%024llu", static_cast<unsigned long long>(id));
        lu.id = id;
        lu.key = text;
        lu.name = "mpath" + std::to_string(id);
        lu.uuid = std::string("mpath-") + text;
        lu.number = {253, static_cast<std::uint32_t>(id)};
        lu.vendor = "ACME";
        lu.product = "Array 9000";
        lu.revision = "0001";
        lu.unit_name = text + 1;
        lu.unit_name_type = NameType::Naa;
        lu.unit_name_source = Source::Vpd;
        lu.serial_number = "S" + std::to_string(id);
        lu.selector = "service-time";
        lu.selector_arguments = "0";
        lu.hardware_handler = "1 alua";
        lu.features = {"queue_if_no_path"};
        lu.queue_if_no_path = true;
        lu.size = 1ull << 40;
        lu.current_group = 1;
        lu.asymmetric = lu.implicit_alua = true;
        lu.product_id = 1;
        lu.load_balance = 2;
        lu.settings = std::vector<Setting>{
            {"no_path_retry", "queue", "defaults", "/etc/multipath.conf", 12, "fail", "Later."},
            {"path_selector", "service-time 0", "built-in", "", 0, "", ""}};
        for (std::uint16_t number = 1; number <= 2; ++number) {
            TargetPortGroup group;
            group.id = id * 2 + number - 2u;
            group.number = number;
            group.access_state =
                number == 1 ? AccessState::ActiveOptimized : AccessState::ActiveNonOptimized;
            group.preferred = number == 1;
            group.supported_states = 0x8f;
            group.source = Source::Rtpg;
            group.relative_port_ids = {number};
            group.target_ports = {number};
            unit->groups.push_back(group);
        }
        for (unsigned n = 0; n < paths; ++n) {
            Path path;
            path.id = first_path + n;
            path.initiator_port = 1 + n / 2 % 2;
            path.target_port = 1 + n % 2;
            path.address = {static_cast<std::uint32_t>(n / 2), 0, n % 2, id};
            path.device = "sd" + std::to_string(path.id);
            path.number = {8, static_cast<std::uint32_t>(path.id)};
            path.device_state = DeviceState::Running;
            path.state = PathState::Okay;
            path.identity = Identity::Verified;
            path.identity_source = Source::Vpd;
            path.identity_read_at = kThen;
            path.designator = lu.unit_name;
            path.dm_active = true;
            path.group_known = true;
            path.target_port_group = static_cast<std::uint16_t>(1 + n % 2);
            path.relative_port_id = path.target_port_group;
            path.priority_group = 1 + n % 2;
            path.size = lu.size;
            path.selector_arguments = "1";
            unit->paths.push_back(path);
        }
        return unit;
    }

    // Changes a copy of a unit in place of the old one.
    std::string in_unit(Sequence id, const std::function<void(Unit&)>& change) {
        const Unit* old = current_->units.find(id);
        if (!old) return "no such unit";
        auto unit = std::make_shared<Unit>(*old);
        change(*unit);
        step([&](Snapshot& next) { next.units.put(unit); });
        return "";
    }

    void ports() {
        step([](Snapshot& next) {
            next.initiator_ports = std::make_shared<const std::vector<InitiatorPort>>(
                std::vector<InitiatorPort>{{1, "2100000e1e09a4c0", Transport::FibreChannel,
                                            "/sys/class/fc_host/host1", "host1 (qla2xxx)"},
                                           {2, "iqn.2026-01.org.example:host,00023d000001",
                                            Transport::Iscsi, "/sys/class/iscsi_host/host2", ""}});
            next.target_ports =
                std::make_shared<const std::vector<TargetPort>>(std::vector<TargetPort>{
                    {1, "5006016012345678", Transport::FibreChannel, 1},
                    {2, "iqn.2026-01.org.example:array,t,0x0001", Transport::Iscsi, 2}});
        });
    }

    // Every second path and one group of all units.
    void fail_over() {
        step([&](Snapshot& next) {
            current_->units.for_each([&](const Unit& old) {
                auto unit = std::make_shared<Unit>(old);
                for (std::size_t n = 0; n < unit->paths.size(); n += 2) {
                    auto& state = unit->paths[n].state;
                    state = state == PathState::Okay ? PathState::PathError : PathState::Okay;
                }
                auto& state = unit->groups.at(0).access_state;
                state = state == AccessState::Standby ? AccessState::ActiveOptimized
                                                      : AccessState::Standby;
                next.units.put(std::move(unit));
            });
        });
    }

    SnapshotPtr current_;
    bool settles_ = true;
    std::vector<std::function<void(Status)>> waiting_;
    std::string refreshed_;
    Sequence next_path_ = 1;
};

std::string FakeSource::obey(const std::string& line) {
    std::istringstream words(line);
    std::string verb;
    Sequence id = 0;
    Sequence other = 0;
    words >> verb;
    if (verb == "ports") {
        ports();
    } else if (verb == "populate") { // units, paths each; in one step
        words >> id >> other;
        step([&](Snapshot& next) {
            for (Sequence n = 1; n <= id; ++n) {
                next.units.put(make_unit(n, static_cast<unsigned>(other), next_path_));
                next_path_ += other;
            }
        });
    } else if (verb == "add") { // unit, paths
        words >> id >> other;
        step([&](Snapshot& next) {
            next.units.put(make_unit(id, static_cast<unsigned>(other), next_path_));
            next_path_ += other;
        });
    } else if (verb == "remove") {
        words >> id;
        step([&](Snapshot& next) { next.units.erase(id); });
    } else if (verb == "fail" || verb == "restore") { // unit, number of the path in it
        words >> id >> other;
        return in_unit(id, [&](Unit& unit) {
            Path& path = unit.paths.at(other);
            const bool fail = verb == "fail";
            path.state = fail ? PathState::PathError : PathState::Okay;
            path.dm_active = !fail;
            if (fail) ++path.fail_count;
        });
    } else if (verb == "lose-path") {
        words >> id >> other;
        return in_unit(id, [&](Unit& unit) {
            unit.paths.erase(unit.paths.begin() + static_cast<std::ptrdiff_t>(other));
        });
    } else if (verb == "identity") { // unit, path, new designator
        std::string designator;
        words >> id >> other >> designator;
        return in_unit(id, [&](Unit& unit) {
            unit.paths.at(other).identity = Identity::Changed;
            unit.paths.at(other).designator = designator;
        });
    } else if (verb == "hang") { // unit, path
        words >> id >> other;
        return in_unit(id, [&](Unit& unit) {
            unit.paths.at(other).state = PathState::Unknown;
            unit.paths.at(other).trouble =
                Trouble{kThen + 77, "TEST UNIT READY", "no answer after 5 s"};
        });
    } else if (verb == "hostile") { // unit: bytes that no bus takes
        words >> id;
        return in_unit(id, [&](Unit& unit) {
            unit.unit.vendor = "\xff\xfe\x80";
            unit.unit.product = std::string("A\0B", 3);
            unit.unit.serial_number = "\"quoted\\\n";
            unit.unit.name = "a\"b\\c\n\xff";
        });
    } else if (verb == "disk") { // sequence number
        words >> id;
        step([&](Snapshot& next) {
            Disk disk;
            disk.id = id;
            disk.key = "naa.5000c500" + std::to_string(id);
            disk.device = "sdx";
            disk.transport = Transport::Sas;
            disk.exclusion = "single-path";
            disk.exclusion_detail = "find_multipaths is set and there is one path";
            next.disks.put(std::make_shared<const Disk>(std::move(disk)));
        });
    } else if (verb == "failover") {
        fail_over();
    } else if (verb == "burst") { // that many failovers before the loop has its turn
        for (words >> id; id > 0; --id)
            fail_over();
    } else if (verb == "confirm") { // unit: read again, nothing new
        words >> id;
        const Unit* unit = current_->units.find(id);
        if (!unit) return "no such unit";
        unit->read_times->target_port_groups = kThen + 1'000'000;
    } else if (verb == "settle") { // "now", "hold", "finish" or "fail"
        std::string how;
        words >> how;
        settles_ = how == "now";
        if (how == "finish" || how == "fail") {
            auto waiting = std::move(waiting_);
            waiting_.clear();
            for (auto& done : waiting) {
                if (how == "finish")
                    done(Done{});
                else
                    done(Error{"settle", "udev", "the queue is not empty", ETIMEDOUT});
            }
        }
    } else if (verb == "removal" || verb == "hold" || verb == "free") {
        return jobs.obey(verb, words);
    } else if (verb == "changed") {
        std::printf("changed %u\n", changer.changed);
    } else if (verb == "refreshed") {
        std::printf("refreshed%s\n", refreshed_.c_str());
    } else {
        return "unknown verb";
    }
    return "";
}

int read_line(sd_event_source*, int, std::uint32_t, void* userdata) {
    static std::string pending;
    auto* fake = static_cast<FakeSource*>(userdata);
    char buffer[4096];
    const ssize_t got = read(STDIN_FILENO, buffer, sizeof buffer);
    if (got <= 0) {
        fake->ended = true;
        return 0;
    }
    pending.append(buffer, static_cast<std::size_t>(got));
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
        const std::string trouble = fake->obey(pending.substr(0, end));
        pending.erase(0, end + 1);
        fake->answers += trouble.empty() ? "ok " + std::to_string(fake->snapshot()->generation)
                                         : "error " + trouble;
        fake->answers += '\n';
    }
    return 0;
}

bool all_told(const publish::Publisher& publisher, sd_bus* bus) {
    std::uint64_t queued = 0;
    sd_bus_get_n_queued_write(bus, &queued);
    return queued == 0 && publisher.signals_told();
}

int fail(const char* what, int r) {
    std::fprintf(stderr, "fake-publisher: %s: %s\n", what, std::strerror(-r));
    return 1;
}

} // namespace

int main(int argc, char** argv) {
    daemon::Config::BusLimits limits;
    bus::Gatekeeper::Rules rules;
    for (int n = 1; n + 1 < argc; n += 2) {
        const auto value = std::strtoul(argv[n + 1], nullptr, 10);
        if (!std::strcmp(argv[n], "--managed-objects")) limits.managed_objects = value;
        if (!std::strcmp(argv[n], "--calls-per-sender"))
            limits.calls_per_sender = static_cast<unsigned>(value);
        if (!std::strcmp(argv[n], "--changes-kept"))
            limits.changes_kept = static_cast<unsigned>(value);
        if (!std::strcmp(argv[n], "--owner")) rules.trusted = {static_cast<uid_t>(value)};
        if (!std::strcmp(argv[n], "--questions")) rules.questions = static_cast<unsigned>(value);
        if (!std::strcmp(argv[n], "--questions-per-user"))
            rules.questions_per_user = static_cast<unsigned>(value);
        if (!std::strcmp(argv[n], "--patience")) rules.patience = std::chrono::milliseconds(value);
        if (!std::strcmp(argv[n], "--patience-with-people"))
            rules.patience_with_people = std::chrono::milliseconds(value);
    }
    sd_event* loop_raw = nullptr;
    sd_bus* bus_raw = nullptr;
    int r = sd_event_new(&loop_raw);
    if (r < 0) return fail("event loop", r);
    EventLoop loop(loop_raw);
    r = sd_bus_open_user(&bus_raw);
    if (r < 0) return fail("bus", r);
    Bus bus(bus_raw);
    r = sd_bus_attach_event(bus.get(), loop.get(), SD_EVENT_PRIORITY_NORMAL);
    if (r < 0) return fail("attach", r);
    FakeSource source;
    auto publisher = publish::Publisher::create(
        bus.get(), loop.get(), source, limits, source.changer, [](const auto&) {}, rules);
    if (!publisher) {
        std::fprintf(stderr, "fake-publisher: %s\n", publisher.error().message().c_str());
        return 1;
    }
    auto job_objects = jobs::JobObjects::publish(bus.get(), loop.get(), source.jobs.jobs);
    if (!job_objects) {
        std::fprintf(stderr, "fake-publisher: %s\n", job_objects.error().message().c_str());
        return 1;
    }
    (*publisher)->also_manage([&](publish::BusWriter& out) { (*job_objects)->append_all(out); });
    source.listeners = {publisher->get(), &source.jobs.jobs};
    r = sd_bus_request_name(bus.get(), publish::kBusName, 0);
    if (r < 0) return fail("bus name", r);
    EventSource input;
    sd_event_source* source_raw = nullptr;
    r = sd_event_add_io(loop.get(), &source_raw, STDIN_FILENO, EPOLLIN, read_line, &source);
    if (r < 0) return fail("standard input", r);
    input.reset(source_raw);
    std::printf("ready\n");
    std::fflush(stdout);
    while (r >= 0 && !source.ended) {
        r = sd_event_run(loop.get(), UINT64_MAX);
        if (source.answers.empty() || !all_told(**publisher, bus.get())) continue;
        std::fputs(source.answers.c_str(), stdout);
        std::fflush(stdout);
        source.answers.clear();
    }
    return r < 0 ? fail("loop", r) : 0;
}
