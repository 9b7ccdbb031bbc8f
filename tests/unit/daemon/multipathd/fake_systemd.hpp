// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A bus of its own (dbus-daemon), and a systemd that is played.
#pragma once

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <sys/wait.h>

namespace mpapi::multipathd {

inline constexpr const char* unit_path = "/org/freedesktop/systemd1/unit/multipathd_2eservice";

// A dbus-daemon in a directory of its own, ended with it.
class PrivateBus {
  public:
    PrivateBus() {
        std::string name = (std::filesystem::temp_directory_path() / "mpapi-bus-XXXXXX").string();
        assert_non_null(::mkdtemp(name.data()));
        directory_ = name;
        std::ofstream(directory_ / "bus.conf")
            << "<busconfig><type>session</type><listen>unix:path=" << name
            << "/socket</listen><auth>EXTERNAL</auth><policy context=\"default\">"
               "<allow send_destination=\"*\"/><allow own=\"*\"/><allow receive_sender=\"*\"/>"
               "</policy></busconfig>";
        int ready[2];
        assert_int_equal(::pipe(ready), 0);
        const std::string config = "--config-file=" + name + "/bus.conf";
        const std::string print = "--print-address=" + std::to_string(ready[1]);
        pid_ = ::fork();
        assert_true(pid_ >= 0);
        if (pid_ == 0) {
            ::execlp("dbus-daemon", "dbus-daemon", config.c_str(), "--nofork", "--nopidfile",
                     print.c_str(), nullptr);
            ::_exit(127);
        }
        ::close(ready[1]);
        char byte;
        running_ = ::read(ready[0], &byte, 1) == 1; // its address: it listens
        ::close(ready[0]);
    }
    ~PrivateBus() {
        stop();
        std::filesystem::remove_all(directory_);
    }

    bool running() const { return running_; }
    void stop() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        ::waitpid(std::exchange(pid_, 0), nullptr, 0);
    }
    Bus connect(sd_event* loop) const {
        sd_bus* made = nullptr;
        assert_true(sd_bus_new(&made) >= 0);
        Bus bus(made);
        assert_true(sd_bus_set_address(
                        made, ("unix:path=" + (directory_ / "socket").string()).c_str()) >= 0);
        assert_true(sd_bus_set_bus_client(made, 1) >= 0);
        assert_true(sd_bus_start(made) >= 0);
        assert_true(sd_bus_attach_event(made, loop, 0) >= 0);
        return bus;
    }

  private:
    std::filesystem::path directory_;
    pid_t pid_ = 0;
    bool running_ = false;
};

// As much of systemd as is asked for.
class FakeSystemd {
  public:
    explicit FakeSystemd(Bus bus)
      : bus_(std::move(bus)) {
        static const sd_bus_vtable unit[] = {
            SD_BUS_VTABLE_START(0),
            SD_BUS_PROPERTY("ActiveState", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
            SD_BUS_VTABLE_END};
        static const sd_bus_vtable manager[] = {
            SD_BUS_VTABLE_START(0),
            SD_BUS_METHOD("Subscribe", nullptr, nullptr, subscribe, SD_BUS_VTABLE_UNPRIVILEGED),
            SD_BUS_VTABLE_END};
        assert_true(sd_bus_add_object_vtable(bus_.get(), nullptr, unit_path,
                                             "org.freedesktop.systemd1.Unit", unit, this) >= 0);
        assert_true(sd_bus_add_object_vtable(bus_.get(), nullptr, "/org/freedesktop/systemd1",
                                             "org.freedesktop.systemd1.Manager", manager,
                                             this) >= 0);
        assert_true(sd_bus_request_name(bus_.get(), "org.freedesktop.systemd1", 0) >= 0);
    }

    void set(std::string state) {
        state_ = std::move(state);
        if (subscribers_ > 0)
            assert_true(sd_bus_emit_properties_changed(bus_.get(), unit_path,
                                                       "org.freedesktop.systemd1.Unit",
                                                       "ActiveState", nullptr) >= 0);
    }
    void set_untold(std::string state) { state_ = std::move(state); }
    int subscribers() const { return subscribers_; }
    int gets() const { return gets_; }

  private:
    static int get_state(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                         void* data, sd_bus_error*) {
        auto* self = static_cast<FakeSystemd*>(data);
        ++self->gets_;
        return sd_bus_message_append(reply, "s", self->state_.c_str());
    }
    static int subscribe(sd_bus_message* call, void* data, sd_bus_error*) {
        ++static_cast<FakeSystemd*>(data)->subscribers_;
        return sd_bus_reply_method_return(call, nullptr);
    }

    Bus bus_;
    std::string state_ = "inactive";
    int subscribers_ = 0;
    int gets_ = 0;
};

} // namespace mpapi::multipathd
