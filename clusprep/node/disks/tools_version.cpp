// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/tools_version.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mpapi::node {

namespace {

constexpr std::size_t kMostTold = 4096; // the version stands in the first line

class FileActions {
  public:
    FileActions() { posix_spawn_file_actions_init(&actions_); }
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    posix_spawn_file_actions_t* get() { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

class Attributes {
  public:
    Attributes() { posix_spawnattr_init(&attributes_); }
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    // None of the signals that this process takes in its own way.
    const posix_spawnattr_t* without_blocked_signals() {
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
        return &attributes_;
    }

  private:
    posix_spawnattr_t attributes_{};
};

} // namespace

std::string tools_version(std::string_view told) {
    constexpr std::string_view before = "multipath-tools v";
    const auto at = told.find(before);
    if (at == told.npos) return "";
    told.remove_prefix(at + before.size());
    return std::string(told.substr(0, told.find_first_not_of("0123456789.")));
}

ToolsVersion::~ToolsVersion() {
    if (child_ < 0) return;
    stop();
    ::waitpid(child_, nullptr, 0); // killed: at once
}

void ToolsVersion::ask(Then then) {
    waiting_.push_back(std::move(then));
    if (waiting_.size() == 1 && !start()) answer("");
}

bool ToolsVersion::start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    Fd output(ends[0]);
    const Fd input(ends[1]);
    if (::fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return false;
    FileActions actions;
    posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(actions.get(), input.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(actions.get(), input.get(), STDERR_FILENO);
    Attributes attributes;
    std::string name = program_, option = "-h", words = "LC_ALL=C";
    char* const arguments[] = {name.data(), option.data(), nullptr};
    char* const environment[] = {words.data(), nullptr};
    pid_t child = -1;
    if (::posix_spawn(&child, program_.c_str(), actions.get(), attributes.without_blocked_signals(),
                      arguments, environment) != 0)
        return false;
    child_ = child;
    output_ = std::move(output);
    // By number: the C library's header of it has no C linkage (glibc 2.36).
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    const auto exited = [](sd_event_source*, int, std::uint32_t, void* self) {
        static_cast<ToolsVersion*>(self)->ended();
        return 0;
    };
    const auto late = [](sd_event_source*, std::uint64_t, void* self) {
        static_cast<ToolsVersion*>(self)->stop();
        return 0;
    };
    sd_event_source* source = nullptr;
    if (process_ && sd_event_add_io(loop_, &source, process_.get(), EPOLLIN, exited, this) >= 0) {
        exits_.reset(source);
        const auto patience = std::chrono::duration_cast<std::chrono::microseconds>(patience_);
        if (sd_event_add_time_relative(loop_, &source, CLOCK_MONOTONIC,
                                       static_cast<std::uint64_t>(patience.count()), 10'000, late,
                                       this) >= 0) {
            deadline_.reset(source);
            return true;
        }
    }
    stop();
    ended();
    return true;
}

void ToolsVersion::stop() const {
    ::kill(child_, SIGKILL);
}

// It is gone, or about to be: what it had to say is in the pipe, or would not have fitted.
void ToolsVersion::ended() {
    deadline_.reset();
    exits_.reset();
    int status = 0;
    const pid_t child = std::exchange(child_, -1);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    process_.reset();
    std::array<char, kMostTold> told{};
    const auto got = ::read(output_.get(), told.data(), told.size());
    output_.reset();
    // It was told to print its usage: with which status it ends is its own affair.
    const bool said = got > 0 && WIFEXITED(status);
    answer(said ? tools_version({told.data(), static_cast<std::size_t>(got)}) : "");
}

void ToolsVersion::answer(const std::string& version) {
    for (const Then& then : std::exchange(waiting_, {}))
        then(version);
}

} // namespace mpapi::node
