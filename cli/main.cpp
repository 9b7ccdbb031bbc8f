// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpathadm: shows and changes multipath devices through libMPAPI, whatever its plugins are.
#include "cli/commands.hpp"
#include "cli/grammar.hpp"
#include "cli/help.hpp"
#include "cli/report.hpp"
#include "cli/text.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace mpapi::cli {
namespace {

// The reference's.
enum Exit : int { exit_done = 0, exit_failed = 1, exit_syntax = 99 };

struct Act {
    Verb verb;
    Noun noun;
    void (*run)(const Command&, Report&);
};
constexpr Act acts[] = {
    {Verb::List, Noun::MpathSupport, list_plugins},
    {Verb::List, Noun::LogicalUnit, list_units},
    {Verb::List, Noun::InitiatorPort, list_initiator_ports},
    {Verb::Show, Noun::MpathSupport, show_plugins},
    {Verb::Show, Noun::LogicalUnit, show_units},
    {Verb::Show, Noun::InitiatorPort, show_initiator_ports},
    {Verb::Modify, Noun::MpathSupport, modify_plugins},
    {Verb::Modify, Noun::LogicalUnit, modify_units},
    {Verb::Enable, Noun::Path, enable_path},
    {Verb::Disable, Noun::Path, disable_path},
    {Verb::Override, Noun::Path, override_path},
    {Verb::Failover, Noun::LogicalUnit, fail_over},
    {Verb::Status, Noun::None, status},
    {Verb::Watch, Noun::None, watch},
};

int refuse(const std::string& text) {
    write_out(text + more_information());
    return exit_syntax;
}

int run(const Command& command, const char* called) {
    // Where the names are to be changed, not to find one is always a failure.
    const bool reads =
        command.verb == Verb::List || command.verb == Verb::Show || command.verb == Verb::Status;
    Report report({command.json, command.strict || !reads});
    for (const Act& act : acts)
        if (act.verb == command.verb && act.noun == command.noun) act.run(command, report);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
        report.failed("Unable to write the output: " + std::string(std::strerror(errno)));
    if (!report.failed()) return exit_done;
    if (!command.json) std::fprintf(stderr, "%s: Unable to complete operation\n", called);
    return exit_failed;
}

int act(int argc, char** argv) {
    const Parsed parsed = parse(argc, argv);
    if (const auto* command = std::get_if<Command>(&parsed)) return run(*command, argv[0]);
    if (const auto* help = std::get_if<Help>(&parsed)) return refuse(help_text(help->topic));
    if (std::holds_alternative<Version>(parsed)) return refuse(version_text());
    if (const auto* mistake = std::get_if<Mistake>(&parsed)) {
        if (!mistake->message.empty())
            std::fprintf(stderr, "mpathadm: %s\n", printable(mistake->message).c_str());
        return refuse(usage_text(mistake->topic));
    }
    std::fprintf(stderr, "mpathadm: option too long\nmpathadm: %s\n", std::strerror(EINVAL));
    return exit_failed;
}

} // namespace

void write_out(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

} // namespace mpapi::cli

int main(int argc, char** argv) {
    return mpapi::cli::act(argc, argv);
}
