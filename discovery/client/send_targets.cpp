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
#include <memory>
#include <optional>

namespace mpapi::discovery {

namespace {

using Clock = std::chrono::steady_clock;
using Targets = Result<std::vector<Target>>;

constexpr std::size_t kAtATime = 16;
constexpr std::size_t kMostOutput = 8u << 20; // of each

std::string last_line(std::string_view text) {
    while (text.ends_with('\n'))
        text.remove_suffix(1);
    const auto before = text.rfind('\n');
    return std::string(before == std::string_view::npos ? text : text.substr(before + 1));
}

// One run of iscsiadm. Dropped before it has ended, it is killed.
class Run {
  public:
    static Result<std::unique_ptr<Run>> start(std::size_t place, const std::string& address,
                                              Clock::time_point until, const std::string& program);
    ~Run() {
        if (process_ < 0) return;
        ::kill(process_, SIGKILL);
        wait();
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    std::size_t place() const { return place_; }
    int fd() const { return output_.get(); }
    Clock::time_point until() const { return until_; }
    // When it said something, closed its output, or its time may be over: what came of it, if it is
    // at its end.
    std::optional<Targets> go_on(bool readable, Clock::time_point now);

  private:
    Run(std::size_t place, std::string address, Clock::time_point until)
      : place_(place)
      , address_(std::move(address))
      , until_(until) {}
    int wait() {
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        return status;
    }

    std::size_t place_;
    std::string address_;
    Clock::time_point until_;
    pid_t process_ = -1;
    Fd output_;
    std::string text_;
};

Result<std::unique_ptr<Run>> Run::start(std::size_t place, const std::string& address,
                                        Clock::time_point until, const std::string& program) {
    std::unique_ptr<Run> self(new Run(place, address, until));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return Error{"open", "pipe", "", errno};
    self->output_.reset(ends[0]);
    const Fd input(ends[1]);
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
    const int failed = ::posix_spawnp(&self->process_, program.c_str(), &actions, nullptr,
                                      arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed == 0) return self;
    self->process_ = -1;
    if (failed == ENOENT)
        return Error{"run", program, "it is not installed; it is in the package open-iscsi"};
    return Error{"run", program, "", failed};
}

std::optional<Targets> Run::go_on(bool readable, Clock::time_point now) {
    if (!readable) {
        if (now < until_) return std::nullopt;
        return Error{"wait for", "iscsiadm", "", ETIMEDOUT};
    }
    std::array<char, 4096> piece{};
    const ssize_t got = ::read(fd(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) return std::nullopt;
    if (got < 0) return Error{"read from", "iscsiadm", "", errno};
    if (got > 0) {
        if (text_.size() < kMostOutput) text_.append(piece.data(), static_cast<std::size_t>(got));
        return std::nullopt;
    }
    const int status = wait();
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return Error{"ask", address_, "iscsiadm: " + last_line(text_)};
    return targets_in(text_);
}

// Until one of them said something, or the time of one is over.
void wait_for_one(const std::vector<std::unique_ptr<Run>>& running, std::vector<pollfd>& events) {
    events.clear();
    auto until = Clock::time_point::max();
    for (const auto& run : running) {
        events.push_back({run->fd(), POLLIN, 0});
        until = std::min(until, run->until());
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (::poll(events.data(), events.size(), static_cast<int>(std::max<long>(left, 0))) < 0)
        for (pollfd& event : events)
            event.revents = 0; // a signal: they are looked at again
}

} // namespace

void send_targets(const std::vector<std::string>& addresses, std::chrono::milliseconds patience,
                  const TargetsTold& told, const std::string& program) {
    std::vector<std::unique_ptr<Run>> running;
    std::vector<pollfd> events;
    for (std::size_t next = 0; next < addresses.size() || !running.empty();) {
        for (; running.size() < kAtATime && next < addresses.size(); ++next) {
            auto run = Run::start(next, addresses[next], Clock::now() + patience, program);
            if (run)
                running.push_back(*std::move(run));
            else
                told(next, run.error());
        }
        if (running.empty()) continue;
        wait_for_one(running, events);
        const auto now = Clock::now();
        for (std::size_t at = running.size(); at-- > 0;) { // from behind: some go
            auto targets = running[at]->go_on(events[at].revents != 0, now);
            if (!targets) continue;
            const std::size_t place = running[at]->place();
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
            told(place, *std::move(targets));
        }
    }
}

} // namespace mpapi::discovery
