// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/network/nmbd_version.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace mpapi::discovery {

namespace {

constexpr std::uint64_t kPatience = 10'000'000; // us
constexpr std::size_t kMostText = 256;

} // namespace

NmbdVersion::NmbdVersion(Told told)
  : told_(std::move(told)) {}

NmbdVersion::~NmbdVersion() {
    reap();
}

// It has said all it has to say, or nobody wants to hear it.
void NmbdVersion::reap() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = -1;
}

Result<std::unique_ptr<NmbdVersion>> NmbdVersion::ask(sd_event* loop, const std::string& program,
                                                      Told told) {
    std::unique_ptr<NmbdVersion> self(new NmbdVersion(std::move(told)));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return Error{"open", "pipe", "", errno};
    self->output_.reset(ends[0]);
    const Fd input(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    std::string path = program, option = "--version", language = "LC_ALL=C";
    std::array<char*, 3> arguments{path.data(), option.data(), nullptr};
    std::array<char*, 2> environment{language.data(), nullptr};
    const int failed = ::posix_spawn(&self->process_, path.c_str(), &actions, &attributes,
                                     arguments.data(), environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        self->process_ = -1;
        return Error{"run", program, "", failed};
    }

    sd_event_source* source = nullptr;
    int r = sd_event_add_io(loop, &source, self->output_.get(), EPOLLIN, readable, self.get());
    if (r < 0) return Error{"wait for", program, "", -r};
    self->readable_.reset(source);
    r = sd_event_add_time_relative(loop, &source, CLOCK_MONOTONIC, kPatience, 1000, expired,
                                   self.get());
    if (r < 0) return Error{"wait for", program, "", -r};
    self->expiry_.reset(source);
    return self;
}

void NmbdVersion::end(Result<std::string> result) {
    reap();
    readable_.reset();
    expiry_.reset();
    const Told told = std::move(told_);
    told(std::move(result)); // may drop us
}

int NmbdVersion::readable(sd_event_source*, int fd, std::uint32_t, void* userdata) {
    auto& self = *static_cast<NmbdVersion*>(userdata);
    std::array<char, kMostText> piece{};
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got > 0) self.text_.append(piece.data(), static_cast<std::size_t>(got));
    if (got <= 0 || self.text_.find('\n') != std::string::npos || self.text_.size() > kMostText)
        self.end(std::move(self.text_));
    return 0;
}

int NmbdVersion::expired(sd_event_source*, std::uint64_t, void* userdata) {
    static_cast<NmbdVersion*>(userdata)->end(
        Error{"wait for", "the version of nmbd", "", ETIMEDOUT});
    return 0;
}

} // namespace mpapi::discovery
