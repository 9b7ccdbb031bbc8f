// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/password.hpp"

#include "common/system/handle.hpp"
#include "common/system/write_all.hpp"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace mpapi::rpc {

namespace {

constexpr const char* kTerminal = "/dev/tty";

// Signals from the keyboard are off too: one that ended us would leave the terminal silent.
class Silence {
  public:
    explicit Silence(int terminal)
      : terminal_(terminal)
      , is_on_(::tcgetattr(terminal, &before_) == 0) {
        if (!is_on_) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
        silent.c_lflag |= ICANON;
        is_on_ = ::tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
    }
    ~Silence() {
        if (is_on_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    bool is_on() const { return is_on_; }

  private:
    const int terminal_;
    termios before_{};
    bool is_on_;
};

} // namespace

Result<std::string> read_password(int fd) {
    std::string password;
    for (;;) {
        char byte = 0;
        const ssize_t got = ::read(fd, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read", "password", "", errno};
        if (got == 0 || byte == '\n') break;
        if (password.size() == kMostPassword)
            return Error{"read", "password", "it has over 1024 bytes"};
        password.push_back(byte);
    }
    if (password.empty()) return Error{"read", "password", "there is none"};
    return password;
}

Result<std::string> ask_password(const std::string& prompt) {
    const Fd terminal(::open(kTerminal, O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal) return Error{"open", kTerminal, "", errno};
    const Silence silence(terminal.get());
    if (!silence.is_on()) return Error{"silence", kTerminal, "", errno};
    if (auto written = write_all(terminal.get(), prompt, kTerminal); !written)
        return std::move(written).error();
    auto password = read_password(terminal.get());
    if (auto written = write_all(terminal.get(), "\n", kTerminal); !written)
        return std::move(written).error();
    if (password && password->find('\3') != std::string::npos)
        return Error{"read", "password", "interrupted"};
    return password;
}

} // namespace mpapi::rpc
