// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ipfailoverd: has the right to raw sockets and serves it on the bus, one echo at a time.
#include "common/bus/gatekeeper.hpp"
#include "common/system/handle.hpp"
#include "failover/echo/echoes.hpp"
#include "failover/network_object.hpp"

#include <CLI/CLI.hpp>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <pwd.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace mpapi;

constexpr char kTrustedUser[] = "clusprep"; // asks for the sake of a validation client

int fail(const Error& error) {
    std::fprintf(stderr, "ipfailoverd: %s\n", error.message().c_str());
    return EXIT_FAILURE;
}

std::vector<uid_t> trusted() {
    std::vector<uid_t> users{::geteuid()};
    if (const passwd* user = ::getpwnam(kTrustedUser)) users.push_back(user->pw_uid);
    return users;
}

Status watch_signals(sd_event* loop) {
    for (const int number : {SIGTERM, SIGINT}) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, number);
        if (sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return Error{"block", "signal", "", errno};
        // Without a handler the loop ends.
        if (const int r = sd_event_add_signal(loop, nullptr, number, nullptr, nullptr); r < 0)
            return Error{"watch", "signal", "", -r};
    }
    return Done{};
}

// Without the bus nobody reaches us: end, and be started again by the next call.
Status watch_bus(sd_bus* bus, sd_event* loop) {
    const auto lost = [](sd_bus_message*, void* userdata, sd_bus_error*) {
        sd_event_exit(static_cast<sd_event*>(userdata), EXIT_FAILURE);
        return 0;
    };
    const int r = sd_bus_match_signal_async(bus, nullptr, "org.freedesktop.DBus.Local", nullptr,
                                            "org.freedesktop.DBus.Local", "Disconnected", lost,
                                            nullptr, loop);
    if (r < 0) return Error{"watch", "system bus", "", -r};
    return Done{};
}

int serve() {
    sd_event* raw_loop = nullptr;
    if (const int r = sd_event_default(&raw_loop); r < 0)
        return fail({"create", "event loop", "", -r});
    const EventLoop loop(raw_loop);
    sd_bus* raw_bus = nullptr;
    if (const int r = sd_bus_open_system(&raw_bus); r < 0)
        return fail({"connect to", "system bus", "is dbus.service running?", -r});
    const Bus bus(raw_bus);
    if (const int r = sd_bus_attach_event(bus.get(), loop.get(), SD_EVENT_PRIORITY_NORMAL); r < 0)
        return fail({"attach", "system bus", "", -r});
    sd_bus_set_close_on_exit(bus.get(), false);
    if (auto watched = watch_signals(loop.get()); !watched) return fail(watched.error());
    if (auto watched = watch_bus(bus.get(), loop.get()); !watched) return fail(watched.error());

    bus::Gatekeeper gatekeeper(bus.get(), {.trusted = trusted()});
    failover::Echoes echoes(loop.get(), {});
    const auto object = failover::NetworkObject::publish(bus.get(), gatekeeper, echoes, {});
    if (!object) return fail(object.error());
    if (const int r = sd_bus_request_name(bus.get(), failover::kNetworkName, 0); r < 0)
        return fail(
            {"own", failover::kNetworkName, r == -EEXIST ? "another instance is running" : "", -r});
    sd_event_set_watchdog(loop.get(), true);
    sd_notify(0, "READY=1");
    const int code = sd_event_loop(loop.get());
    sd_notify(0, "STOPPING=1");
    return code < 0 ? fail({"run", "event loop", "", -code}) : code;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("ICMP echo for the programs of a cluster node", "ipfailoverd");
    app.set_version_flag("--version", "ipfailoverd " MPAPI_VERSION);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "ipfailoverd: " + std::string(error.what()) + "; see ipfailoverd --help\n";
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return serve();
}
