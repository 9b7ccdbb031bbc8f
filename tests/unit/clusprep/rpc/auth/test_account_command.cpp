// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/command.hpp"

#include "clusprep/rpc/auth/accounts/account_file.hpp"
#include "common/system/handle.hpp"
#include "tests/unit/clusprep/rpc/auth/hex.hpp"
#include "tests/unit/clusprep/rpc/auth/temporary_directory.hpp"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>

#include <chrono>
#include <sstream>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

struct Ran {
    int status = -1;
    std::string out, err;
};

Ran run(std::vector<std::string> arguments) {
    CLI::App app("daemon", "clusprepd");
    const AccountCommand command(app);
    std::ranges::reverse(arguments);
    std::ostringstream out, err;
    try {
        app.parse(arguments);
    } catch (const CLI::ParseError& wrong) {
        return {app.exit(wrong, out, err), out.str(), err.str()};
    }
    assert_true(command.asked());
    const int status = command.run(out, err);
    return {status, out.str(), err.str()};
}

// The reading end of a pipe that holds the text.
Fd holding(const std::string& text) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) std::abort();
    const Fd writing(ends[1]);
    if (::write(ends[1], text.data(), text.size()) < 0) std::abort();
    return Fd(ends[0]);
}

Ran add(const std::string& file, const std::string& name, const std::string& password) {
    const Fd fd = holding(password);
    return run({"account", "--file", file, "add", name, "--password-fd", std::to_string(fd.get())});
}

void an_account_is_added_listed_and_removed(void**) {
    const TemporaryDirectory directory;
    const auto file = directory.file("accounts");
    const auto added = add(file, "alice", "Password\nnot this");
    assert_int_equal(added.status, 0);
    assert_contains(added.err, "systemctl reload clusprepd");
    assert_int_equal(add(file, "bob", "x").status, 0);
    assert_text_equal(run({"account", "--file", file, "list"}).out, "alice\nbob\n");
    assert_hex_equal(read_accounts(file)->find(u"alice")->nt_hash,
                     "a4f49c406510bdcab6824ee7c30fd852");
    assert_int_equal(run({"account", "--file", file, "remove", "alice"}).status, 0);
    assert_text_equal(run({"account", "--file", file, "list"}).out, "bob\n");
}

void what_cannot_be_done_is_said(void**) {
    const TemporaryDirectory directory;
    const auto file = directory.file("accounts");
    assert_text_equal(run({"account", "--file", file, "remove", "alice"}).err,
                      "clusprepd: remove account alice: there is none\n");
    assert_contains(add(file, "DOM\\alice", "x").err, "one of the characters");
    assert_contains(add(file, "alice", "").err, "there is none");
    assert_contains(add(file, "alice", std::string(2000, 'x')).err, "1024 bytes");
    assert_int_not_equal(add(file, "alice", "").status, 0);
    assert_int_not_equal(run({"account"}).status, 0);
    assert_int_not_equal(run({"account", "add"}).status, 0);
    assert_int_not_equal(run({"account", "add", "alice", "password"}).status, 0);
}

// A child with a terminal of its own types; returns what the terminal showed.
std::string at_a_terminal(const std::string& file, const std::vector<std::string>& typed,
                          int& status, bool& echo_is_on) {
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
        const auto ran = run({"account", "--file", file, "add", "alice"});
        const auto text = ran.err;
        (void)!::write(STDERR_FILENO, text.data(), text.size());
        ::_exit(ran.status);
    }
    const Fd owned(terminal);
    std::string shown;
    std::size_t answered = 0, seen = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < deadline) {
        pollfd ready{terminal, POLLIN, 0};
        if (::poll(&ready, 1, 1000) <= 0) continue;
        char buffer[256];
        const ssize_t got = ::read(terminal, buffer, sizeof buffer);
        if (got <= 0) break; // EIO: the child is gone
        shown.append(buffer, static_cast<std::size_t>(got));
        // A question ends with ": ".
        const auto question = shown.find(": ", seen);
        if (answered < typed.size() && question != shown.npos) {
            seen = question + 2;
            (void)!::write(terminal, typed[answered].data(), typed[answered].size());
            ++answered;
        }
    }
    termios after{};
    echo_is_on = ::tcgetattr(terminal, &after) == 0 && (after.c_lflag & ECHO) != 0;
    int how = 0;
    ::waitpid(child, &how, 0);
    status = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    return shown;
}

void a_password_is_asked_for_twice_and_not_shown(void**) {
    const TemporaryDirectory directory;
    const auto file = directory.file("accounts");
    int status = -1;
    bool echo = false;
    const auto shown = at_a_terminal(file, {"Password\n", "Password\n"}, status, echo);
    assert_int_equal(status, 0);
    assert_contains(shown, "Password of alice: ");
    assert_contains(shown, "The same again: ");
    assert_true(shown.find("PasswordP") == shown.npos && shown.find("Password\r") == shown.npos);
    assert_true(echo);
    assert_hex_equal(read_accounts(file)->find(u"alice")->nt_hash,
                     "a4f49c406510bdcab6824ee7c30fd852");
}

void two_that_differ_or_an_interruption_change_nothing(void**) {
    const TemporaryDirectory directory;
    const auto file = directory.file("accounts");
    int status = 0;
    bool echo = false;
    assert_contains(at_a_terminal(file, {"one\n", "other\n"}, status, echo), "not the same");
    assert_int_equal(status, 1);
    assert_contains(at_a_terminal(file, {"abc\3\n"}, status, echo), "interrupted");
    assert_int_equal(status, 1);
    assert_true(echo);
    assert_int_equal(::access(file.c_str(), F_OK), -1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_account_is_added_listed_and_removed),
        cmocka_unit_test(what_cannot_be_done_is_said),
        cmocka_unit_test(a_password_is_asked_for_twice_and_not_shown),
        cmocka_unit_test(two_that_differ_or_an_interruption_change_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
