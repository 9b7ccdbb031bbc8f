// SPDX-License-Identifier: LGPL-2.1-or-later
//
// clusprepd: failover-cluster set-up and validation for this machine (MS-CSVP).
#include "clusprep/audit.hpp"
#include "clusprep/config.hpp"
#include "clusprep/dcom/listening.hpp"
#include "clusprep/dcom/local_addresses.hpp"
#include "clusprep/dcom/server.hpp"
#include "clusprep/interfaces/classes.hpp"
#include "clusprep/node/cleanup/loop_timers.hpp"
#include "clusprep/node/disks/bus_disks.hpp"
#include "clusprep/node/linux_node.hpp"
#include "clusprep/release_disks.hpp"
#include "clusprep/rpc/auth/acceptors.hpp"
#include "clusprep/rpc/auth/accounts/command.hpp"
#include "clusprep/rpc/auth/allow_list.hpp"
#include "common/settings/configuration.hpp"
#include "common/system/handle.hpp"

#include <CLI/CLI.hpp>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace mpapi;

constexpr std::uint16_t kResolverPort = 135;
// The copy of the accounts, which are root's, that the unit makes at the start and at a reload.
constexpr char kServiceAccounts[] = "/run/clusprep/accounts";
constexpr int kKeptMemory = 16 << 20;
constexpr std::uint64_t kSummingUp = 10'000'000;
constexpr std::uint64_t kStopPatience = 30'000'000; // for disks to be given back

int fail(const Error& error, int status = EXIT_FAILURE) {
    std::fprintf(stderr, "clusprepd: %s\n", error.message().c_str());
    return status;
}

void random_bytes(std::span<std::uint8_t> bytes) {
    // A machine without randomness must not hand out numbers that can be guessed.
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        std::abort();
}

std::string host_name() {
    char name[256] = "";
    if (::gethostname(name, sizeof name - 1) < 0) return "localhost";
    return name;
}

// A file that the service manager handed to us; "" where it did not.
std::string credential(const char* name) {
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (directory == nullptr) return {};
    const std::string path = std::string(directory) + "/" + name;
    return ::access(path.c_str(), R_OK) == 0 ? path : std::string();
}

rpc::AcceptorSettings security_of(const clusprep::Config& config) {
    const auto& wanted = config.authentication;
    rpc::AcceptorSettings settings;
    settings.accounts = !wanted.accounts.empty() ? wanted.accounts : credential("accounts");
    if (settings.accounts.empty())
        settings.accounts = ::geteuid() == 0 ? rpc::AccountCommand::kDefaultFile : kServiceAccounts;
    settings.keytab = !wanted.keytab.empty() ? wanted.keytab : credential("keytab");
    settings.ntlm = wanted.ntlm;
    settings.kerberos = wanted.kerberos;
    settings.winbind = wanted.winbind;
    settings.host_name = host_name();
    settings.domain = wanted.domain;
    return settings;
}

// Port 135 from the service manager, else on the configured addresses.
Result<std::vector<Fd>> resolver_sockets(const clusprep::Config& config) {
    const int count = sd_listen_fds(1);
    if (count < 0) return Error{"take over", "sockets of the service manager", "", -count};
    std::vector<Fd> sockets;
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) {
        if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
            return Error{"take over", "sockets of the service manager",
                         "expected listening TCP sockets"};
        sockets.emplace_back(fd);
    }
    if (!sockets.empty()) return sockets;
    return dcom::listen_on_all(config.listen, kResolverPort);
}

Result<std::uint16_t> port_of(const Fd& socket) {
    sockaddr_in6 address{}; // the port stands at the same place in sockaddr_in
    socklen_t size = sizeof address;
    if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) < 0)
        return Error{"look at", "listening socket", "", errno};
    return ntohs(address.sin6_port);
}

node::LinuxNode::Options node_options(const clusprep::Config& config, std::uint16_t port) {
    node::LinuxNode::Options options;
    options.state_directory = config.state_directory;
    options.full_name = config.full_name;
    options.cluster_service = config.cluster_service;
    options.ports = {kResolverPort, port};
    options.logs.share = config.logs.share;
    options.logs.directory = config.logs.directory;
    options.logs.host = host_name();
    options.logs.units = config.logs.units;
    options.logs.span = config.logs.span;
    return options;
}

