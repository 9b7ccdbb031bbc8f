// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapid: the daemon over this machine's own kernel.
#include "common/settings/configuration.hpp"
#include "common/system/handle.hpp"
#include "daemon/config.hpp"
#include "daemon/disks/files/file_service.hpp"
#include "daemon/disks/offline/errand_work.hpp"
#include "daemon/disks/ownership/multipathd_keeper.hpp"
#include "daemon/disks/system_blocks.hpp"
#include "daemon/holders/system_lookup.hpp"
#include "daemon/kernel/hardware.hpp"
#include "daemon/metrics_file.hpp"
#include "daemon/multipathd/follower.hpp"
#include "daemon/multipathd/manager.hpp"
#include "daemon/path_managers.hpp"
#include "daemon/paths/disabled_record.hpp"
#include "daemon/paths/standalone/standalone.hpp"
#include "daemon/paths/udev_event.hpp"
#include "daemon/service.hpp"

#include <CLI/CLI.hpp>
#include <systemd/sd-journal.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sysexits.h>
#include <syslog.h>
#include <system_error>
#include <unistd.h>

namespace {

using namespace mpapi;

constexpr std::chrono::seconds kModelPatience{10}; // to show what the kernel has done
constexpr std::chrono::seconds kMultipathdPatience{5};
// RuntimeDirectory= of the unit; 61-mpapi-offline.rules names it too.
constexpr const char* kRuntimeFolder = "/run/mpapi";

int fail(const Error& error, int status = EXIT_FAILURE) {
    std::fprintf(stderr, "mpapid: %s\n", error.message().c_str());
    return status;
}

int metrics(const std::string& path) {
    sd_bus* raw = nullptr;
    if (const int r = sd_bus_open_system(&raw); r < 0)
        return fail({"connect to", "system bus", "is dbus.service running?", -r});
    const Bus bus(raw);
    const Status written = daemon::write_metrics(bus.get(), path);
    return written ? EXIT_SUCCESS : fail(written.error());
}

int serve(const daemon::Config& config) {
    if (::geteuid() != 0)
        return fail(
            {"start", "", "asking disks needs root; start it with: systemctl start mpapid"});
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

    kernel::KernelHardware hardware;
    multipathd::MultipathdPolicy policy;
    holders::SystemLookup lookup(loop.get());
    disks::SystemBlocks blocks;
    disks::ErrandOfflineWork offline(loop.get());
    disks::SystemdClaimStore claims;
    disks::ErrandFileService files(loop.get());
    daemon::Service service(loop.get(), bus.get(), hardware, blocks, policy, lookup, config,
                            paths::kDisabledRecord, publish::Journal::through(), {});
    if (auto started = service.start(); !started) return fail(started.error());
    daemon::Inventory& inventory = service.inventory();
    paths::UdevEvent udev(bus.get());
    multipathd::Follower* follows = nullptr;
    multipathd::MultipathdManager multipathd(
        {loop.get(), inventory,
         [&](auto work, auto done) { service.off_loop().submit(std::move(work), std::move(done)); },
         [](const auto& disabled) {
             return paths::write_disabled_record(paths::kDisabledRecord, disabled);
         },
         [&](const std::string& device, auto ended) { udev.send(device, std::move(ended)); },
         [&](const std::string& shown) { follows->learn(shown); }},
        bus.get(), policy);
    inventory.add_listener(multipathd);
    standalone::Standalone standalone(
        {loop.get(), hardware, service.workers(), inventory,
         [&](model::DeviceNumber number) { return inventory.map_facts(number); },
         config.commands.timeout, kModelPatience,
         [&](const std::string& notice) { service.note(LOG_NOTICE, notice); },
         [] { return std::chrono::steady_clock::now(); },
         [&](const paths::Newcomer& newcomer, auto then) {
             service.admit(newcomer, std::move(then));
         }});
    if (auto started = standalone.start(); !started) return fail(started.error());
    inventory.add_listener(standalone);
    daemon::PathManagers managers(inventory, service.changes(), multipathd, standalone);
    multipathd::Follower follower(loop.get(), bus.get(), config.manager, policy, managers,
                                  inventory);
    follows = &follower;
    if (auto followed = follower.start(); !followed)
        sd_journal_print(LOG_WARNING, "%s", followed.error().message().c_str());
    inventory.add_listener(follower);
    multipathd::RunningMultipathd keys(loop.get(), bus.get(), "multipathd.service", {}, [] {});
    service.set_disk_work({offline, claims, files, kRuntimeFolder,
                           [&](auto map) {
                               return std::make_unique<disks::MultipathdKeeper>(
                                   [&](const std::string& command, auto then) {
                                       keys.ask(command, kMultipathdPatience, std::move(then));
                                   },
                                   std::move(map));
                           },
                           [&](const std::string& device) {
                               udev.send(device, [&](const Status& sent) {
                                   if (!sent) service.note(LOG_WARNING, sent.error().message());
                               });
                           },
                           [&](const daemon::MapRef& map, const std::string& table, auto ended) {
                               hardware.load_table_writable(map, table, std::move(ended));
                           }});
    const Status ended = service.run();
    const int code = ended ? EXIT_SUCCESS : fail(ended.error());
    if (service.left_behind()) {
        sd_bus_flush(bus.get());
        ::_exit(code); // threads that wait in the kernel still use what destructors would free
    }
    return code;
}

// systemd makes the usual one when the service starts.
int check_state_directory(const std::string& directory) {
    std::error_code error;
    const auto status = std::filesystem::status(directory, error);
    if (std::filesystem::is_directory(status)) return EXIT_SUCCESS;
    const bool missing = status.type() == std::filesystem::file_type::not_found;
    if (missing && directory == daemon::Config().state_directory) return EXIT_SUCCESS;
    return fail({"use state_directory", directory, "", error ? error.value() : ENOTDIR});
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Multipath management daemon", "mpapid");
    settings::File file{"/etc/mpapi/mpapid.toml"};
    std::string metrics_path;
    bool check = false;
    app.add_option("--config", file.path, "Configuration file")->capture_default_str();
    app.add_flag("--check-config", check, "Read the configuration, say what is wrong, and end");
    app.add_option("--metrics", metrics_path,
                   "Write the running daemon's metrics to this file (- is the output) and end")
        ->excludes("--check-config");
    app.set_version_flag("--version", "mpapid " MPAPI_VERSION);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "mpapid: " + std::string(error.what()) + "; see mpapid --help\n";
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    if (app.count("--metrics") > 0) {
        if (metrics_path.empty())
            return fail({"write metrics", "--metrics", "the file has no name"});
        return metrics(metrics_path);
    }

    file.named = app.count("--config") > 0;
    const auto config = settings::load<daemon::Config>(file);
    if (!config) return fail(config.error(), EX_CONFIG);
    if (check) return check_state_directory(config->state_directory);
    return serve(*config);
}
