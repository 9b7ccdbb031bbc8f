// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/discover.hpp"

#include "common/text/printable.hpp"
#include "discovery/client/bus_client.hpp"
#include "discovery/client/roll.hpp"
#include "discovery/client/send_targets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

namespace mpapi::discovery {

namespace {

constexpr std::chrono::seconds kTargetPatience{15}; // of one server

int fail(const Error& error) {
    std::fprintf(stderr, "istd: %s\n", printable(error.message()).c_str());
    return EXIT_FAILURE;
}

// What is printed as it happens; a JSON document of a single search only at the end.
class Printer {
  public:
    explicit Printer(const DiscoverOptions& options)
      : options_(options) {
        if (options.watch && !options.json) write(heading());
    }

    void answered(const Found& found) {
        if (options_.watch) {
            write(options_.json ? answered_as_json(found, options_.targets) : as_text(found));
        } else if (!options_.json) {
            write((std::exchange(first_, false) ? heading() : "") + as_text(found));
        }
    }
    void gone(const std::string& name) {
        write(options_.json ? gone_as_json(name) : "gone: " + printable(name) + "\n");
    }
    void document(const std::vector<Found>& all) { write(as_json(all, options_.targets)); }

    // Whether all of it reached the standard output.
    const Status& written() const { return written_; }

  private:
    void write(const std::string& text) {
        if (!written_) return;
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
            std::fflush(stdout) != 0)
            written_ = Error{"write to", "the standard output", "", errno};
    }

    const DiscoverOptions& options_;
    bool first_ = true;
    Status written_ = Done{};
};

void add_targets(Roll& roll, const std::vector<std::string>& names, Printer& printer) {
    std::vector<std::string> addresses;
    addresses.reserve(names.size());
    for (const auto& name : names)
        addresses.push_back(roll.find(name)->address);
    send_targets(addresses, kTargetPatience,
                 [&](std::size_t place, Result<std::vector<Target>> targets) {
                     Found& found = *roll.find(names[place]);
                     if (targets)
                         found.targets = *std::move(targets);
                     else
                         found.trouble = targets.error().message();
                     printer.answered(found);
                 });
}

std::string listed(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts)
        list += (list.empty() ? "" : ", ") + text;
    return list;
}

// That nobody answered is seen, and where nobody was asked for it is why.
void tell_who_was_asked(BusClient& client, const DiscoverOptions& options) {
    const auto groups = client.texts("Workgroups");
    const auto interfaces = options.interface.empty()
                                ? client.texts("Interfaces")
                                : Result(std::vector<std::string>{options.interface});
    std::string asked;
    if (groups && interfaces)
        asked = "; asked was workgroup " + listed(*groups) + " on " + listed(*interfaces);
    std::fprintf(stderr, "istd: no server has answered%s\n", printable(asked).c_str());
}

} // namespace

int discover(const DiscoverOptions& options) {
    Roll roll;
    Printer printer(options);
    std::vector<std::string> news, gone; // by the search under way
    const auto client =
        BusClient::connect({[&](const Found& one) {
                                if (!roll.add(one)) return;
                                if (options.targets)
                                    news.push_back(one.name); // it takes its time
                                else
                                    printer.answered(one);
                            },
                            [&](const std::string& name) { gone.push_back(name); }});
    if (!client) return fail(client.error());
    do {
        if (const auto searched = (*client)->search(options.timeout, options.interface); !searched)
            return fail(searched.error());
        add_targets(roll, std::exchange(news, {}), printer);
        if (!options.watch) break; // what leaves the collection was not found by this search
        for (const auto& name : std::exchange(gone, {}))
            if (roll.remove(name)) printer.gone(name);
    } while (printer.written());
    if (options.json && !options.watch) printer.document(roll.all());
    if (!printer.written()) return fail(printer.written().error());
    if (!options.json && roll.all().empty()) tell_who_was_asked(**client, options);
    const bool troubled = std::any_of(roll.all().begin(), roll.all().end(),
                                      [](const Found& each) { return !each.trouble.empty(); });
    return troubled ? EXIT_FAILURE : EXIT_SUCCESS;
}

} // namespace mpapi::discovery
