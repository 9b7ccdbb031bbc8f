// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ipfailover: the addresses of ipfailoverd from the command line.
#include "failover/client/command.hpp"
#include "failover/client/network_verbs.hpp"
#include "failover/client/service.hpp"
#include "failover/client/text.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace mpapi;
using namespace mpapi::failover::client;
using nlohmann::json;

constexpr char kFolder[] = "/org/mpapi/Network1/address/";

// The object of an address, by what people call it: with or without the prefix length.
Reply<std::pair<std::string, json>> find(Service& service, const Wanted& wanted) {
    auto addresses = service.addresses();
    if (auto* failure = std::get_if<Failure>(&addresses)) return std::move(*failure);
    const std::string bare = wanted.address.substr(0, wanted.address.find('/'));
    const std::string ip = bare.substr(0, bare.find('%'));
    const std::string zone = bare.size() > ip.size() ? bare.substr(ip.size() + 1) : "";
    for (const auto& [path, properties] : std::get<json>(addresses).items()) {
        const std::string address = properties.value("Address", "");
        if (address.substr(0, address.find('/')) == ip &&
            (zone.empty() || properties.value("Interface", "") == zone))
            return std::pair(path, properties);
    }
    return Failure{"org.mpapi.Network1.Error.NotManaged", bare + " is not managed here."};
}

int online(Service& service, const Wanted& wanted) {
    auto path = service.online(wanted.address, wanted.interface, wanted.options);
    if (const auto* failure = std::get_if<Failure>(&path)) return tell(*failure, wanted);
    if (!wanted.json) return end();
    auto addresses = service.addresses();
    if (const auto* failure = std::get_if<Failure>(&addresses)) return tell(*failure, wanted);
    const json& all = std::get<json>(addresses);
    if (const auto found = all.find(std::get<std::string>(path)); found != all.end())
        std::cout << json_of(*found).dump(2) << "\n";
    return end();
}

int offline(Service& service, const Wanted& wanted) {
    auto found = find(service, wanted);
    if (const auto* failure = std::get_if<Failure>(&found)) return tell(*failure, wanted);
    auto ended = service.offline(std::get<0>(found).first, !wanted.no_reset);
    if (const auto* failure = std::get_if<Failure>(&ended)) return tell(*failure, wanted);
    json connections = json::array();
    for (const Peer& each : std::get<0>(ended)) {
        connections.push_back(text_of(each));
        if (!wanted.json) std::cout << text_of(each) << "\n";
    }
    if (wanted.json) std::cout << json{{"connections", connections}}.dump(2) << "\n";
    return end();
}

int announce(Service& service, const Wanted& wanted) {
    auto found = find(service, wanted);
    if (const auto* failure = std::get_if<Failure>(&found)) return tell(*failure, wanted);
    const auto done = service.announce(std::get<0>(found).first);
    if (const auto* failure = std::get_if<Failure>(&done)) return tell(*failure, wanted);
    return end();
}

int set_policy(Service& service, const Wanted& wanted) {
    auto found = find(service, wanted);
    if (const auto* failure = std::get_if<Failure>(&found)) return tell(*failure, wanted);
    const auto done = service.set_policy(std::get<0>(found).first, wanted.policy);
    if (const auto* failure = std::get_if<Failure>(&done)) return tell(*failure, wanted);
    return end();
}

int tickle(Service& service, const Wanted& wanted) {
    std::vector<std::string> texts = wanted.connections;
    if (texts.empty())
        for (std::string line; std::getline(std::cin, line);)
            if (!line.empty()) texts.push_back(line);
    std::vector<Peer> peers;
    for (const std::string& text : texts) {
        const auto peer = peer_of(text);
        if (!peer)
            return tell({"org.mpapi.Network1.Error.InvalidOption",
                         "Expected PORT,PEER,PORT, found " + text + "."},
                        wanted);
        peers.push_back(*peer);
    }
    auto found = find(service, wanted);
    if (const auto* failure = std::get_if<Failure>(&found)) return tell(*failure, wanted);
    const auto sent = service.tickle(std::get<0>(found).first, peers);
    if (const auto* failure = std::get_if<Failure>(&sent)) return tell(*failure, wanted);
    if (wanted.json) std::cout << json{{"sent", std::get<std::uint32_t>(sent)}}.dump() << "\n";
    return end();
}

