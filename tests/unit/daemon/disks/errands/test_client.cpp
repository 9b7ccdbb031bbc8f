// SPDX-License-Identifier: LGPL-2.1-or-later
// Errands to a process that the test plays.
#include "daemon/disks/errands/client.hpp"
#include "daemon/disks/errands/conversation.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::disks;
using namespace std::chrono_literals;

namespace {

// Takes one connection and does with it what the test says.
class Peer {
  public:
    explicit Peer(const std::function<void(int connection)>& work) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "mpapi-errand-XXXXXX").string();
        assert_non_null(::mkdtemp(pattern.data()));
        folder_ = pattern;
        path = folder_ / "socket";
        const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        path.copy(name.sun_path, path.size());
        assert_int_equal(
            ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        assert_int_equal(::listen(socket.get(), 8), 0);
        child_ = ::fork();
        assert_true(child_ >= 0);
        if (child_ > 0) return;
        const Fd connection(::accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
        work(connection.get());
        ::_exit(0);
    }
    ~Peer() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    std::string path;

  private:
    std::filesystem::path folder_;
    pid_t child_ = -1;
};

struct World {
    World() {
        sd_event* raw = nullptr;
        assert_true(sd_event_new(&raw) >= 0);
        loop.reset(raw);
    }
    const Result<ErrandReply>& ask(const std::string& socket, const Lines& lines,
                                   std::chrono::milliseconds limit = 10s) {
        ErrandClient client(loop.get(), socket, "the peer");
        bool within = true;
        client.send(lines, limit, [&](Result<ErrandReply> result) {
            assert_false(within);
            reply = std::move(result);
        });
        within = false;
        while (!reply)
            assert_true(sd_event_run(loop.get(), 15'000'000) > 0);
        return *reply;
    }
    EventLoop loop;
    std::optional<Result<ErrandReply>> reply;
};

void echo(int connection) {
    const auto request = receive_errand(connection);
    answer_errand(connection, request ? *request : Lines{{"damaged"}}).has_value();
}

void a_reply_comes_with_all_its_lines(void**) {
    const Peer peer(echo);
    World world;
    const Lines large{{"write", "a b"}, {"data", std::string(kMostFileData, '\xff')}};
    const auto& reply = world.ask(peer.path, large);
    assert_ok(reply);
    assert_true(reply->lines == large);
    assert_false(bool(reply->passed));
}

void a_descriptor_comes_with_the_reply(void**) {
    const Peer peer([](int connection) {
        receive_errand(connection).has_value();
        const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        answer_errand(connection, {{"offline"}}, null.get()).has_value();
    });
    World world;
    const auto& reply = world.ask(peer.path, {{"offline", "8:0", "disk"}});
    assert_ok(reply);
    assert_true(reply->lines == Lines{{"offline"}});
    assert_true(bool(reply->passed));
    assert_true((::fcntl(reply->passed.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

void a_failure_is_an_error(void**) {
    const Error why{"mount", "8:1", "it is dirty", 22};
    const Peer peer([&](int connection) {
        receive_errand(connection).has_value();
        answer_errand(connection, {failure_words(why)}).has_value();
    });
    World world;
    const auto& reply = world.ask(peer.path, {{"x"}});
    assert_false(bool(reply));
    assert_true(reply.error() == why);
}

void a_process_that_ends_early_gave_no_answer(void**) {
    const Peer peer([](int connection) {
        receive_errand(connection).has_value();
        assert_int_equal(::write(connection, "done\n", 5), 5);
    });
    World world;
    const auto& reply = world.ask(peer.path, {{"x"}});
    assert_false(bool(reply));
    assert_contains(reply.error().message(), "gave no answer");
}

void a_process_that_hangs_is_not_waited_for(void**) {
    const Peer peer([](int) { ::pause(); });
    World world;
    const auto& reply = world.ask(peer.path, {{"x"}}, 50ms);
    assert_int_equal(reply.error().errnum, ETIMEDOUT);
}

void a_socket_that_is_not_there_is_told_later(void**) {
    World world;
    const auto& reply = world.ask("/nonexistent/socket", {{"x"}});
    assert_int_equal(reply.error().errnum, ENOENT);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_comes_with_all_its_lines),
        cmocka_unit_test(a_descriptor_comes_with_the_reply),
        cmocka_unit_test(a_failure_is_an_error),
        cmocka_unit_test(a_process_that_ends_early_gave_no_answer),
        cmocka_unit_test(a_process_that_hangs_is_not_waited_for),
        cmocka_unit_test(a_socket_that_is_not_there_is_told_later),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
