// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-seal: has the right to the host's credential key, and uses it for the cluster secret only.
// A connection of systemd's socket is its standard input and output; it answers one question and
// ends (service/frame.hpp). The question is 'E' and a secret to be encrypted, or 'D' and one to be
// decrypted. The credential's name is fixed and part of what is authenticated: nothing else that
// was encrypted for this host is decrypted here.
#include "common/service/frame.hpp"
#include "common/service/question.hpp"
#include "common/system/handle.hpp"
#include "common/system/read_file.hpp"
#include "common/system/write_all.hpp"

#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <spawn.h>
#include <string>
#include <unistd.h>

namespace {

using namespace mpapi;

constexpr std::size_t kMostBytes = std::size_t{2} << 20; // of a question or an answer
constexpr char kProgram[] = "/usr/bin/systemd-creds";
constexpr char kName[] = "--name=clusprep-secret";

// Anonymous memory as a file: nothing of a secret reaches a disk, and no pipe fills up.
Result<Fd> memory(const std::string& content) {
    Fd fd(::memfd_create("mpapi-seal", MFD_CLOEXEC));
    if (!fd) return Error{"create", "memory file", "", errno};
    if (auto written = write_all(fd.get(), content, "memory file"); !written)
        return written.error();
    ::lseek(fd.get(), 0, SEEK_SET);
    return fd;
}

std::string content_of(const Fd& fd) {
    ::lseek(fd.get(), 0, SEEK_SET);
    return read_file(fd.get(), "memory file", kMostBytes).value_or("");
}

Result<std::string> run(const std::string& program, bool encrypt, const std::string& content) {
    const auto input = memory(content);
    const auto output = memory("");
    const auto errors = memory("");
    for (const auto* each : {&input, &output, &errors})
        if (!*each) return each->error();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input->get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output->get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors->get(), STDERR_FILENO);
    const std::array<const char*, 8> to_encrypt{
        program.c_str(), "encrypt", "--with-key=host", kName, "-", "-", nullptr};
    const std::array<const char*, 8> to_decrypt{program.c_str(), "decrypt", kName, "-", "-",
                                                nullptr};
    const std::array<const char*, 2> environment{"SYSTEMD_LOG_COLOR=0", nullptr};
    pid_t child = 0;
    const int failed =
        ::posix_spawn(&child, program.c_str(), &actions, nullptr,
                      const_cast<char**>(encrypt ? to_encrypt.data() : to_decrypt.data()),
                      const_cast<char**>(environment.data()));
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return Error{"run", program, "", failed};
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return Error{"wait for", program, "", errno};
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::string reason = content_of(*errors);
        // What failed is said last.
        while (reason.ends_with('\n'))
            reason.pop_back();
        reason = reason.substr(reason.rfind('\n') + 1);
        return Error{"run", program, reason.empty() ? "it failed" : reason};
    }
    return content_of(*output);
}

Result<std::string> answer(const std::string& program) {
    const auto question = service::read_question(STDIN_FILENO, kMostBytes);
    if (!question) return question.error();
    if (question->empty() || (question->front() != 'E' && question->front() != 'D'))
        return Error{"read", "question", "expected E or D first"};
    return run(program, question->front() == 'E', question->substr(1));
}

} // namespace

// The program is another one in tests only.
int main(int argc, char** argv) {
    const auto found = answer(argc > 1 ? argv[1] : kProgram);
    const std::string frame =
        found ? service::answer(*found) : service::refusal(found.error().message());
    const Status written = write_all(STDOUT_FILENO, frame, "answer");
    return found && written ? EXIT_SUCCESS : EXIT_FAILURE;
}
