// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/clusprep/rpc/auth/child.hpp"

#include "common/system/handle.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>

namespace mpapi::rpc::test {

pid_t spawn(const Command& command, int output, int input) {
    std::vector<char*> arguments;
    for (const auto& argument : command)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (input >= 0) ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Status run(const Command& command, const std::string& input) {
    const Fd log(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return Error{"make", "pipe", "", errno};
    const Fd reading(ends[0]);
    Fd writing(ends[1]);
    // Fits into the pipe.
    if (::write(writing.get(), input.data(), input.size()) < 0)
        return Error{"write", "pipe", "", errno};
    writing.reset();
    const int status = wait_for(spawn(command, log.get(), reading.get()));
    if (status == 127) return Error{"run", command[0], "it is not installed"};
    if (status != 0) return Error{"run", command[0], "exit status " + std::to_string(status)};
    return Done{};
}

} // namespace mpapi::rpc::test