int status(Service& service, const Wanted& wanted) {
    if (!wanted.address.empty()) {
        auto found = find(service, wanted);
        if (const auto* failure = std::get_if<Failure>(&found)) return tell(*failure, wanted);
        const json address = json_of(std::get<0>(found).second);
        std::cout << (wanted.json ? address.dump(2) + "\n" : details(address));
        const int ended = end();
        return ended != exit_done ? ended : exit_of(address["state"]);
    }
    auto addresses = service.addresses();
    if (const auto* failure = std::get_if<Failure>(&addresses)) return tell(*failure, wanted);
    json all = json::array();
    for (const json& each : std::get<json>(addresses))
        all.push_back(json_of(each));
    std::cout << (wanted.json ? json{{"addresses", all}}.dump(2) + "\n" : table(all, colours()));
    return end();
}

int watch(Service& service, const Wanted& wanted) {
    std::map<std::string, std::string> names; // of objects
    const auto name_of = [&](const std::string& path) {
        const auto known = names.find(path);
        return known != names.end() ? known->second : path.substr(sizeof kFolder - 1);
    };
    const auto begun = [&] {
        auto addresses = service.addresses();
        if (const auto* all = std::get_if<json>(&addresses))
            for (const auto& [path, properties] : all->items()) {
                names[path] = properties.value("Address", "");
                if (wanted.json)
                    std::cout << json{{"event", "present"}, {"address", json_of(properties)}}.dump()
                              << "\n";
                else
                    std::cout << names[path] << ": " << properties.value("State", "") << "\n";
            }
        std::cout.flush();
        return std::cout.good();
    };
    const auto ended = service.watch(begun, [&](const json& event) {
        const std::string path = event["path"];
        if (event["signal"] == "InterfacesAdded")
            names[path] = event.value("properties", json::object()).value("Address", "");
        json told = event;
        told["address"] = name_of(path);
        told.erase("path");
        const std::string line = event_line(event, name_of(path));
        if (wanted.json)
            std::cout << told.dump() << "\n";
        else if (!line.empty())
            std::cout << line << "\n";
        std::cout.flush();
        return std::cout.good();
    });
    if (const auto* failure = std::get_if<Failure>(&ended)) return tell(*failure, wanted);
    return end();
}

template <typename T>
CLI::Option* add(CLI::App& app, Wanted& wanted, const std::string& name, const std::string& option,
                 const std::string& about) {
    return app.add_option_function<T>(
        name,
        [&wanted, option](const T& value) {
            wanted.options.push_back({option, value});
        },
        about);
}

