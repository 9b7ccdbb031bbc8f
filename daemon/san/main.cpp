// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapid-san: the daemon over an embedded storage area network. It needs no root, touches no device
// of this machine and refuses the system bus, where it would pass for the real one.
#include "common/settings/configuration.hpp"
#include "common/system/handle.hpp"
#include "daemon/config.hpp"
#include "daemon/paths/standalone/standalone.hpp"
#include "daemon/san/map_holders.hpp"
#include "daemon/san/multipathd.hpp"
#include "daemon/san/san.hpp"
#include "daemon/san/san_blocks.hpp"
#include "daemon/san/san_bus.hpp"
#include "daemon/san/san_disk_work.hpp"
#include "daemon/service.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using namespace mpapi;

constexpr std::chrono::seconds kModelPatience{10}; // to show what the kernel has done

int fail(const Error& error) {
    std::fprintf(stderr, "mpapid-san: %s\n", error.message().c_str());
    return EXIT_FAILURE;
}

Result<Bus> connect(const std::string& address) {
    sd_bus* raw = nullptr;
    if (address.empty()) {
        if (const int r = sd_bus_open_user(&raw); r < 0)
            return Error{"connect to", "session bus", "name another one with --bus ADDRESS", -r};
        return Bus(raw);
    }
    if (const int r = sd_bus_new(&raw); r < 0) return Error{"create", "bus connection", "", -r};
    Bus bus(raw);
    if (const int r = sd_bus_set_address(raw, address.c_str()); r < 0)
        return Error{"use", address, "not a D-Bus address", -r};
    if (const int r = sd_bus_set_bus_client(raw, true); r < 0) return Error{"use", address, "", -r};
    if (const int r = sd_bus_negotiate_fds(raw, true); r < 0) return Error{"use", address, "", -r};
    if (const int r = sd_bus_start(raw); r < 0) return Error{"connect to", address, "", -r};
    return bus;
}

// Whatever address led there: a bus is known by its id.
bool is_system_bus(sd_bus* bus) {
    sd_bus* raw = nullptr;
    if (sd_bus_open_system(&raw) < 0) return false;
    const Bus system(raw);
    sd_id128_t ours, theirs;
    return sd_bus_get_bus_id(bus, &ours) >= 0 && sd_bus_get_bus_id(raw, &theirs) >= 0 &&
           sd_id128_equal(ours, theirs);
}

struct Options {
    std::string description;
    std::string bus;
    std::string config;
    std::string state;
    bool check = false;
};

Result<daemon::Config> configuration(const Options& options) {
    daemon::Config config;
    if (!options.config.empty()) {
        auto loaded = settings::load<daemon::Config>({options.config, true});
        if (!loaded) return loaded;
        config = std::move(*loaded);
    }
    config.state_directory = options.state;
    return config;
}

// Not to the machine's journal: nothing of this happened to the machine.
void write_to_stderr(const publish::JournalEntry& entry) {
    constexpr std::string_view field = "MESSAGE=";
    for (const std::string& each : entry)
        if (each.starts_with(field))
            std::fprintf(stderr, "mpapid-san: %s\n", each.c_str() + field.size());
}

void note(const std::string& text) {
    std::fprintf(stderr, "mpapid-san: %s\n", text.c_str());
}

void manage(daemon::Service& service, const std::string& name, const std::string& reason,
            paths::PathManager* manager) {
    service.inventory().set_path_manager(name, reason);
    service.changes().set_manager(manager, reason);
}

int serve(const Options& options) {
    auto description = san::load_description(options.description);
    if (!description) return fail(description.error());
    const auto config = configuration(options);
    if (!config) return fail(config.error());
    auto hardware = san::San::make(std::move(*description));
    if (!hardware) return fail(hardware.error());
    if (options.check) return EXIT_SUCCESS;

    sd_event* raw_loop = nullptr;
    if (const int r = sd_event_default(&raw_loop); r < 0)
        return fail({"create", "event loop", "", -r});
    const EventLoop loop(raw_loop);
    auto bus = connect(options.bus);
    if (!bus) return fail(bus.error());
    if (is_system_bus(bus->get()))
        return fail({"use", "system bus",
                     "refused: an embedded SAN must not pass for this machine's storage; "
                     "name a private bus with --bus ADDRESS"});
    if (const int r = sd_bus_attach_event(bus->get(), loop.get(), SD_EVENT_PRIORITY_NORMAL); r < 0)
        return fail({"attach", "bus", "", -r});

    auto control = san::SanBus::create(bus->get(), **hardware);
    if (!control) return fail(control.error());
    daemon::TablePolicy policy;
    san::MapHolders map_holders(**hardware);
    san::SanBlocks blocks(**hardware);
    san::SanOfflineWork offline(loop.get(), **hardware);
    san::SanFileService files(loop.get(), **hardware);
    daemon::Service service(loop.get(), bus->get(), **hardware, blocks, policy, map_holders,
                            *config, config->state_directory + "/disabled-paths",
                            publish::Journal::through(write_to_stderr),
                            {.trusted = {::geteuid()}}); // whose storage it is, may change it
    if (auto started = service.start(); !started) return fail(started.error());
    san::Multipathd multipathd(**hardware);
    standalone::Standalone standalone(
        {loop.get(), **hardware, service.workers(), service.inventory(),
         [&](model::DeviceNumber number) { return service.inventory().map_facts(number); },
         config->commands.timeout, kModelPatience, note,
         [] { return std::chrono::steady_clock::now(); },
         [&](const paths::Newcomer& newcomer, auto then) {
             service.admit(newcomer, std::move(then));
         }});
    if (config->manager == daemon::ManagerMode::Observe) {
        manage(service, "observe", "the configuration says manager = \"observe\"", nullptr);
    } else if ((*hardware)->has_multipathd()) {
        manage(service, "multipathd", "the embedded SAN has one", &multipathd);
    } else {
        if (auto started = standalone.start(); !started) return fail(started.error());
        service.inventory().add_listener(standalone);
        manage(service, "standalone", "the embedded SAN has no multipathd", &standalone);
    }
    service.set_disk_work({offline, offline, files, options.state, nullptr, nullptr});
    const Status ended = service.run();
    const int code = ended ? EXIT_SUCCESS : fail(ended.error());
    if (service.left_behind()) {
        sd_bus_flush(bus->get());
        ::_exit(code); // hanging commands still use what destructors would free
    }
    return code;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Multipath management daemon over an embedded storage area network", "mpapid-san");
    Options options;
    app.add_option("description", options.description, "TOML file, see mpapid-san(5)")->required();
    app.add_option("--bus", options.bus, "D-Bus address; the session bus if not given");
    app.add_option("--config", options.config, "Configuration of the daemon, see mpapid.toml(5)");
    app.add_option("--state", options.state,
                   "Directory for object numbers; if not given they end with the process");
    app.add_flag("--check", options.check, "Read the description, say what is wrong, and end");
    app.set_version_flag("--version", "mpapid-san " MPAPI_VERSION);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "mpapid-san: " + std::string(error.what()) + "; see mpapid-san --help\n";
    });
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    return serve(options);
}
