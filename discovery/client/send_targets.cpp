// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/client/send_targets.hpp"

#include "common/system/handle.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace mpapi::discovery {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 8u << 20;

class Child {
  public:
    explicit Child(pid_t process)
      : process_(process) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (process_ < 0) return;
        ::kill(process_, SIGKILL);
        wait();
    }
    int wait() {
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        return status;
    }

  private:
    pid_t process_;
};

// What it says until it closes its output.
Result<std::string> read_all(int fd, Clock::time_point until) {
    std::string text;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
        pollfd waiting{fd, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(left, 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return Error{"wait for", "iscsiadm", "", errno};
        if (ready == 0) return Error{"wait for", "iscsiadm", "", ETIMEDOUT};
        std::array<char, 4096> piece{};
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Error{"read from", "iscsiadm", "", errno};
        if (got == 0) return text;
        if (text.size() < kMostOutput) text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

std::string last_line(std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    const auto before = text.rfind('\n');
    return std::string(before == std::string_view::npos ? text : text.substr(before + 1));
}

} // namespace

Result<std::vector<Target>> send_targets(const std::string& address,
                                         std::chrono::milliseconds patience,
                                         const std::string& program) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return Error{"open", "pipe", "", errno};
    const Fd output(ends[0]);
    Fd input(ends[1]);
    std::array<std::string, 9> words{program,        "-m", "discovery",       "-t",
                                     "sendtargets",  "-p", address + ":3260", "-o",
                                     "nonpersistent"};
    std::array<char*, words.size() + 1> arguments{};
    std::transform(words.begin(), words.end(), arguments.begin(),
                   [](std::string& word) { return word.data(); });
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    pid_t process = -1;
    const int failed =
        ::posix_spawnp(&process, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed == ENOENT)
        return Error{"run", program, "it is not installed; it is in the package open-iscsi"};
    if (failed != 0) return Error{"run", program, "", failed};
    Child child(process);
    input.reset();
    const auto said = read_all(output.get(), Clock::now() + patience);
    if (!said) return said.error();
    const int status = child.wait();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return Error{"ask", address, "iscsiadm: " + last_line(*said)};
    return targets_in(*said);
}

} // namespace mpapi::discovery
