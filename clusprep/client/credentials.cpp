// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/credentials.hpp"

#include "clusprep/rpc/auth/kerberos/context.hpp"
#include "common/system/handle.hpp"
#include "common/system/write_all.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace mpapi::client {
namespace {

constexpr std::size_t longest_line = 1024;
constexpr const char* terminal_name = "/dev/tty";
constexpr const char* kerberos_service = "host";

// Signals wait until the terminal echoes again.
class SignalsHeld {
  public:
    SignalsHeld() {
        sigset_t set;
        sigemptyset(&set);
        for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP})
            sigaddset(&set, number);
        sigprocmask(SIG_BLOCK, &set, &before_);
        arrived_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    }
    ~SignalsHeld() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;
    int fd() const { return arrived_.get(); }

  private:
    sigset_t before_{};
    Fd arrived_;
};

class EchoOff {
  public:
    explicit EchoOff(int terminal)
      : terminal_(terminal) {
        if (::tcgetattr(terminal_, &before_) < 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        off_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }
    ~EchoOff() {
        if (off_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;
    bool off() const { return off_; }

  private:
    int terminal_;
    termios before_{};
    bool off_ = false;
};

Result<std::string> ask_secretly(int terminal, const std::string& question) {
    const SignalsHeld signals;
    const EchoOff echo(terminal);
    if (!echo.off()) return Error{"turn off the echo of", terminal_name, "", errno};
    if (auto asked = write_all(terminal, question, terminal_name); !asked) return asked.error();
    pollfd either[] = {{terminal, POLLIN, 0}, {signals.fd(), POLLIN, 0}};
    while (::poll(either, 2, -1) < 0)
        if (errno != EINTR) return Error{"wait for", terminal_name, "", errno};
    // What came on the terminal is read; a signal ends us as soon as it is let through.
    if (either[0].revents == 0) return Error{"read password", "", "interrupted"};
    auto line = read_secret_line(terminal);
    (void)write_all(terminal, "\n", terminal_name); // the one that was typed is not shown
    return line;
}

Result<std::string> password_of(const Connection& connection, const std::string& user,
                                const std::string& node) {
    if (connection.password_fd) return read_secret_line(*connection.password_fd);
    const Fd terminal(::open(terminal_name, O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal)
        return Error{"read password", "", "no terminal to ask at; --password-fd reads it"};
    return ask_secretly(terminal.get(), "Password of " + user + " at " + node + ": ");
}

Result<std::string> ask_user() {
    const Fd terminal(::open(terminal_name, O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) return Error{"authenticate", "", "no Kerberos ticket, and no --user"};
    if (auto asked = write_all(terminal.get(), "User: ", terminal_name); !asked)
        return asked.error();
    return read_secret_line(terminal.get());
}

bool have_ticket(const std::string& node) {
    return bool(rpc::KerberosInitiator::open("", kerberos_service, node));
}

Credentials with(rpc::AuthType type, rpc::InitiatorSettings settings) {
    return {type, rpc::make_initiators(std::move(settings))};
}

} // namespace

Result<std::string> read_secret_line(int fd) {
    std::string line;
    for (;;) {
        char c = 0;
        const ssize_t got = ::read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read password", "", "", errno};
        if (got == 0 || c == '\n') return line;
        if (line.size() == longest_line) return Error{"read password", "", "it has no end"};
        line += c;
    }
}

Result<Credentials> credentials_for(const Connection& connection, const std::string& node) {
    rpc::InitiatorSettings settings;
    settings.service = kerberos_service;
    std::string user = connection.user;
    const bool ticket = connection.auth != Auth::Ntlm && user.empty() && have_ticket(node);
    switch (connection.auth) {
    case Auth::Kerberos:
        if (!user.empty())
            return Error{"authenticate", user,
                         "with --auth kerberos the ticket says who asks: kinit, without --user"};
        return with(rpc::AuthType::Kerberos, std::move(settings));
    case Auth::Automatic:
        if (ticket) return with(rpc::AuthType::Kerberos, std::move(settings));
        break;
    case Auth::Negotiate:
        if (ticket) return with(rpc::AuthType::Spnego, std::move(settings));
        break;
    case Auth::Ntlm:
        break;
    }
    if (user.empty()) {
        auto asked = ask_user();
        if (!asked) return std::move(asked).error();
        user = std::move(*asked);
    }
    auto password = password_of(connection, user, node);
    if (!password) return std::move(password).error();
    auto ntlm = rpc::NtlmCredentials::of(user, *password);
    ::explicit_bzero(password->data(), password->size());
    if (!ntlm) return std::move(ntlm).error();
    settings.ntlm = std::move(*ntlm);
    settings.kerberos = false; // a ticket may be somebody else's
    return with(connection.auth == Auth::Negotiate ? rpc::AuthType::Spnego : rpc::AuthType::Ntlm,
                std::move(settings));
}

} // namespace mpapi::client
