// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/discover.hpp"

#include "common/text/printable.hpp"
#include "discovery/client/bus_client.hpp"
#include "discovery/client/send_targets.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace mpapi::discovery {

namespace {

constexpr std::chrono::seconds kTargetPatience{15}; // of one server

void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

int fail(const Error& error) {
    std::fprintf(stderr, "istd: %s\n", printable(error.message()).c_str());
    return EXIT_FAILURE;
}

void add_targets(Found& found) {
    auto targets = send_targets(found.address, kTargetPatience);
    if (targets)
        found.targets = *std::move(targets);
    else
        found.trouble = targets.error().message();
}

} // namespace

DiscoverCommand::DiscoverCommand(CLI::App& app)
  : command_(app.add_subcommand("discover", "List the servers of block storage on the network")) {
    command_->add_option("--timeout", timeout_, "How long to wait for answers, in seconds")
        ->check(CLI::Range(1, 60))
        ->capture_default_str();
    command_->add_option("--interface", interface_, "Ask on this interface only");
    command_->add_flag("--watch", watch_, "Ask again and again, tell what changes, until Ctrl-C");
    command_->add_flag("--json", json_, "Print JSON; with --watch a line for each event");
    command_->add_flag("--targets", targets_, "List the iSCSI targets of each server");
}

int DiscoverCommand::run() const {
    const std::chrono::seconds timeout(timeout_);
    std::vector<Found> found; // by this search, or with --watch by all
    std::size_t shown = 0;    // of them
    std::vector<std::string> gone;
    const auto client = BusClient::connect(
        {[&](const Found& one) {
             const auto known = std::find_if(found.begin(), found.end(), [&](const Found& each) {
                 return each.name == one.name && each.address == one.address;
             });
             if (known != found.end()) return;
             found.push_back(one);
             if (targets_) return; // asked for when all have answered: it takes its time
             if (watch_)
                 write(json_ ? answered_as_json(one, false) : as_text(one));
             else if (!json_)
                 write((found.size() == 1 ? heading() : "") + as_text(one));
             shown = found.size();
         },
         [&](const std::string& name) { gone.push_back(name); }});
    if (!client) return fail(client.error());
    if (watch_ && !json_) write(heading());
    for (;;) {
        if (const auto searched = (*client)->search(timeout, interface_); !searched)
            return fail(searched.error());
        if (targets_ && !watch_ && !json_ && !found.empty()) write(heading());
        for (; targets_ && shown < found.size(); ++shown) {
            add_targets(found[shown]);
            if (watch_)
                write(json_ ? answered_as_json(found[shown], true) : as_text(found[shown]));
            else if (!json_)
                write(as_text(found[shown]));
        }
        if (!watch_) break;
        for (const auto& name : gone) {
            write(json_ ? gone_as_json(name) : "gone: " + printable(name) + "\n");
            shown -= std::erase_if(found, [&](const Found& each) { return each.name == name; });
        }
        gone.clear();
    }
    if (json_) write(as_json(found, targets_));
    if (!json_ && found.empty()) std::fputs("istd: no server has answered\n", stderr);
    const bool troubled = std::any_of(found.begin(), found.end(),
                                      [](const Found& each) { return !each.trouble.empty(); });
    return troubled ? EXIT_FAILURE : EXIT_SUCCESS;
}

} // namespace mpapi::discovery