// Neither mpapid nor anybody else answers without the bus: end, and be started again. The bus has
// let go of its loop by then.
Status end_without(sd_bus* bus, sd_event* loop) {
    const auto lost = [](sd_bus_message*, void* data, sd_bus_error*) {
        std::fprintf(stderr, "clusprepd: the connection to the system bus was lost\n");
        return sd_event_exit(static_cast<sd_event*>(data), EXIT_FAILURE);
    };
    const int r = sd_bus_match_signal_async(bus, nullptr, "org.freedesktop.DBus.Local", nullptr,
                                            "org.freedesktop.DBus.Local", "Disconnected", lost,
                                            nullptr, loop);
    if (r < 0) return Error{"watch", "system bus", "", -r};
    return Done{};
}

int sum_up(sd_event_source* timer, std::uint64_t, void* data) {
    static_cast<clusprep::Audit*>(data)->sum_up();
    sd_event_source_set_time_relative(timer, kSummingUp);
    return sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

Status sum_up_each_while(sd_event* loop, clusprep::Audit& audit) {
    const int r = sd_event_add_time_relative(loop, nullptr, CLOCK_MONOTONIC, kSummingUp,
                                             kSummingUp / 5, sum_up, &audit);
    if (r < 0) return Error{"add", "timer", "", -r};
    return Done{};
}

struct Stop {
    dcom::Server* server = nullptr;
    bool begun = false;
};

// Every object gives back its disks before we go, as if its client had gone.
int stop(sd_event_source* source, const signalfd_siginfo*, void* data) {
    auto& stop = *static_cast<Stop*>(data);
    sd_event* loop = sd_event_source_get_event(source);
    if (stop.begun) return sd_event_exit(loop, EXIT_FAILURE); // asked twice
    stop.begun = true;
    sd_notify(0, "STOPPING=1");
    sd_event_add_time_relative(
        loop, nullptr, CLOCK_MONOTONIC, kStopPatience, 0,
        [](sd_event_source* timer, std::uint64_t, void*) {
            return sd_event_exit(sd_event_source_get_event(timer), EXIT_FAILURE);
        },
        nullptr);
    stop.server->stop([loop] { sd_event_exit(loop, EXIT_SUCCESS); });
    return 0;
}

// Who may call is read anew, and with it nothing else. Accounts are, when somebody logs on.
struct Reload {
    const settings::File& file;
    rpc::AllowList& allow;
    clusprep::Audit& audit;
};

int reload(sd_event_source*, const signalfd_siginfo*, void* data) {
    const auto& reload = *static_cast<Reload*>(data);
    auto config = settings::load<clusprep::Config>(reload.file);
    if (!config) {
        reload.audit.note(LOG_ERR, config.error().message() + "; what was read before holds");
        return 0;
    }
    reload.allow = std::move(config->allow);
    reload.audit.note(LOG_NOTICE, "who may call was read anew");
    return 0;
}

int serve(const clusprep::Config& config, const settings::File& file) {
    // Secrets are in our memory: no core, and nobody looks into it but root (prctl(2)).
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    // Answers of raw reads are a megabyte, in several buffers: memory that goes back to the kernel
    // after each would be cleared anew, page by page, for the next.
    ::mallopt(M_MMAP_THRESHOLD, kKeptMemory);
    ::mallopt(M_TRIM_THRESHOLD, kKeptMemory);
    auto resolver = resolver_sockets(config);
    if (!resolver) return fail(resolver.error());
    auto exporter = dcom::listen_on_all(config.listen, config.port);
    if (!exporter) return fail(exporter.error());
    const auto port = port_of(exporter->front());
    if (!port) return fail(port.error());

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
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
    if (auto watched = end_without(bus.get(), loop.get()); !watched) return fail(watched.error());

    node::BusDisks disks(bus.get());
    // Names of classes are known once there are classes, which report to the audit already.
    std::unique_ptr<clusprep::Audit> audit;
    node::LinuxNode node(
        loop.get(), bus.get(), disks,
        [&](node::Cleanup::Then then) { clusprep::release_disks(disks, std::move(then)); },
        node_options(config, *port),
        [&](int priority, const std::string& text) { audit->note(priority, text); });
    csvp::Options options;
    options.partition_base = config.partition_base;
    options.write_anywhere = config.write_anywhere;
    options.report = [&](const csvp::EndedCall& call) { audit->ended_call(call); };
    node::LoopTimers timers(loop.get());
    options.later = [&](std::chrono::seconds time, std::function<void()> then) {
        return timers.after(time, std::move(then));
    };
    csvp::Machine machine(node, options);
    const auto classes = csvp::classes(machine);
    std::map<ndr::Guid, std::string> names;
    for (const auto& one : classes)
        names[one.clsid] = one.name;
    audit = std::make_unique<clusprep::Audit>(
        clusprep::write_line, [] { return std::chrono::steady_clock::now(); }, std::move(names));

    auto security = security_of(config);
    security.failed_logon = [&](const rpc::FailedLogon& logon) { audit->failed_logon(logon); };
    auto acceptors = rpc::make_acceptors(loop.get(), security);
    if (!acceptors) return fail(acceptors.error());
    dcom::ExporterSettings exporting;
    exporting.objects.objects = config.limits.objects;
    exporting.objects.objects_per_client = config.limits.objects_per_client;
    exporting.objects.objects_per_address = config.limits.objects_per_address;
    rpc::ServerLimits limits;
    limits.connections = config.limits.connections;
    limits.connections_per_address = config.limits.connections_per_address;
    rpc::AllowList allow = config.allow;
    dcom::Server server(
        loop.get(), **acceptors, exporting, limits, random_bytes,
        [&](const rpc::Principal& principal) { return rpc::is_allowed(principal, allow); },
        [&] {
            auto hosts = dcom::local_addresses(config.listen);
            hosts.push_back(host_name());
            hosts.insert(hosts.end(), config.names.begin(), config.names.end());
            return hosts;
        },
        *audit, audit.get());
    for (const auto& one : classes)
        server.add_class(one.clsid, *one.factory);

    if (auto started = disks.start(); !started) return fail(started.error());
    if (auto started = server.start(*std::move(resolver), *std::move(exporter)); !started)
        return fail(started.error());
    if (auto started = node.start(); !started) audit->note(LOG_WARNING, started.error().message());
    if (config.allow.users.empty() && config.allow.groups.empty() && config.allow.sids.empty())
        audit->note(LOG_NOTICE, "nobody is allowed to call: see [allow] in clusprepd.toml(5)");
    if (auto summing = sum_up_each_while(loop.get(), *audit); !summing)
        return fail(summing.error());
    Stop stopping{&server};
    for (const int number : {SIGTERM, SIGINT})
        sd_event_add_signal(loop.get(), nullptr, number, stop, &stopping);
    Reload reloading{file, allow, *audit};
    sd_event_add_signal(loop.get(), nullptr, SIGHUP, reload, &reloading);
    sd_event_set_watchdog(loop.get(), true);
    sd_notifyf(0, "READY=1\nSTATUS=Serving objects at TCP port %u", *port);
    const int code = sd_event_loop(loop.get());
    return code < 0 ? fail({"run", "event loop", "", -code}) : code;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Failover-cluster set-up and validation daemon", "clusprepd");
    settings::File file{"/etc/mpapi/clusprepd.toml"};
    bool check = false;
    app.add_option("--config", file.path, "Configuration file")->capture_default_str();
    app.add_flag("--check", check, "Read the configuration, say what is wrong, and end");
    app.set_version_flag("--version", "clusprepd " MPAPI_VERSION);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "clusprepd: " + std::string(error.what()) + "; see clusprepd --help\n";
    });
    rpc::AccountCommand accounts(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (accounts.asked()) return accounts.run(std::cout, std::cerr);

    file.named = app.count("--config") > 0;
    const auto config = settings::load<clusprep::Config>(file);
    if (!config) return fail(config.error(), EX_CONFIG);
    if (check) {
        const auto missing = clusprep::missing_files(*config);
        for (const Error& error : missing)
            fail(error);
        return missing.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return serve(*config, file);
}
