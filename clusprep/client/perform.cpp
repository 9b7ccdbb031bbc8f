// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/perform.hpp"

#include "common/system/handle.hpp"
#include "common/system/read_file.hpp"
#include "common/system/write_all.hpp"
#include "common/text/printable.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace mpapi::client {
namespace {

constexpr std::size_t most_input = std::size_t{16} * 1024 * 1024;

Failure local(Error error) {
    return {Failure::Kind::Local, "", "", 0, std::move(error)};
}

// Of a pipe or a terminal too.
Result<std::vector<std::uint8_t>> read_stdin() {
    std::vector<std::uint8_t> bytes;
    std::uint8_t part[4096];
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, part, sizeof part);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", "standard input", "", errno};
        if (got == 0) return bytes;
        bytes.insert(bytes.end(), part, part + got);
        if (bytes.size() > most_input) return Error{"read", "standard input", "more than 16 MiB"};
    }
}

Result<std::vector<std::uint8_t>> load(const Input& input, bool session) {
    const auto bytes_of = [](const std::string& text) {
        return std::vector<std::uint8_t>(text.begin(), text.end());
    };
    switch (input.from) {
    case Input::From::Nothing:
        break;
    case Input::From::Text:
        return bytes_of(input.value);
    case Input::From::Hex:
        return parse_hex(input.value);
    case Input::From::File: {
        if (input.value == "-") {
            if (session) return Error{"read", "standard input", "commands come from it"};
            return read_stdin();
        }
        auto text = read_file(input.value, most_input);
        if (!text) return std::move(text).error();
        return bytes_of(*text);
    }
    }
    return std::vector<std::uint8_t>{};
}

// What is written may be a secret.
Result<Fd> open_output(const std::string& name) {
    Fd file(::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
    if (!file) return Error{"open", name, "", errno};
    return file;
}

Status write_output(const Fd& file, const std::string& name,
                    const std::vector<std::uint8_t>& bytes) {
    if (::ftruncate(file.get(), 0) < 0 && errno != EINVAL) // a pipe has no length
        return Error{"truncate", name, "", errno};
    return write_all(file.get(), {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, name);
}

} // namespace

Exit tell(const Failure& failure, const Invocation& invocation, const Console& console) {
    if (invocation.json) {
        console.err(json(
            failure, invocation.command.verb ? std::string(invocation.command.verb->name) : ""));
        return exit_of(failure);
    }
    console.err("clusprep: " + printable(text(failure)) + "\n");
    if (const std::string step = next_step(failure); !step.empty())
        console.err("clusprep: " + step + "\n");
    return exit_of(failure);
}

Exit perform(const Invocation& invocation, Server& server, const Console& console,
             const Clock& clock, bool session) {
    const Command& command = invocation.command;
    const auto input = load(command.input, session);
    if (!input) return tell(local(input.error()), invocation, console);
    Fd output;
    if (!command.output.empty()) {
        auto opened = open_output(command.output);
        if (!opened) return tell(local(opened.error()), invocation, console);
        output = std::move(*opened);
    }

    Context context{server, command, *input, session, clock, [&](const std::string& line) {
                        if (!invocation.json) console.out(line + "\n");
                    }};
    const auto report = command.verb->run(context);
    if (!report) return tell(report.failure(), invocation, console);
    if (report->content && output)
        if (auto written = write_output(output, command.output, *report->content); !written)
            return tell(local(written.error()), invocation, console);
    const ShownAs as{std::string(command.verb->name), server.node(), console.colours};
    console.out(invocation.json ? json(*report, as) : text(*report, as));
    return report->yes ? exit_done : exit_no;
}

Exit perform_session(const Invocation& session, Server& server, const Console& console,
                     const Clock& clock, const NextLine& next, bool interactive) {
    Exit first = exit_done;
    while (const auto line = next()) {
        Exit ended = exit_done;
        const auto words = split_words(*line);
        if (!words) {
            ended = tell(local(words.error()), session, console);
        } else if (words->empty()) {
            continue;
        } else if (words->size() == 1 && (words->front() == "exit" || words->front() == "quit")) {
            break;
        } else {
            const Parsed parsed = parse_line(*words, session);
            if (const auto* stop = std::get_if<Stop>(&parsed)) {
                if (stop->wrong)
                    ended = tell(local({stop->text, "", ""}), session, console);
                else
                    console.out(stop->text);
            } else {
                ended = perform(std::get<Invocation>(parsed), server, console, clock, true);
            }
        }
        if (ended <= exit_no) continue;
        if (first == exit_done) first = ended;
        if (!session.command.keep_going && !interactive) break;
        // Nothing more can be asked of a node that is not there.
        if (ended == exit_unreachable) break;
    }
    return first;
}

} // namespace mpapi::client
