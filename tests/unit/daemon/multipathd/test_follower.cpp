// SPDX-License-Identifier: LGPL-2.1-or-later
//
// multipathd, systemd and the files are played; the bus, the socket and inotify are real.
#include "daemon/multipathd/follower.hpp"
#include "tests/unit/daemon/multipathd/fake_systemd.hpp"
#include "tests/unit/daemon/multipathd/peer.hpp"
#include "tests/unit/daemon/multipathd/temporary_root.hpp"

#include <chrono>
#include <mutex>
#include <vector>

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

std::string configuration(const std::string& retry) {
    return "defaults {\n\tfind_multipaths \"off\"\n\tuid_attribute \"ID_SERIAL\"\n}\n"
           "blacklist {\n\twwid \"36001405bad\"\n}\n"
           "overrides {\n\tno_path_retry " +
           retry + "\n}\n";
}

// Answers as it is told, and remembers what it was asked.
class FakeMultipathd {
  public:
    FakeMultipathd()
      : peer_([this](int fd, const std::string& command) { talk(fd, command); }) {}

    const std::string& address() const { return peer_.address(); }
    void says(const std::string& config) {
        const std::lock_guard lock(mutex_);
        config_ = config;
    }
    // What happens on the socket instead of an answer: "hang", "close", "lie".
    void behaves(const std::string& how) {
        const std::lock_guard lock(mutex_);
        behaviour_ = how;
    }
    std::size_t asked(const std::string& command) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(asked_.begin(), asked_.end(), command));
    }
    std::size_t asked() const {
        const std::lock_guard lock(mutex_);
        return asked_.size();
    }

  private:
    void talk(int fd, const std::string& command) {
        std::string text, how;
        {
            const std::lock_guard lock(mutex_);
            asked_.push_back(command);
            how = behaviour_;
            text = command == "show config" ? config_
                                            : "available block devices:\n"
                                              "    sdb devnode whitelisted, monitored\n"
                                              "    sdz devnode whitelisted, monitored\n";
        }
        if (how == "hang") return hold(fd);
        if (how == "close") return;
        if (how == "lie") return put_length(fd, std::size_t{1} << 40U);
        reply(fd, text);
    }

    mutable std::mutex mutex_;
    std::string config_ = configuration("12");
    std::string behaviour_;
    std::vector<std::string> asked_;
    Peer peer_; // the last: its thread uses the others
};

class Witness final : public daemon::PolicyObserver, public daemon::ModelSource {
  public:
    void set_path_manager(const std::string& name, const std::string& why) override {
        manager = name;
        reason = why;
        ++told;
    }
    void policy_changed() override { ++changed; }
    void exclusions_changed() override { ++exclusions; }
    model::SnapshotPtr snapshot() const override { return model; }
    daemon::WorkCounters counters() const override { return {}; }
    void settle(std::chrono::milliseconds, std::function<void(Status)>) override {}
    void refresh(model::Sequence) override {}
    void look_again(model::Sequence) override {}

    std::string manager, reason;
    int told = 0, changed = 0, exclusions = 0;
    std::shared_ptr<model::Snapshot> model = std::make_shared<model::Snapshot>();
};

