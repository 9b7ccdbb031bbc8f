// SPDX-License-Identifier: LGPL-2.1-or-later
//
// clusprep: sets up and validates nodes of a failover cluster by the protocol of MS-CSVP.
#include "clusprep/client/credentials.hpp"
#include "clusprep/client/dcom_remote.hpp"
#include "clusprep/client/hold.hpp"
#include "clusprep/client/interrupt.hpp"
#include "clusprep/client/perform.hpp"
#include "clusprep/client/progress.hpp"
#include "clusprep/client/standard_input.hpp"
#include "common/text/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

namespace {

using namespace mpapi;
using namespace mpapi::client;

constexpr std::chrono::seconds grace{30}; // beyond what the node was told to take

std::chrono::milliseconds now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
}

// no-color.org: a NO_COLOR that is not empty.
bool colours() {
    const auto value = [](const char* name) {
        const char* const text = std::getenv(name);
        return std::string_view(text != nullptr ? text : "");
    };
    const std::string_view terminal = value("TERM");
    return ::isatty(STDOUT_FILENO) != 0 && value("NO_COLOR").empty() && !terminal.empty() &&
           terminal != "dumb";
}

void write_to(std::FILE* stream, const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stream);
    std::fflush(stream);
}

std::chrono::milliseconds longest_call(const Invocation& invocation) {
    const std::chrono::milliseconds asked = invocation.connection.timeout;
    if ((invocation.command.verb->takes & takes_cleanup) == 0) return asked;
    return std::max<std::chrono::milliseconds>(
        asked, std::chrono::milliseconds(invocation.command.wait) + grace);
}

class Program {
  public:
    explicit Program(const Invocation& invocation)
      : invocation_(invocation)
      , command_(invocation.command) {}

    int run();

  private:
    Status prepare();
    Exit work(Server& server);
    int failed(Error error) {
        return tell({Failure::Kind::Local, "", "", 0, std::move(error)}, invocation_, console_);
    }

    const Invocation& invocation_;
    const Command& command_;
    EventLoop loop_;
    std::unique_ptr<Interrupt> interrupt_;
    std::unique_ptr<Progress> progress_;
    Console console_{colours(), [](const std::string& text) { write_to(stdout, text); },
                     [](const std::string& text) { write_to(stderr, text); }};
};

Status Program::prepare() {
    sd_event* loop = nullptr;
    if (const int r = sd_event_default(&loop); r < 0) return Error{"create", "event loop", "", -r};
    loop_.reset(loop);
    auto interrupt = Interrupt::watch(loop);
    if (!interrupt) return std::move(interrupt).error();
    interrupt_ = std::move(*interrupt);
    const bool shown = ::isatty(STDERR_FILENO) != 0;
    progress_ = std::make_unique<Progress>(loop, *interrupt_, shown);
    interrupt_->on_signal([this] {
        if (progress_->under_way().empty()) return;
        progress_->wipe();
        console_.err("clusprep: waiting for " + progress_->under_way() +
                     " to end, to give back what it may get; again to leave at once\n");
    });
    return Done{};
}

Exit Program::work(Server& server) {
    if (command_.verb->run == nullptr) {
        StandardInput input(loop_.get(), *interrupt_);
        const bool typed = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
        const std::string prompt = "clusprep " + printable(server.node()) + "> ";
        return perform_session(
            invocation_, server, console_, now,
            [&] {
                if (typed) console_.err(prompt);
                return input.next();
            },
            typed);
    }
    const Exit ended = perform(invocation_, server, console_, now);
    if (!command_.hold || ended > exit_no) return ended;
    if (::isatty(STDERR_FILENO) != 0) console_.err("clusprep: held until Ctrl-C\n");
    return hold(invocation_, server, console_, now,
                [&](std::chrono::milliseconds limit) -> Result<bool> {
                    if (auto waited = interrupt_->wait(limit); !waited)
                        return std::move(waited).error();
                    return interrupt_->signal() != 0;
                });
}

int Program::run() {
    // Before signals are taken: Ctrl-C at the password ends us like everybody else.
    auto credentials = credentials_for(invocation_.connection, command_.node);
    if (!credentials) return failed(std::move(credentials).error());
    if (auto prepared = prepare(); !prepared) return failed(std::move(prepared).error());

    dcom::RemoteSettings settings;
    settings.host = command_.node;
    settings.port = invocation_.connection.port;
    settings.type = credentials->type;
    settings.initiators = credentials->initiators.get();
    settings.closed = [this] { interrupt_->wake(); };
    settings.options.call = longest_call(invocation_);
    settings.options.connect = std::min(settings.options.connect, settings.options.call);
    settings.options.bind = std::min(settings.options.bind, settings.options.call);
    Exit ended = exit_done;
    {
        DcomRemote remote(loop_.get(), settings);
        Server server(remote, command_.node, *progress_);
        ended = work(server);
        // SHOULD be called in the end (MS-CSVP 3.5.4); the object's end does the same.
        if (interrupt_->signal() == 0) (void)server.clean_up_network();
    }
    if (std::ferror(stdout) != 0) return failed({"write", "standard output", ""});
    // What was interrupted ends by its signal, but for a wait that the user was asked to end.
    if (const int number = interrupt_->signal();
        number != 0 && !command_.hold && command_.verb->run != nullptr) {
        std::signal(number, SIG_DFL);
        std::raise(number);
    }
    return ended;
}

} // namespace

int main(int argc, char** argv) {
    const Parsed parsed = parse(argc, argv);
    if (const auto* stop = std::get_if<Stop>(&parsed)) {
        if (!stop->wrong)
            write_to(stdout, stop->text);
        else if (std::find(argv, argv + argc, std::string_view("--json")) != argv + argc)
            write_to(stderr, json({Failure::Kind::Local, "", "", 0, {stop->text, "", ""}}, ""));
        else
            write_to(stderr, "clusprep: " + stop->text + "\n");
        return stop->exit;
    }
    return Program(std::get<Invocation>(parsed)).run();
}