void add_online(CLI::App& app, Wanted& wanted) {
    const CLI::Range milliseconds(std::uint32_t{0}, std::uint32_t{86'400'000});
    app.add_option("ADDRESS/PREFIX", wanted.address, "Such as 192.0.2.7/24")->required();
    app.add_option("INTERFACE", wanted.interface,
                   "\"auto\", or left out: the one with an address of that network");
    add<std::string>(app, wanted, "--profile", "profile", "Of conflict detection")
        ->check(CLI::IsMember({"rfc5227", "fast", "none"}));
    add<std::string>(app, wanted, "--policy", "policy", "When somebody else uses the address")
        ->check(CLI::IsMember({"always", "once", "never"}));
    add<std::string>(app, wanted, "--forms", "forms", "Of ARP announcements")
        ->check(CLI::IsMember({"both", "request", "reply"}));
    add<std::uint32_t>(app, wanted, "--announcements", "announcements", "How many in a row")
        ->check(CLI::Range(1u, 32u));
    add<std::vector<std::uint32_t>>(app, wanted, "--intervals", "intervals",
                                    "Milliseconds between them; the last one repeats")
        ->delimiter(',')
        ->check(milliseconds);
    add<std::uint32_t>(app, wanted, "--refresh", "refresh",
                       "Announce again each so many milliseconds; 0: never")
        ->check(milliseconds);
    add<std::uint32_t>(app, wanted, "--lifetime", "lifetime", "Seconds; 0: for ever");
    add<std::string>(app, wanted, "--label", "label", "Of the address on the interface (IPv4)");
    add<std::string>(app, wanted, "--set", "set",
                     "nftables set that has the address while it is online");
    app.add_flag_callback(
        "--no-prefix-route",
        [&wanted] {
            wanted.options.push_back({"no-prefix-route", true});
        },
        "Make no route to its network");
}

} // namespace

int main(int argc, char** argv) {
    Wanted wanted;
    int (*act)(Service&, const Wanted&) = nullptr;
    CLI::App app("IP addresses that move between the nodes of a cluster", "ipfailover");
    app.set_help_flag("--help,-h", "Tell what may follow here, and exit");
    app.set_version_flag("--version", "ipfailover " MPAPI_VERSION, "Tell the version");
    app.add_flag("--json", wanted.json, "Write JSON");
    app.require_subcommand(1);
    app.fallthrough();
    app.failure_message([](const CLI::App*, const CLI::Error& error) {
        return "ipfailover: " + std::string(error.what()) + "; see ipfailover --help\n";
    });
    const auto verb = [&](const char* name, const char* about,
                          int (*run)(Service&, const Wanted&)) {
        CLI::App* const made = app.add_subcommand(name, about);
        made->callback([&act, run] { act = run; });
        return made;
    };
    add_online(*verb("online", "Take an address", online), wanted);
    CLI::App* const giving =
        verb("offline", "Give it back; tells the connections that end", offline);
    giving->add_flag("--no-reset", wanted.no_reset,
                     "Do not reset their peers: for tickle, where it goes");
    for (CLI::App* const each :
         {giving, verb("announce", "Tell the neighbours again that it is here", announce)})
        each->add_option("ADDRESS", wanted.address)->required();
    CLI::App* const policy = verb("policy", "What to do when somebody else uses it", set_policy);
    policy->add_option("ADDRESS", wanted.address)->required();
    policy->add_option("POLICY", wanted.policy)
        ->required()
        ->check(CLI::IsMember({"always", "once", "never"}));
    CLI::App* const tickling =
        verb("tickle", "Have peers of ended connections connect anew", tickle);
    tickling->add_option("ADDRESS", wanted.address)->required();
    tickling->add_option("CONNECTION", wanted.connections,
                         "PORT,PEER,PORT as offline told it; else lines of standard input");
    verb("adapters", "Show the network interfaces of this host", adapters);
    CLI::App* const judged = verb("firewall", "Whether the firewall lets traffic in", firewall);
    judged->add_option("ADAPTER", wanted.interface, "By which it comes in")->required();
    judged
        ->add_option("TRAFFIC", wanted.traffic,
                     "tcp/PORT, udp/PORT, or echo for ICMP echo requests")
        ->required();
    judged->add_option("--from", wanted.source,
                       "A network, as 192.0.2.0/24; else that of each address of the adapter");
    verb("status", "Show all addresses, or one", status)->add_option("ADDRESS", wanted.address);
    verb("watch", "Show what happens, until interrupted", watch);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong) == 0 ? exit_done : exit_usage;
    }
    auto service = Service::connect();
    if (const auto* failure = std::get_if<Failure>(&service)) return tell(*failure, wanted);
    return act(std::get<Service>(service), wanted);
}
