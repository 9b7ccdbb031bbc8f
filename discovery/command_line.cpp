// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>

namespace mpapi::discovery {

std::variant<CommandLine, int> read_command_line(int argc, char** argv) {
    CommandLine line;
    DiscoverOptions options;
    unsigned timeout = static_cast<unsigned>(options.timeout.count());

    CLI::App app("iSCSI software target discovery: the daemon, and its command", "istd");
    app.add_option("--config", line.config.path, "Configuration file of the daemon")
        ->capture_default_str();
    app.add_flag("--check", line.check, "Read the configuration, say what is wrong, and end");
    app.set_version_flag("--version", "istd " MPAPI_VERSION);
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "istd: " + std::string(error.what()) + "; see istd --help\n";
    });
    CLI::App* const command =
        app.add_subcommand("discover", "List the servers of block storage on the network");
    command->add_option("--timeout", timeout, "How long to wait for answers, in seconds")
        ->check(CLI::Range(1, 60))
        ->capture_default_str();
    command->add_option("--interface", options.interface, "Ask on this interface only");
    command->add_flag("--watch", options.watch,
                      "Ask again and again, tell what changes, until Ctrl-C");
    command->add_flag("--json", options.json, "Print JSON; with --watch a line for each event");
    command->add_flag("--targets", options.targets, "List the iSCSI targets of each server");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    line.config.named = app.count("--config") > 0;
    options.timeout = std::chrono::seconds(timeout);
    if (command->parsed()) line.discover = options;
    return line;
}

} // namespace mpapi::discovery
