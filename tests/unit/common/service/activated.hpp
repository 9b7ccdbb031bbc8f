// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A program behind a socket as systemd has it (systemd-socket-activate), asked as our daemons do.
#pragma once

#include "common/service/socket.hpp"
#include "common/system/handle.hpp"

#include "tests/unit/cmocka.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace mpapi {

// A directory of this test's own.
class Folder {
  public:
    Folder() {
        std::array<char, 32> name{"/tmp/mpapi-programs-XXXXXX"};
        assert_non_null(::mkdtemp(name.data()));
        path_ = name.data();
    }
    ~Folder() { (void)std::system(("rm -r " + path_).c_str()); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::string& path() const { return path_; }
    // Executable.
    std::string script(const std::string& text) {
        const std::string path = path_ + "/script-" + std::to_string(++count_);
        FILE* file = std::fopen(path.c_str(), "w");
        assert_non_null(file);
        std::fputs(("#!/bin/sh\n" + text + "\n").c_str(), file);
        std::fclose(file);
        assert_int_equal(::chmod(path.c_str(), 0700), 0);
        return path;
    }

  private:
    std::string path_;
    int count_ = 0;
};

// What systemd does with a socket unit of Accept=yes.
class Activated {
  public:
    Activated(const Folder& folder, const std::vector<std::string>& command)
      : path_(folder.path() + "/socket-" + std::to_string(++count_)) {
        int ends[2];
        assert_int_equal(::pipe2(ends, O_CLOEXEC), 0);
        const Fd read_end(ends[0]);
        process_ = ::fork();
        if (process_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL); // also where a test failed
            ::dup2(ends[1], STDERR_FILENO);
            std::vector<const char*> words{"systemd-socket-activate", "--accept", "--inetd", "-l",
                                           path_.c_str()};
            for (const std::string& word : command)
                words.push_back(word.c_str());
            words.push_back(nullptr);
            ::execvp(words[0], const_cast<char**>(words.data()));
            ::_exit(127);
        }
        ::close(ends[1]);
        std::string said;
        char piece[256];
        while (said.find("Listening on") == std::string::npos) {
            const ssize_t got = ::read(read_end.get(), piece, sizeof piece);
            if (got <= 0) fail_msg("systemd-socket-activate: %s", said.c_str());
            said.append(piece, static_cast<std::size_t>(got));
        }
        // Nobody reads what it says from now on: its end would be SIGPIPE.
        keep_.reset(::dup(read_end.get()));
    }
    ~Activated() {
        ::kill(process_, SIGTERM);
        ::waitpid(process_, nullptr, 0);
    }
    Activated(const Activated&) = delete;
    Activated& operator=(const Activated&) = delete;

    Result<std::string> ask(const std::string& question,
                            const service::Socket::Limits& limits = {}) {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        const EventLoop loop(raw);
        service::Socket socket(raw, path_, limits);
        std::optional<Result<std::string>> answer;
        socket.ask(question, [&](Result<std::string> result) { answer = std::move(result); });
        while (!answer)
            assert_true(sd_event_run(raw, UINT64_MAX) >= 0);
        return *answer;
    }
    const std::string& path() const { return path_; }

  private:
    static inline int count_ = 0;
    std::string path_;
    pid_t process_ = -1;
    Fd keep_;
};

inline std::string program(const char* variable) {
    const char* found = std::getenv(variable);
    if (!found) fail_msg("%s is not set", variable);
    return found;
}

} // namespace mpapi