struct World {
    explicit World(daemon::ManagerMode wanted = daemon::ManagerMode::Auto)
      : mode(wanted) {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
        if (!bus.running()) {
            print_message("skipped: no dbus-daemon here\n");
            skip();
        }
        systemd = std::make_unique<FakeSystemd>(bus.connect(made));
        ours = bus.connect(made);
        witness.model->generation = 1;
        model::Disk disk;
        disk.device = "sdb";
        witness.model->disks.put(std::make_shared<const model::Disk>(disk));
        options.client.addresses = {multipathd.address()};
        options.client.peer = geteuid();
        options.root = root.path();
        options.files_settle = options.unit_settle = options.disks_settle = 5ms;
        options.config_interval = options.devices_interval = 20ms;
        options.first_retry = 20ms;
        options.patience = 100ms;
    }
    void start() {
        follower = std::make_unique<Follower>(loop.get(), ours.get(), mode, policy, witness,
                                              witness, options);
        assert_ok(follower->start());
    }
    void run(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end)
                fail_msg("nothing happened for 10 s; path manager %s (%s), no_path_retry %s",
                         witness.manager.c_str(), witness.reason.c_str(), retry().value.c_str());
            assert_true(sd_event_run(loop.get(), 100'000) >= 0);
        }
    }
    // Until nothing has happened for as long as anything here waits at most.
    void run_dry() {
        while (true) {
            const int events = sd_event_run(loop.get(), 300'000);
            assert_true(events >= 0);
            if (events == 0) return;
        }
    }

    model::Setting retry() {
        model::LogicalUnit unit;
        unit.uuid = "mpath-36001405a";
        unit.vendor = "LIO-ORG";
        unit.product = "disk0";
        const auto settings = policy.settings(unit, model::Transport::Iscsi);
        for (const auto& setting : *settings)
            if (setting.name == "no_path_retry") return setting;
        return {};
    }
    std::string exclusion(const std::string& wwid) {
        model::Disk disk;
        disk.device = "sdb";
        daemon::UdevFacts udev;
        udev.serial = wwid;
        udev.property_names = std::make_shared<const std::vector<std::string>>();
        return policy.exclusion({disk, {}, {}, 1, 0, &udev}).reason;
    }

    daemon::ManagerMode mode;
    EventLoop loop;
    PrivateBus bus;
    std::unique_ptr<FakeSystemd> systemd;
    Bus ours;
    TemporaryRoot root;
    FakeMultipathd multipathd;
    MultipathdPolicy policy;
    Witness witness;
    Follower::Options options;
    std::unique_ptr<Follower> follower;
};

constexpr const char* main_file = "etc/multipath.conf";

void a_running_multipathd_is_the_manager_and_its_settings_count(void**) {
    World world;
    world.root.write(main_file, "# ours\noverrides {\n  no_path_retry 12\n}\n");
    world.systemd->set("active");
    world.start();
    assert_text_equal(world.witness.manager, "observe"); // until it is known
    world.run([&] { return world.retry().value == "12"; });
    assert_text_equal(world.witness.manager, "multipathd");
    assert_text_equal(world.witness.reason, "multipathd.service is active");
    assert_text_equal(world.retry().section, "overrides");
    assert_text_equal(world.retry().file, "/etc/multipath.conf");
    assert_int_equal(world.retry().line, 3);
    assert_text_equal(world.exclusion("36001405bad"), "wwid-blacklisted");
    world.run([&] { return world.multipathd.asked("show devices") == 1; });
}

void nothing_is_asked_while_it_does_not_run(void**) {
    World world;
    world.root.write(main_file, "overrides {\n  no_path_retry 12\n}\n");
    world.start();
    world.run([&] { return world.witness.reason == "multipathd.service is inactive"; });
    assert_text_equal(world.witness.manager, "observe");
    world.follower->ask_again();
    world.root.write(main_file, "overrides {\n  no_path_retry 13\n}\n");
    world.systemd->set("activating");
    world.run([&] { return world.witness.reason == "multipathd.service is activating"; });
    world.run_dry();
    assert_int_equal(world.multipathd.asked(), 0);
    assert_text_equal(world.retry().section, "table");
    assert_text_equal(world.exclusion("36001405a"), "no-manager");
}

void stopping_and_starting_is_followed(void**) {
    World world;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    world.systemd->set("inactive");
    world.run([&] { return world.witness.manager == "observe"; });
    assert_text_equal(world.witness.reason, "multipathd.service is inactive");
    assert_text_equal(world.retry().section, "table");
    world.run_dry();
    const std::size_t before = world.multipathd.asked();
    world.follower->ask_again();
    world.run_dry();
    assert_int_equal(world.multipathd.asked(), before);

    world.multipathd.says(configuration("24"));
    world.systemd->set("active");
    world.run([&] { return world.retry().value == "24"; });
    assert_text_equal(world.witness.manager, "multipathd");
}

// systemctl stop while an answer is under way: what waits must not start it again.
void a_stop_drops_what_was_asked(void**) {
    World world;
    world.options.patience = 10s;
    world.multipathd.behaves("hang");
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.multipathd.asked() == 1; });
    world.systemd->set("deactivating");
    world.run([&] { return world.witness.manager == "observe"; });
    world.run_dry();
    assert_int_equal(world.multipathd.asked(), 1);
}

// Its signal may be late: a connection made meanwhile would be left in the socket, and start it.
void a_question_asks_first_whether_it_still_runs(void**) {
    World world;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.multipathd.asked("show devices") == 1; });
    world.run_dry();
    const std::size_t before = world.multipathd.asked();
    world.systemd->set_untold("deactivating");
    world.follower->ask_again();
    world.run([&] { return world.witness.manager == "observe"; });
    world.run_dry();
    assert_int_equal(world.multipathd.asked(), before);
}

void a_changed_file_is_held_against_what_is_loaded(void**) {
    World world;
    world.root.write(main_file, "overrides {\n  no_path_retry 12\n}\n");
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    world.root.write(main_file, "overrides {\n\n  no_path_retry 99\n}\n");
    world.run([&] { return world.retry().line == 3; });
    assert_text_equal(world.retry().value, "12");
    assert_text_equal(world.retry().written, "99");
    assert_true(world.retry().note.find("something else") != std::string::npos);
}

void a_directory_that_comes_later_is_seen(void**) {
    World world;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    world.root.write("etc/multipath/conf.d/site.conf", "overrides {\n  no_path_retry 12\n}\n");
    world.run([&] { return world.retry().file == "/etc/multipath/conf.d/site.conf"; });
    world.root.write("etc/multipath/conf.d/site.conf", "\noverrides {\n  no_path_retry 12\n}\n");
    world.run([&] { return world.retry().line == 3; });
    world.root.remove("etc/multipath");
    world.run([&] { return world.retry().file.empty(); });
    world.root.write("etc/multipath/conf.d/again.conf", "overrides {\n  no_path_retry 12\n}\n");
    world.run([&] { return world.retry().file == "/etc/multipath/conf.d/again.conf"; });
}

