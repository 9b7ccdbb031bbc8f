// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/udev_event.hpp"

#include "tests/unit/daemon/multipathd/fake_systemd.hpp"

#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace mpapi;
using namespace std::chrono_literals;

namespace {

constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";

// systemd, as far as units are started.
class Starter {
  public:
    explicit Starter(Bus bus)
      : bus_(std::move(bus)) {
        static const sd_bus_vtable manager[] = {
            SD_BUS_VTABLE_START(0),
            SD_BUS_METHOD("StartUnit", "ss", "o", start, SD_BUS_VTABLE_UNPRIVILEGED),
            SD_BUS_SIGNAL("JobRemoved", "uoss", 0), SD_BUS_VTABLE_END};
        assert_true(sd_bus_add_object_vtable(bus_.get(), nullptr, manager_path, manager_interface,
                                             manager, this) >= 0);
        assert_true(sd_bus_request_name(bus_.get(), "org.freedesktop.systemd1", 0) >= 0);
    }

    void end(const std::string& job, const std::string& unit, const std::string& how) {
        emit(bus_.get(), job, unit, how);
    }
    static void emit(sd_bus* bus, const std::string& job, const std::string& unit,
                     const std::string& how) {
        assert_true(sd_bus_emit_signal(bus, manager_path, manager_interface, "JobRemoved", "uoss",
                                       7, job.c_str(), unit.c_str(), how.c_str()) >= 0);
    }

    std::vector<std::string> started;
    bool refuses = false;
    std::optional<std::string> ends_first; // says so before it answers

  private:
    static int start(sd_bus_message* call, void* data, sd_bus_error* error) {
        auto* self = static_cast<Starter*>(data);
        const char *unit = nullptr, *mode = nullptr;
        assert_true(sd_bus_message_read(call, "ss", &unit, &mode) >= 0);
        assert_text_equal(mode, "replace");
        self->started.emplace_back(unit);
        if (self->refuses)
            return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "no unit for you");
        const std::string job = "/job/" + std::to_string(self->started.size());
        if (self->ends_first) self->end(job, unit, *self->ends_first);
        return sd_bus_reply_method_return(call, "o", job.c_str());
    }

    Bus bus_;
};

struct World {
    World() {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
        if (!bus.running()) {
            print_message("skipped: no dbus-daemon here\n");
            skip();
        }
        systemd = std::make_unique<Starter>(bus.connect(made));
        ours = bus.connect(made);
        event = std::make_unique<paths::UdevEvent>(ours.get());
    }
    void send(const std::string& device) {
        event->send(device, [this](Status status) {
            ended.push_back(status ? "done" : status.error().message());
        });
    }
    void run(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) fail_msg("nothing happened for 10 s");
            assert_true(sd_event_run(loop.get(), 100'000) >= 0);
        }
    }
    void run_dry() {
        while (sd_event_run(loop.get(), 200'000) > 0) {
        }
    }

    EventLoop loop;
    multipathd::PrivateBus bus;
    std::unique_ptr<Starter> systemd;
    Bus ours;
    std::unique_ptr<paths::UdevEvent> event;
    std::vector<std::string> ended;
};

constexpr const char* sdc_unit = "mpapi-disk-changed@sdc.service";

void it_ends_with_the_units_job(void**) {
    World world;
    world.send("sdc");
    world.run([&] { return !world.systemd->started.empty(); });
    assert_text_equal(world.systemd->started[0], sdc_unit);
    world.run_dry();
    assert_true(world.ended.empty());
    // Another job, another unit.
    world.systemd->end("/job/9", sdc_unit, "done");
    world.systemd->end("/job/1", "mpapi-disk-changed@sdd.service", "done");
    world.run_dry();
    assert_true(world.ended.empty());
    world.systemd->end("/job/1", sdc_unit, "done");
    world.run([&] { return !world.ended.empty(); });
    assert_text_equal(world.ended[0], "done");
}

void a_job_may_end_before_it_is_named(void**) {
    World world;
    world.systemd->ends_first = "done";
    world.send("sdc");
    world.run([&] { return !world.ended.empty(); });
    assert_text_equal(world.ended[0], "done");
}

void one_goes_after_the_other(void**) {
    World world;
    world.send("sdc");
    world.send("sdd");
    world.run([&] { return !world.systemd->started.empty(); });
    world.run_dry();
    assert_int_equal(world.systemd->started.size(), 1);
    world.systemd->end("/job/1", sdc_unit, "timeout");
    world.run([&] { return world.systemd->started.size() == 2; });
    assert_contains(world.ended[0], "systemd says \"timeout\"");
    world.systemd->end("/job/2", "mpapi-disk-changed@sdd.service", "done");
    world.run([&] { return world.ended.size() == 2; });
    assert_text_equal(world.ended[1], "done");
}

void what_systemd_refuses_is_told(void**) {
    World world;
    world.systemd->refuses = true;
    world.send("sdc");
    world.run([&] { return !world.ended.empty(); });
    assert_contains(world.ended[0], "no unit for you");
}

void nobody_else_ends_it(void**) {
    World world;
    const Bus forger = world.bus.connect(world.loop.get());
    world.send("sdc");
    world.run([&] { return !world.systemd->started.empty(); });
    Starter::emit(forger.get(), "/job/1", sdc_unit, "done");
    world.run_dry();
    assert_true(world.ended.empty());
    world.systemd->end("/job/1", sdc_unit, "done");
    world.run([&] { return !world.ended.empty(); });
}

void a_map_s_name_is_one_too(void**) {
    World world;
    world.send("dm-3");
    world.run([&] { return !world.systemd->started.empty(); });
    assert_text_equal(world.systemd->started[0], "mpapi-disk-changed@dm-3.service");
}

void what_is_no_name_of_a_disk_starts_nothing(void**) {
    World world;
    for (const char* name : {"", "../sdc", "sd c", "sd@", "sd%i", "sdc.service", "SDC", "-dm"})
        world.send(name);
    world.run_dry();
    assert_int_equal(world.ended.size(), 8);
    for (const std::string& text : world.ended)
        assert_true(text != "done");
    assert_true(world.systemd->started.empty());
    paths::UdevEvent without(nullptr);
    bool failed = false;
    without.send("sdc", [&](Status status) { failed = !status; });
    assert_true(failed);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_with_the_units_job),
        cmocka_unit_test(a_job_may_end_before_it_is_named),
        cmocka_unit_test(one_goes_after_the_other),
        cmocka_unit_test(what_systemd_refuses_is_told),
        cmocka_unit_test(nobody_else_ends_it),
        cmocka_unit_test(a_map_s_name_is_one_too),
        cmocka_unit_test(what_is_no_name_of_a_disk_starts_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
