// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/clusprep/rpc/auth/own_processes.hpp"

#include "tests/unit/clusprep/rpc/auth/child.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace mpapi::rpc::test {

namespace {

// The first process: takes over who lost his parent, and ends with the one that it started.
[[noreturn]] void be_init(const std::function<int()>& body) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const pid_t first = ::fork();
    if (first < 0) ::_exit(EXIT_FAILURE);
    if (first == 0) std::exit(body());
    for (;;) {
        int status = 0;
        const pid_t ended = ::waitpid(-1, &status, 0);
        if (ended == first) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
        if (ended < 0 && errno != EINTR) ::_exit(EXIT_FAILURE);
    }
}

// Gives up its own namespaces; starts the first process of the new ones, and ends as that does.
[[noreturn]] void leave_namespaces(const std::function<int()>& body) {
    const auto give_up = [](const char* what) {
        std::perror(what);
        ::_exit(EXIT_FAILURE);
    };
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID) < 0) give_up("unshare");
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) give_up("make / private");
    const pid_t init = ::fork();
    if (init < 0) give_up("fork");
    if (init == 0)
        be_init([&] {
            // Who looks for himself in /proc has to find himself.
            if (::mount("proc", "/proc", "proc", 0, nullptr) < 0) std::perror("mount /proc");
            return body();
        });
    // The kernel lets the first process end after all others.
    ::_exit(wait_for(init));
}

} // namespace

Result<int> in_own_namespaces(const std::function<int()>& body) {
    if (::geteuid() != 0) return Error{"unshare", "", "it takes root"};
    std::fflush(nullptr); // or the children would write it again
    // In between is one that nobody asks for anything later: who has left his namespace for
    // processes can start no more, not even the leak detector's, once its first one is gone.
    const pid_t between = ::fork();
    if (between < 0) return Error{"start", "child", "", errno};
    if (between == 0) leave_namespaces(body);
    return wait_for(between);
}

} // namespace mpapi::rpc::test