void a_failed_map_is_seen(void**) {
    World world;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    assert_text_equal(world.exclusion("36001405a"), "unknown");
    world.root.write("run/multipath/failed_wwids/36001405a", "");
    world.run([&] { return world.exclusion("36001405a") == "map-failed"; });
    assert_true(world.witness.exclusions > 0);
    world.root.remove("run/multipath/failed_wwids/36001405a");
    world.run([&] { return world.exclusion("36001405a") == "unknown"; });
}

// `multipathd reconfigure`: systemd tells of the unit, whose state stays.
void a_reconfigure_is_seen_by_what_systemd_tells_of_the_unit(void**) {
    World world;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    world.run_dry();
    world.multipathd.says(configuration("24"));
    world.systemd->set("active");
    world.run([&] { return world.retry().value == "24"; });

    world.run_dry();
    const int changes = world.witness.changed;
    const std::size_t asked = world.multipathd.asked("show config");
    world.systemd->set("active"); // with nothing new
    world.run([&] { return world.multipathd.asked("show config") > asked; });
    world.run_dry();
    assert_int_equal(world.witness.changed, changes);
}

void many_signals_make_few_requests(void**) {
    World world;
    world.options.config_interval = 500ms;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    world.run_dry();
    const std::size_t before = world.multipathd.asked();
    const int gets = world.systemd->gets();
    for (int i = 0; i < 100; ++i)
        world.systemd->set("active");
    world.run([&] { return world.systemd->gets() > gets; });
    world.run([&] { return world.multipathd.asked() > before; });
    world.run_dry();
    assert_in_range(world.multipathd.asked() - before, 1, 2);
}

void without_an_answer_the_files_speak_and_it_is_asked_again(void**) {
    for (const char* how : {"hang", "close", "lie"}) {
        World world;
        world.root.write(main_file, "overrides {\n  no_path_retry 7\n}\n");
        world.multipathd.behaves(how);
        world.systemd->set("active");
        world.start();
        world.run([&] { return world.retry().value == "7"; });
        assert_text_equal(world.retry().file, "/etc/multipath.conf");
        assert_text_equal(world.witness.manager, "multipathd");
        world.multipathd.behaves("");
        world.run([&] { return world.retry().value == "12"; });
    }
}

void a_reply_of_nonsense_changes_no_more_than_values(void**) {
    World world;
    world.multipathd.says("}}}\n{\xff\xfe\ndefaults {\ndevices {\n device {\n vendor \"((((\"\n"
                          "overrides {\n no_path_retry \"\xff\"");
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.multipathd.asked("show devices") == 1; });
    world.retry();
    world.exclusion("36001405a");
    world.multipathd.says(configuration("24"));
    world.systemd->set("active");
    world.run([&] { return world.retry().value == "24"; });
}

void a_disk_without_a_map_makes_one_request(void**) {
    World world;
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.multipathd.asked("show devices") == 1; });
    world.run_dry();
    auto before = std::make_shared<model::Snapshot>(*world.witness.model);
    const model::Disk disk = *world.witness.model->disks.begin();
    const auto tell = [&](const model::Disk* was, const model::Disk* is) {
        world.follower->model_changed(before, before, {model::Difference<model::Disk>{was, is}},
                                      {});
    };
    tell(&disk, &disk); // what is told of it changed: that may be our own doing
    world.run_dry();
    assert_int_equal(world.multipathd.asked("show devices"), 1);
    for (int i = 0; i < 100; ++i)
        tell(nullptr, &disk);
    world.run([&] { return world.multipathd.asked("show devices") == 2; });
    world.run_dry();
    assert_int_equal(world.multipathd.asked("show devices"), 2);
}

void a_configuration_that_forces_observe_still_learns_the_settings(void**) {
    World world(daemon::ManagerMode::Observe);
    world.systemd->set("active");
    world.start();
    world.run([&] { return world.retry().value == "12"; });
    assert_text_equal(world.witness.manager, "observe");
    assert_int_equal(world.witness.told, 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_running_multipathd_is_the_manager_and_its_settings_count),
        cmocka_unit_test(nothing_is_asked_while_it_does_not_run),
        cmocka_unit_test(stopping_and_starting_is_followed),
        cmocka_unit_test(a_stop_drops_what_was_asked),
        cmocka_unit_test(a_question_asks_first_whether_it_still_runs),
        cmocka_unit_test(a_changed_file_is_held_against_what_is_loaded),
        cmocka_unit_test(a_directory_that_comes_later_is_seen),
        cmocka_unit_test(a_failed_map_is_seen),
        cmocka_unit_test(a_reconfigure_is_seen_by_what_systemd_tells_of_the_unit),
        cmocka_unit_test(many_signals_make_few_requests),
        cmocka_unit_test(without_an_answer_the_files_speak_and_it_is_asked_again),
        cmocka_unit_test(a_reply_of_nonsense_changes_no_more_than_values),
        cmocka_unit_test(a_disk_without_a_map_makes_one_request),
        cmocka_unit_test(a_configuration_that_forces_observe_still_learns_the_settings),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
