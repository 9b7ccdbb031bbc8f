// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/client.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/multipathd/peer.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace mpapi;
using namespace mpapi::multipathd;
using namespace std::chrono_literals;

namespace {

struct Loop {
    Loop() {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
    }
    // Until `done`, for ten seconds at most.
    void run(const std::function<bool()>& done) {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!done()) {
            if (std::chrono::steady_clock::now() > end) fail_msg("nothing happened for 10 s");
            assert_true(sd_event_run(loop.get(), 100'000) >= 0);
        }
    }
    EventLoop loop;
};

Client::Options options(std::vector<std::string> addresses) {
    Client::Options made;
    made.addresses = std::move(addresses);
    made.peer = geteuid();
    return made;
}

Result<std::string> ask(Client& client, Loop& loop, std::string command = "show config",
                        std::chrono::milliseconds limit = 5s) {
    std::optional<Result<std::string>> answer;
    client.request(std::move(command), limit, [&](Result<std::string> result) {
        if (answer) fail_msg("answered twice");
        answer.emplace(std::move(result));
    });
    if (answer) fail_msg("answered from within request()");
    loop.run([&] { return answer.has_value(); });
    return *std::move(answer);
}

void expect_error(const Result<std::string>& answer, int errnum, std::string_view part = "") {
    if (answer) fail_msg("got an answer of %zu bytes", answer->size());
    const std::string message = answer.error().message();
    if (answer.error().errnum != errnum || message.find(part) == std::string::npos)
        fail_msg("got errno %d: %s", answer.error().errnum, message.c_str());
}

void a_reply_is_the_text_without_its_nul(void**) {
    Peer peer([](int fd, const std::string& command) { reply(fd, "you said " + command + "\n"); });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    const auto answer = ask(client, loop);
    assert_ok(answer);
    assert_text_equal(*answer, "you said show config\n");
    assert_int_equal(client.pending(), 0);
}

void a_large_reply_in_pieces_is_put_together(void**) {
    const std::string large(std::size_t{20} << 20U, 'x');
    Peer peer([&](int fd, const std::string&) { reply(fd, large); });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    const auto answer = ask(client, loop);
    assert_ok(answer);
    assert_true(*answer == large);
}

void requests_are_answered_in_order(void**) {
    Peer peer([](int fd, const std::string& command) { reply(fd, command); });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    std::vector<std::string> answers;
    for (const char* command : {"one", "two", "three"})
        client.request(command, 5s, [&](Result<std::string> result) {
            answers.push_back(result ? *result : result.error().message());
        });
    loop.run([&] { return answers.size() == 3; });
    assert_text_equal(answers[0] + answers[1] + answers[2], "onetwothree");
}

void the_second_address_is_tried_when_nobody_is_at_the_first(void**) {
    Peer peer([](int fd, const std::string&) { reply(fd, "ok\n"); });
    Loop loop;
    Client client(loop.loop.get(),
                  options({"/nonexistent/socket", "@mpapi-test-nobody", peer.address()}));
    assert_ok(ask(client, loop));
}

void nobody_at_any_address_is_an_error(void**) {
    Loop loop;
    Client client(loop.loop.get(), options({"/nonexistent/socket", "@mpapi-test-nobody"}));
    expect_error(ask(client, loop), ECONNREFUSED, "ask multipathd \"show config\"");
    Client none(loop.loop.get(), options({}));
    expect_error(ask(none, loop), EDESTADDRREQ);
    Client bad(loop.loop.get(), options({std::string(200, 'x')}));
    expect_error(ask(bad, loop), EINVAL);
}

void a_peer_of_another_user_is_refused(void**) {
    Peer peer([](int fd, const std::string&) { reply(fd, "lies"); });
    Loop loop;
    Client::Options other = options({peer.address()});
    other.peer = geteuid() + 1;
    Client client(loop.loop.get(), std::move(other));
    expect_error(ask(client, loop), EPERM, "answers at its socket");
}

void what_multipathd_refuses_is_an_error(void**) {
    Peer peer([](int fd, const std::string& command) {
        if (command == "reconfigure") reply(fd, "permission deny: need to be root\n");
        if (command == "fail path sdx") reply(fd, "fail\n");
        if (command == "show maps") reply(fd, "timeout\n");
        if (command == "frobnicate")
            reply(fd, "multipath-tools v0.9.4 (12/19, 2022)\nCLI commands reference:\n list\n");
    });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    expect_error(ask(client, loop, "reconfigure"), EACCES);
    expect_error(ask(client, loop, "fail path sdx"), EIO);
    expect_error(ask(client, loop, "show maps"), EAGAIN);
    expect_error(ask(client, loop, "frobnicate"), EOPNOTSUPP);
}

void lengths_that_lie_are_refused(void**) {
    Peer peer([](int fd, const std::string& command) {
        if (command == "zero") put_length(fd, 0);
        if (command == "huge") put_length(fd, SIZE_MAX);
        if (command == "over") put_length(fd, (std::size_t{32} << 20U) + 1);
        if (command == "more") {
            put_length(fd, 1000);
            put(fd, "only this");
            return;
        }
        if (command == "less") {
            put_length(fd, 3);
            put(fd, "abcdefgh");
        }
        hold(fd);
    });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    expect_error(ask(client, loop, "zero"), EMSGSIZE, "0 bytes");
    expect_error(ask(client, loop, "huge"), EMSGSIZE, "18446744073709551615");
    expect_error(ask(client, loop, "over"), EMSGSIZE);
    expect_error(ask(client, loop, "more"), ECONNRESET, "amid");
    const auto less = ask(client, loop, "less");
    assert_ok(less);
    assert_text_equal(*less, "abc");
}

void a_peer_that_closes_is_an_error(void**) {
    Peer peer([](int fd, const std::string& command) {
        if (command == "half") put(fd, "\x05");
    });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    expect_error(ask(client, loop, "at once"), ECONNRESET, "without an answer");
    expect_error(ask(client, loop, "half"), ECONNRESET, "without an answer");
}

void a_reply_with_a_nul_inside_is_no_text(void**) {
    Peer peer([](int fd, const std::string&) {
        put_length(fd, 4);
        put(fd, std::string_view("a\0b\0", 4));
    });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    expect_error(ask(client, loop), EBADMSG);
}

void a_slow_peer_costs_its_own_request_only(void**) {
    Peer peer([](int fd, const std::string& command) {
        if (command == "slow") {
            put_length(fd, 100);
            put(fd, "a little");
            hold(fd);
        } else {
            reply(fd, command);
        }
    });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    std::vector<std::string> answers;
    client.request("slow", 50ms, [&](Result<std::string> result) {
        expect_error(result, ETIMEDOUT, "no answer in time");
        answers.push_back("slow");
    });
    client.request("fast", 5s, [&](Result<std::string> result) {
        assert_ok(result);
        answers.push_back(*result);
    });
    loop.run([&] { return answers.size() == 2; });
    assert_text_equal(answers[0] + answers[1], "slowfast");
}

void a_request_that_waits_too_long_in_the_queue_is_answered_in_time(void**) {
    Peer peer([](int fd, const std::string&) { hold(fd); });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    std::vector<std::string> answers;
    client.request("first", 10s, [&](const Result<std::string>&) { answers.push_back("first"); });
    client.request("second", 30ms, [&](Result<std::string> result) {
        expect_error(result, ETIMEDOUT);
        answers.push_back("second");
    });
    loop.run([&] { return !answers.empty(); });
    assert_text_equal(answers[0], "second");
    assert_int_equal(client.pending(), 1);
}

void the_queue_is_bounded(void**) {
    Peer peer([](int fd, const std::string&) { hold(fd); });
    Loop loop;
    Client::Options small = options({peer.address()});
    small.largest_queue = 2;
    Client client(loop.loop.get(), std::move(small));
    int refused = 0;
    for (int i = 0; i < 5; ++i)
        client.request("x", 10s, [&](Result<std::string> result) {
            expect_error(result, EBUSY);
            ++refused;
        });
    loop.run([&] { return refused == 3; });
    assert_int_equal(client.pending(), 2);
}

void a_command_that_multipathd_could_not_read_is_refused(void**) {
    Loop loop;
    Client client(loop.loop.get(), options({"@mpapi-test-nobody"}));
    expect_error(ask(client, loop, std::string(512, 'x')), EINVAL);
    expect_error(ask(client, loop, std::string("show\0config", 11)), EINVAL);
}

void an_answer_may_ask_again(void**) {
    Peer peer([](int fd, const std::string& command) { reply(fd, command); });
    Loop loop;
    Client client(loop.loop.get(), options({peer.address()}));
    std::string last;
    client.request("first", 5s, [&](const Result<std::string>&) {
        client.request("second", 5s, [&](Result<std::string> result) {
            assert_ok(result);
            last = *result;
        });
    });
    loop.run([&] { return !last.empty(); });
    assert_text_equal(last, "second");
}

void an_answer_may_destroy_the_client(void**) {
    Peer peer([](int fd, const std::string& command) {
        if (command == "reply") reply(fd, "x");
        if (command == "hang") hold(fd);
    });
    for (const char* command : {"reply", "hang", "close"}) {
        Loop loop;
        auto client = std::make_unique<Client>(loop.loop.get(), options({peer.address()}));
        bool told = false;
        client->request(command, 50ms, [&](const Result<std::string>&) {
            client.reset();
            told = true;
        });
        client->request("another", 5s,
                        [](const Result<std::string>&) { fail_msg("answered after the end"); });
        loop.run([&] { return told; });
        assert_true(sd_event_run(loop.loop.get(), 0) >= 0);
    }
}

// The backlog of the peer is full and nobody accepts.
void a_full_backlog_ends_with_the_deadline(void**) {
    const std::string address = "@mpapi-test-full-" + std::to_string(getpid());
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address.copy(name.sun_path, address.size());
    name.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    const Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    assert_int_equal(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), length), 0);
    assert_int_equal(::listen(listener.get(), 0), 0);
    std::vector<Fd> fillers;
    while (true) {
        Fd filler(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (::connect(filler.get(), reinterpret_cast<const sockaddr*>(&name), length) < 0) break;
        fillers.push_back(std::move(filler));
    }
    Loop loop;
    Client client(loop.loop.get(), options({address}));
    expect_error(ask(client, loop, "show config", 80ms), ETIMEDOUT);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_the_text_without_its_nul),
        cmocka_unit_test(a_large_reply_in_pieces_is_put_together),
        cmocka_unit_test(requests_are_answered_in_order),
        cmocka_unit_test(the_second_address_is_tried_when_nobody_is_at_the_first),
        cmocka_unit_test(nobody_at_any_address_is_an_error),
        cmocka_unit_test(a_peer_of_another_user_is_refused),
        cmocka_unit_test(what_multipathd_refuses_is_an_error),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(a_peer_that_closes_is_an_error),
        cmocka_unit_test(a_reply_with_a_nul_inside_is_no_text),
        cmocka_unit_test(a_slow_peer_costs_its_own_request_only),
        cmocka_unit_test(a_request_that_waits_too_long_in_the_queue_is_answered_in_time),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(a_command_that_multipathd_could_not_read_is_refused),
        cmocka_unit_test(an_answer_may_ask_again),
        cmocka_unit_test(an_answer_may_destroy_the_client),
        cmocka_unit_test(a_full_backlog_ends_with_the_deadline),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
