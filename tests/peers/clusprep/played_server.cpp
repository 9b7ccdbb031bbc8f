// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The DCOM server with the six classes over a node that is played, for peers to talk to. It tells
// what happens on its standard output, line by line, first "ready PORT" with the exporter's port.
//
//     played-server --accounts FILE --allow NAME [--keytab FILE] [--listen ADDRESS]... [--name
//     HOST]
#include "clusprep/dcom/listening.hpp"
#include "clusprep/dcom/local_addresses.hpp"
#include "clusprep/dcom/server.hpp"
#include "clusprep/interfaces/classes.hpp"
#include "clusprep/rpc/auth/acceptors.hpp"
#include "clusprep/rpc/auth/allow_list.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"

#include <CLI/CLI.hpp>
#include <sys/random.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace mpapi;

namespace {

void tell(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

int fail(const Error& error) {
    std::fprintf(stderr, "played-server: %s\n", error.message().c_str());
    return EXIT_FAILURE;
}

class Told final : public dcom::Observer, public rpc::ServerObserver {
  public:
    void activated(const dcom::Caller& caller, const ndr::Guid& clsid, dcom::Oid) override {
        tell("activated " + clsid.text() + " by " + caller.principal.name);
    }
    void activation_refused(const dcom::Caller&, const ndr::Guid& clsid, dcom::HResult result,
                            const std::string& reason) override {
        char number[16];
        std::snprintf(number, sizeof number, "%08x", result);
        tell("refused " + clsid.text() + " " + number + " " + reason);
    }
    void interface_refused(const dcom::Caller&, const ndr::Guid& iid) override {
        tell("no interface " + iid.text());
    }
    void caller_refused(const dcom::Caller& caller, const std::string& what) override {
        tell("not allowed " + caller.principal.name + " " + what);
    }
    void object_refused(const dcom::Caller& caller, const dcom::KnownObject& object) override {
        tell("refused " + caller.principal.name + " an object of " + object.client);
    }
    void ended(const dcom::KnownObject&, dcom::Ending) override { tell("ended"); }
    void refused(const rpc::PeerAddress& peer, const Error& why) override {
        tell("dropped " + peer.address + " " + why.message());
    }
};

void random_bytes(std::span<std::uint8_t> bytes) {
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        std::abort();
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app;
    std::vector<std::string> listen{"0.0.0.0"};
    std::string name = "node1";
    std::vector<std::string> allow;
    rpc::AcceptorSettings security;
    app.add_option("--accounts", security.accounts);
    app.add_option("--keytab", security.keytab);
    app.add_option("--allow", allow);
    app.add_option("--listen", listen);
    app.add_option("--name", name);
    CLI11_PARSE(app, argc, argv);

    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    sd_event* raw = nullptr;
    if (sd_event_default(&raw) < 0) return EXIT_FAILURE;
    const EventLoop loop(raw);

    security.host_name = name;
    security.kerberos = !security.keytab.empty();
    security.failed_logon = [](const rpc::FailedLogon& logon) {
        tell("failed logon " + logon.account + " " + logon.reason);
    };
    auto acceptors = rpc::make_acceptors(loop.get(), security);
    if (!acceptors) return fail(acceptors.error());

    csvp::PlayedNode node;
    csvp::Machine machine(node);
    const auto classes = csvp::classes(machine);
    const rpc::AllowList list{allow, {}, {}};
    Told told;
    dcom::Server server(
        loop.get(), **acceptors, {}, {}, random_bytes,
        [&](const rpc::Principal& principal) { return rpc::is_allowed(principal, list); },
        [&] {
            auto hosts = dcom::local_addresses(listen);
            hosts.push_back(name);
            return hosts;
        },
        told, &told);
    for (const auto& one : classes)
        server.add_class(one.clsid, *one.factory);
    auto resolver = dcom::listen_on_all(listen, 135);
    if (!resolver) return fail(resolver.error());
    auto exporter = dcom::listen_on_all(listen, 0);
    if (!exporter) return fail(exporter.error());
    if (auto started = server.start(*std::move(resolver), *std::move(exporter)); !started)
        return fail(started.error());
    tell("ready " + server.exporter().exporter_bindings().strings.at(0).address);
    const auto terminate = [](sd_event_source* source, const signalfd_siginfo*, void* data) {
        static_cast<dcom::Server*>(data)->stop(
            [loop = sd_event_source_get_event(source)] { sd_event_exit(loop, 0); });
        return 0;
    };
    sd_event_add_signal(loop.get(), nullptr, SIGTERM, terminate, &server);
    return sd_event_loop(loop.get()) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
