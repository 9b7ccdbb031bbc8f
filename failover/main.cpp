// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ipfailoverd: keeps IP addresses that move between nodes, and sends echo requests; on the bus.
#include "common/bus/gatekeeper.hpp"
#include "common/bus/large_calls.hpp"
#include "common/bus/loop_end.hpp"
#include "common/settings/configuration.hpp"
#include "common/system/handle.hpp"
#include "failover/adapters_object.hpp"
#include "failover/address_objects.hpp"
#include "failover/addresses.hpp"
#include "failover/config.hpp"
#include "failover/echo/echoes.hpp"
#include "failover/firewall_object.hpp"
#include "failover/network_object.hpp"

#include <CLI/CLI.hpp>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <pwd.h>
#include <string>
#include <sysexits.h>
#include <vector>

namespace {

using namespace mpapi;

constexpr char kTrustedUser[] = "clusprep"; // asks for the sake of a validation client
constexpr char kFirewallSocket[] = "/run/mpapi-firewall.socket";

int fail(const Error& error, int status = EXIT_FAILURE) {
    std::fprintf(stderr, "ipfailoverd: %s\n", error.message().c_str());
    return status;
}

std::vector<uid_t> trusted() {
    std::vector<uid_t> users{::geteuid()};
    if (const passwd* user = ::getpwnam(kTrustedUser)) users.push_back(user->pw_uid);
    return users;
}

int serve(const failover::Config& config) {
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
    if (auto ends = bus::end_on_signals(loop.get()); !ends) return fail(ends.error());
    if (auto ends = bus::end_without_bus(bus.get(), loop.get()); !ends) return fail(ends.error());

    const auto limit = bus::refuse_large_calls(bus.get());
    if (!limit) return fail(limit.error());
    bus::Gatekeeper gatekeeper(bus.get(), {.trusted = trusted()});
    failover::Echoes echoes(loop.get(), {});
    const auto object = failover::NetworkObject::publish(bus.get(), gatekeeper, echoes, {});
    if (!object) return fail(object.error());
    const auto adapters = failover::AdaptersObject::publish(loop.get(), bus.get());
    if (!adapters) return fail(adapters.error());
    const auto firewall =
        failover::FirewallObject::publish(loop.get(), bus.get(), gatekeeper, kFirewallSocket);
    if (!firewall) return fail(firewall.error());
    // Whom echoes are sent for has no say about addresses.
    bus::Gatekeeper managers(bus.get(), {.trusted = {::geteuid()}});
    const auto objects = failover::AddressObjects::publish(bus.get(), managers, config.defaults);
    if (!objects) return fail(objects.error());
    const auto addresses = failover::Addresses::start(loop.get(), config, (*objects)->events());
    if (!addresses) return fail(addresses.error());
    (*objects)->serve(**addresses);
    // First the name: another instance would take up what is not its own. No call is answered
    // before the loop runs.
    if (const int r = sd_bus_request_name(bus.get(), failover::kNetworkName, 0); r < 0)
        return fail(
            {"own", failover::kNetworkName, r == -EEXIST ? "another instance is running" : "", -r});
    if (auto taken = (*addresses)->take_up(); !taken) return fail(taken.error());
    sd_event_set_watchdog(loop.get(), true);
    sd_notify(0, "READY=1");
    const int code = sd_event_loop(loop.get());
    sd_notify(0, "STOPPING=1");
    if (!config.keep_on_stop && code == EXIT_SUCCESS) (*addresses)->remove_all();
    return code < 0 ? fail({"run", "event loop", "", -code}) : code;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("IP addresses that move between the nodes of a cluster", "ipfailoverd");
    settings::File file{"/etc/mpapi/ipfailoverd.toml"};
    bool check = false;
    app.add_option("--config", file.path, "Configuration file")->capture_default_str();
    app.add_flag("--check", check, "Read the configuration, say what is wrong, and end");
    app.set_version_flag("--version", "ipfailoverd " MPAPI_VERSION);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "ipfailoverd: " + std::string(error.what()) + "; see ipfailoverd --help\n";
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    file.named = app.count("--config") > 0;
    const auto config = settings::load<failover::Config>(file);
    if (!config) return fail(config.error(), EX_CONFIG);
    return check ? EXIT_SUCCESS : serve(*config);
}
