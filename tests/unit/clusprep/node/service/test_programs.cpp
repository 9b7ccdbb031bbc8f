// SPDX-License-Identifier: LGPL-2.1-or-later
//
// mpapi-seal and mpapi-rule-set behind a socket as systemd has it (systemd-socket-activate), asked
// as clusprepd does. systemd-creds is the real one, with a key of this test's own. Needs root.
#include "clusprep/node/firewall/rule_set.hpp"
#include "clusprep/node/service/frame.hpp"
#include "clusprep/node/service/service_socket.hpp"
#include "common/system/handle.hpp"

#include "tests/unit/cmocka.hpp"

#include <fcntl.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

using namespace mpapi;
using namespace mpapi::node;
using namespace std::chrono_literals;

namespace {

std::string folder;

// What systemd does with a socket unit of Accept=yes.
class Activated {
  public:
    explicit Activated(const std::vector<std::string>& command)
      : path_(folder + "/socket-" + std::to_string(++count_)) {
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

std::string program(const char* variable) {
    const char* found = std::getenv(variable);
    if (!found) fail_msg("%s is not set", variable);
    return found;
}

std::string script(const std::string& text) {
    static int count = 0;
    const std::string path = folder + "/script-" + std::to_string(++count);
    FILE* file = std::fopen(path.c_str(), "w");
    assert_non_null(file);
    std::fputs(("#!/bin/sh\n" + text + "\n").c_str(), file);
    std::fclose(file);
    assert_int_equal(::chmod(path.c_str(), 0700), 0);
    return path;
}

int make_place(void**) {
    std::array<char, 32> name{"/tmp/node-programs-XXXXXX"};
    assert_non_null(::mkdtemp(name.data()));
    folder = name.data();
    // The host's key is not touched: this mount is seen by nobody else.
    assert_int_equal(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    assert_int_equal(::mount("none", "/var/lib/systemd", "tmpfs", 0, "mode=0755"), 0);
    return 0;
}

int remove_place(void**) {
    return std::system(("rm -r " + folder).c_str());
}

void a_secret_is_sealed_and_unsealed_by_the_hosts_key(void**) {
    Activated seal({program("MPAPI_SEAL")});
    for (const std::string& secret :
         {std::string(), std::string("x"), std::string("\0\xff\n", 3), std::string(300'001, 'y'),
          std::string(std::size_t{768} << 10, 'z')}) {
        const auto sealed = seal.ask("E" + secret);
        assert_ok(sealed);
        assert_true(secret.size() < 16 || sealed->find(secret) == std::string::npos);
        const auto again = seal.ask("D" + *sealed);
        assert_ok(again);
        assert_true(*again == secret);
    }
}

void what_was_not_sealed_here_is_not_unsealed(void**) {
    Activated seal({program("MPAPI_SEAL")});
    auto sealed = seal.ask("Esecret");
    assert_ok(sealed);
    sealed->at(sealed->size() / 2) ^= 1;
    assert_false(seal.ask("D" + *sealed).has_value());
    assert_false(seal.ask("Dgarbage").has_value());
    // Of another name, with the same key.
    FILE* other = ::popen("printf other | systemd-creds encrypt --with-key=host --name=other - - "
                          "2>/dev/null",
                          "r");
    assert_non_null(other);
    std::array<char, 4096> text{};
    const std::size_t size = std::fread(text.data(), 1, text.size(), other);
    assert_int_equal(::pclose(other), 0);
    const auto foreign = seal.ask("D" + std::string(text.data(), size));
    assert_false(foreign.has_value());
    assert_contains(foreign.error().message(), "systemd-creds");
}

void a_question_that_is_none_is_refused(void**) {
    Activated seal({program("MPAPI_SEAL")});
    for (const std::string& question : {std::string(), std::string("X"), std::string("e")})
        assert_contains(seal.ask(question).error().message(), "expected E or D");
    assert_contains(seal.ask("E" + std::string(std::size_t{3} << 20, 'x')).error().message(), "");
}

void the_reason_of_a_failure_is_told(void**) {
    Activated seal({program("MPAPI_SEAL"),
                    script("echo one >&2; echo 'No such key: it was lost' >&2; exit 1")});
    assert_contains(seal.ask("Ex").error().message(), "No such key: it was lost");
    Activated missing({program("MPAPI_SEAL"), folder + "/nothing"});
    assert_contains(missing.ask("Ex").error().message(), "No such file");
}

void a_program_that_says_nothing_or_nonsense_is_an_error(void**) {
    Activated silent({script("cat >/dev/null; exit 1")});
    assert_contains(silent.ask("x").error().message(), "without an answer");
    Activated odd({script("cat >/dev/null; printf 'hello, world'")});
    assert_contains(odd.ask("x").error().message(), "cut off");
    Activated much({script("cat >/dev/null; head -c 100000 /dev/zero")});
    service::Socket::Limits small;
    small.answer = 1000;
    assert_contains(much.ask("x", small).error().message(), "too large");
    Activated slow({script("cat >/dev/null; sleep 1")});
    service::Socket::Limits hasty;
    hasty.patience = 30ms;
    assert_int_equal(slow.ask("x", hasty).error().errnum, ETIMEDOUT);
}

void more_questions_than_may_be_open_wait(void**) {
    Activated silent({script("cat >/dev/null; exit 1")});
    sd_event* raw = nullptr;
    assert_true(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    service::Socket::Limits limits;
    limits.at_once = 2;
    service::Socket socket(raw, silent.path(), limits);
    unsigned answered = 0;
    for (int n = 0; n < 9; ++n)
        socket.ask("x", [&](const Result<std::string>& result) {
            ++answered;
            assert_contains(result.error().message(), "without an answer");
        });
    while (answered < 9)
        assert_true(sd_event_run(raw, UINT64_MAX) >= 0);
}

void no_service_is_an_error_at_once(void**) {
    sd_event* raw = nullptr;
    assert_true(sd_event_new(&raw) >= 0);
    const EventLoop loop(raw);
    service::Socket socket(raw, folder + "/nobody", {});
    int errnum = 0;
    socket.ask("x", [&](const Result<std::string>& result) { errnum = result.error().errnum; });
    assert_int_equal(errnum, ENOENT);
}

void the_rule_set_of_this_network_is_listed(void**) {
    nft_ctx* nftables = nft_ctx_new(NFT_CTX_DEFAULT);
    assert_int_equal(
        nft_run_cmd_from_buffer(nftables, "add table inet seen { chain in { type filter hook input "
                                          "priority 0; policy drop; tcp dport 3343 accept; }; }"),
        0);
    nft_ctx_free(nftables);
    Activated rules({program("MPAPI_RULE_SET")});
    const auto json = rules.ask("");
    assert_ok(json);
    const auto set = firewall::RuleSet::parse(*json);
    assert_ok(set);
    firewall::Packet packet;
    packet.adapter = "eth0";
    packet.port = 3343;
    assert_true(set->judge(packet).allowed);
    packet.port = 445;
    assert_contains(set->judge(packet).reason, "inet seen in");
}

} // namespace

int main() {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
        std::puts("skipped: needs root for namespaces of its own");
        return 77;
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_sealed_and_unsealed_by_the_hosts_key),
        cmocka_unit_test(what_was_not_sealed_here_is_not_unsealed),
        cmocka_unit_test(a_question_that_is_none_is_refused),
        cmocka_unit_test(the_reason_of_a_failure_is_told),
        cmocka_unit_test(a_program_that_says_nothing_or_nonsense_is_an_error),
        cmocka_unit_test(more_questions_than_may_be_open_wait),
        cmocka_unit_test(no_service_is_an_error_at_once),
        cmocka_unit_test(the_rule_set_of_this_network_is_listed),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
