// SPDX-License-Identifier: LGPL-2.1-or-later
//
// istd: answers who looks for block storage on the network, and looks for it (MS-ISTD).
#include "common/bus/gatekeeper.hpp"
#include "common/bus/large_calls.hpp"
#include "common/bus/loop_end.hpp"
#include "common/settings/configuration.hpp"
#include "common/system/handle.hpp"
#include "common/text/printable.hpp"
#include "discovery/bus/discovery_object.hpp"
#include "discovery/bus/names.hpp"
#include "discovery/client/discover.hpp"
#include "discovery/command_line.hpp"
#include "discovery/config.hpp"
#include "discovery/exchange.hpp"
#include "discovery/host/block_storage.hpp"
#include "discovery/host/names.hpp"
#include "discovery/network/link_watch.hpp"
#include "discovery/network/transport.hpp"
#include "discovery/search/searches.hpp"
#include "discovery/service/responder.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sysexits.h>
#include <unistd.h>

namespace {

using namespace mpapi;
using namespace mpapi::discovery;
using Clock = std::chrono::steady_clock;

int fail(const Error& error, int status = EXIT_FAILURE) {
    std::fprintf(stderr, "istd: %s\n", error.message().c_str());
    return status;
}

void warn(const std::string& line) {
    std::fprintf(stderr, SD_WARNING "%s\n", printable(line).c_str());
}

// UDP port 138 from the service manager, or none.
Result<Fd> given_socket() {
    const int count = sd_listen_fds(1);
    if (count < 0) return Error{"take over", "sockets of the service manager", "", -count};
    if (count == 0) return Fd();
    Fd socket(SD_LISTEN_FDS_START);
    if (count > 1 || sd_is_socket_inet(socket.get(), AF_INET, SOCK_DGRAM, 0, 0) <= 0)
        return Error{"take over", "sockets of the service manager",
                     "expected one UDP socket of IPv4"};
    return socket;
}

int serve(const Config& config) {
    auto given = given_socket();
    if (!given) return fail(given.error());
    sd_event* raw_loop = nullptr;
    if (const int r = sd_event_default(&raw_loop); r < 0)
        return fail({"create", "event loop", "", -r});
    const EventLoop loop(raw_loop);
    if (auto ends = bus::end_on_signals(loop.get()); !ends) return fail(ends.error());
    sd_bus* raw_bus = nullptr;
    if (const int r = sd_bus_open_system(&raw_bus); r < 0)
        return fail({"connect to", "system bus", "is dbus.service running?", -r});
    const Bus bus(raw_bus);
    if (const int r = sd_bus_attach_event(bus.get(), loop.get(), SD_EVENT_PRIORITY_NORMAL); r < 0)
        return fail({"attach", "system bus", "", -r});
    sd_bus_set_close_on_exit(bus.get(), false);
    if (auto ends = bus::end_without_bus(bus.get(), loop.get()); !ends) return fail(ends.error());

    const auto now = [] { return Clock::now(); };
    HostNames names({.smb_conf = config.smb_conf}, config.name, config.workgroups, now);
    BlockStorage storage(config.targets, now);
    const auto serving = [&] {
        return config.answer == Config::Answer::Always ||
               (config.answer == Config::Answer::Auto && storage.served());
    };
    Responder responder(config.limits, config.beyond_network, {now, serving});
    Searches searches({now, [] { return std::chrono::system_clock::now(); }});
    std::unique_ptr<Transport> transport;
    Exchange exchange(responder, searches, {config.interfaces, config.beyond_network},
                      {now, [&]() -> const Names& { return names.names(); },
                       [&](OctetView packet, std::uint32_t to, int interface, std::uint32_t from) {
                           return transport->send(packet, to, interface, from);
                       },
                       warn});

    std::unique_ptr<DiscoveryObject> object;
    std::unique_ptr<LinkWatch> links;
    const auto follow_links = [&] {
        const auto before = exchange.interfaces();
        exchange.links_changed(links->all());
        if (object && exchange.interfaces() != before) object->interfaces_changed();
    };
    auto watching = LinkWatch::start(loop.get(), follow_links);
    if (!watching) return fail(watching.error());
    links = *std::move(watching);
    follow_links();
    const auto tell_transport = [&] {
        if (!transport) return; // told below
        const auto& state = transport->state();
        if (state.way == std::string_view("off") && state.decided)
            warn("no mail is exchanged: " + state.reason);
        sd_notifyf(0, "STATUS=%s%s%s", state.way, state.reason.empty() ? "" : ": ",
                   printable(state.reason).c_str());
        if (object) object->transport_changed();
    };
    auto started = Transport::start(
        loop.get(), config.transport, *std::move(given),
        {[&](const Arrival& arrival) { exchange.arrived(arrival); }, tell_transport});
    if (!started) return fail(started.error());
    transport = *std::move(started);
    tell_transport();

    const auto limit = bus::refuse_large_calls(bus.get());
    if (!limit) return fail(limit.error());
    bus::Gatekeeper gatekeeper(bus.get(), {.trusted = {::geteuid()}});
    auto published =
        DiscoveryObject::publish(bus.get(), loop.get(),
                                 {gatekeeper, searches, exchange,
                                  [&]() -> const Transport::State& { return transport->state(); },
                                  [&]() -> const Names& { return names.names(); }, serving});
    if (!published) return fail(published.error());
    object = *std::move(published);
    if (const int r = sd_bus_request_name(bus.get(), kDiscoveryName, 0); r < 0)
        return fail({"own", kDiscoveryName, r == -EEXIST ? "another instance is running" : "", -r});
    sd_event_set_watchdog(loop.get(), true);
    sd_notify(0, "READY=1");
    const int code = sd_event_loop(loop.get());
    sd_notify(0, "STOPPING=1");
    if (code == EXIT_FAILURE) return fail({"use", "system bus", "the connection was lost"});
    return code < 0 ? fail({"run", "event loop", "", -code}) : code;
}

} // namespace

int main(int argc, char** argv) {
    const auto called = read_command_line(argc, argv);
    if (const int* const code = std::get_if<int>(&called)) return *code;
    const auto& line = std::get<CommandLine>(called);
    if (line.discover) return discover(*line.discover);

    const auto config = settings::load<Config>(line.config);
    if (!config) return fail(config.error(), EX_CONFIG);
    return line.check ? EXIT_SUCCESS : serve(*config);
}
