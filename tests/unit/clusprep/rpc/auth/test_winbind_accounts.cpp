// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A real winbindd that is in no domain and knows one user of its own, in namespaces of the test's
// own: the library looks for it at one place only, and it starts programs that outlive it. With it
// Samba's acceptor (ntlm_auth) is there to judge our initiators.
#include "clusprep/rpc/auth/accounts/winbind_accounts.hpp"

#include "clusprep/rpc/auth/spnego/context.hpp"
#include "tests/unit/clusprep/rpc/auth/child.hpp"
#include "tests/unit/clusprep/rpc/auth/one_account.hpp"
#include "tests/unit/clusprep/rpc/auth/own_processes.hpp"
#include "tests/unit/clusprep/rpc/auth/pair.hpp"
#include "tests/unit/clusprep/rpc/auth/temporary_directory.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdio>
#include <fstream>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

EventLoop new_loop() {
    sd_event* loop = nullptr;
    if (sd_event_new(&loop) < 0) std::abort();
    return EventLoop(loop);
}

template <typename Reached>
void run_until(sd_event* loop, const Reached& reached) {
    for (int turns = 0; !reached() && turns < 100; ++turns)
        if (sd_event_run(loop, 10'000'000) < 0) break;
    if (!reached()) fail_msg("it did not come to that");
}

// The network gets a loopback, and /run/samba is empty.
Status prepare_namespaces() {
    ::mkdir("/run/samba", 0755);
    if (::mount("tmpfs", "/run/samba", "tmpfs", 0, "mode=0755") < 0)
        return Error{"mount", "/run/samba", "", errno};
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::snprintf(request.ifr_name, sizeof request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0) return Error{"set up", "lo", "", errno};
    return Done{};
}

class Winbind {
  public:
    // `directory` outlives it, and is removed once nobody is there who writes to it.
    static Result<std::unique_ptr<Winbind>> start(const TemporaryDirectory& directory) {
        if (auto own = prepare_namespaces(); !own) return std::move(own).error();
        std::unique_ptr<Winbind> winbind(new Winbind);
        std::ofstream conf(directory.file("smb.conf"));
        conf << "[global]\n"
                "netbios name = NODE1\nworkgroup = NODE1\nserver role = standalone server\n"
                "interfaces = lo\nbind interfaces only = yes\nmap to guest = Bad User\n"
                "idmap config * : backend = tdb\nidmap config * : range = 100000-200000\n"
             << "passdb backend = tdbsam:" << directory.file("private/passdb.tdb") << "\n";
        for (const char* kind : {"private", "lock", "state", "cache", "pid", "ncalrpc"}) {
            const auto place = directory.file(kind);
            ::mkdir(place.c_str(), 0700);
            const std::string name = kind;
            conf << name << (name == "private" || name == "ncalrpc" ? " dir = " : " directory = ")
                 << place << "\n";
        }
        conf << "log file = " << directory.file("log") << "\n";
        conf.close();
        const auto settings = directory.file("smb.conf");
        if (auto added =
                run({"smbpasswd", "-L", "-c", settings, "-s", "-a", "daemon"}, "secret\nsecret\n");
            !added)
            return std::move(added).error();

        // It says when it is ready as a service does (sd_notify(3)).
        const Fd told(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = directory.file("notify");
        std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path.c_str());
        if (::bind(told.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0)
            return Error{"bind", path, "", errno};
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
        const Fd log(
            ::open(directory.file("output").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        winbind->pid_ = spawn(
            {"winbindd", "-F", "--debug-stdout", "--no-process-group", "-s", settings}, log.get());
        ::unsetenv("NOTIFY_SOCKET");
        for (;;) {
            pollfd ready{told.get(), POLLIN, 0};
            if (::poll(&ready, 1, 20'000) <= 0)
                return Error{"start", "winbindd", "it does not say that it is ready"};
            char text[256];
            const ssize_t got = ::read(told.get(), text, sizeof text);
            if (got > 0 && std::string_view(text, static_cast<std::size_t>(got)).find("READY=1") !=
                               std::string_view::npos)
                return winbind;
        }
    }
    ~Winbind() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        wait_for(pid_);
    }

  private:
    Winbind() = default;
    pid_t pid_ = -1;
};

struct World {
    EventLoop loop = new_loop();
    std::unique_ptr<WinbindAccounts> accounts;
    NtlmHost host = this_host();
    NtlmSources sources = fixed_sources();

    World() {
        auto started = WinbindAccounts::start(loop.get());
        assert_ok(started);
        accounts = std::move(*started);
    }

    // What the acceptor's last step answers; both are complete if it is good.
    Status exchange(NtlmAcceptor& acceptor, NtlmInitiator& initiator) {
        const auto challenge = step(acceptor, *step(initiator, {}));
        assert_ok(challenge);
        std::optional<Status> answer;
        acceptor.step(*step(initiator, *challenge), [&](const Result<Token>& result) {
            answer.emplace(result ? Status(Done{}) : Status(result.error()));
        });
        run_until(loop.get(), [&] { return answer.has_value(); });
        return *answer;
    }
};

void a_user_of_winbind_logs_on_with_groups(void**) {
    World world;
    NtlmAcceptor acceptor(*world.accounts, world.host, world.sources, "192.0.2.1");
    NtlmInitiator initiator(credentials("NODE1\\daemon"), world.sources, "host/node1");
    assert_ok(world.exchange(acceptor, initiator));
    const auto& principal = acceptor.principal();
    assert_text_equal(principal.name, "NODE1\\daemon");
    assert_true(principal.groups.size() >= 2);
    assert_contains(principal.groups[0], "S-1-5-21-");
    assert_contains(principal.groups[1], "-513"); // Domain Users, the primary group
    assert_carries(initiator, acceptor);
    assert_carries(acceptor, initiator);
}

void who_does_not_know_the_password_is_denied(void**) {
    World world;
    for (const char* user : {"NODE1\\daemon", "NODE1\\games", "ELSEWHERE\\daemon", "daemon@x"}) {
        NtlmAcceptor acceptor(*world.accounts, world.host, world.sources, "192.0.2.1");
        NtlmInitiator initiator(credentials(user, "wrong"), world.sources, "host/node1");
        const auto status = world.exchange(acceptor, initiator);
        assert_false(status.has_value());
        assert_contains(status.error().message(), "winbind: ");
        assert_false(acceptor.complete());
    }
}

void many_logons_wait_for_each_other_and_not_for_ever(void**) {
    World world;
    int answers = 0, refused = 0;
    NtlmLogon logon;
    logon.user = u"daemon";
    logon.domain = u"NODE1";
    logon.response.resize(60);
    // Far more than may wait, however fast the first are answered meanwhile.
    constexpr int asked = 1000;
    for (int i = 0; i < asked; ++i)
        world.accounts->verify(logon, [&](const Result<NtlmSession>& session) {
            assert_false(session.has_value());
            ++answers;
            refused += session.error().message().find("too many") != std::string::npos;
        });
    assert_true(refused > 0);
    assert_int_equal(answers, refused);
    assert_in_range(asked - refused, 64, asked);
    run_until(world.loop.get(), [&] { return answers == asked; });
}

void accounts_may_go_while_winbind_is_asked(void**) {
    World world;
    int answers = 0;
    NtlmLogon logon;
    logon.user = u"daemon";
    logon.response.resize(60);
    for (int i = 0; i < 10; ++i)
        world.accounts->verify(logon, [&](const Result<NtlmSession>&) { ++answers; });
    world.accounts.reset();
    while (sd_event_run(world.loop.get(), 0) > 0) {
    }
    assert_int_equal(answers, 0);
}

std::string base64(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t three = 0;
        for (std::size_t j = i; j < i + 3; ++j)
            three = three << 8 | (j < bytes.size() ? bytes[j] : 0u);
        for (std::size_t j = 0; j < 4; ++j)
            text.push_back(i + j > bytes.size() ? '=' : digits[three >> (18 - 6 * j) & 63]);
    }
    return text;
}

std::vector<std::uint8_t> from_base64(std::string_view text) {
    std::vector<std::uint8_t> bytes;
    std::uint32_t value = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const unsigned digit = c >= 'A' && c <= 'Z'   ? static_cast<unsigned>(c - 'A')
                               : c >= 'a' && c <= 'z' ? static_cast<unsigned>(c - 'a') + 26
                               : c >= '0' && c <= '9' ? static_cast<unsigned>(c - '0') + 52
                               : c == '+'             ? 62
                               : c == '/'             ? 63
                                                      : 64;
        if (digit == 64) break;
        value = value << 6 | digit;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes.push_back(static_cast<std::uint8_t>(value >> bits & 0xff));
    }
    return bytes;
}

// Samba's acceptor: a line with a token in, a line with its answer out (ntlm_auth(1)).
class NtlmAuth {
  public:
    NtlmAuth(const std::string& settings, const std::string& protocol) {
        int in[2], out[2];
        if (::pipe2(in, O_CLOEXEC) < 0 || ::pipe2(out, O_CLOEXEC) < 0) std::abort();
        writing_.reset(in[1]);
        reading_.reset(out[0]);
        const Fd his_input(in[0]), his_output(out[1]);
        pid_ = spawn({"ntlm_auth", "--configfile=" + settings, "--helper-protocol=" + protocol},
                     his_output.get(), his_input.get());
    }
    ~NtlmAuth() {
        writing_.reset();
        wait_for(pid_);
    }
    // The words of its answer.
    std::vector<std::string> ask(const std::string& line) {
        const std::string sent = line + "\n";
        if (::write(writing_.get(), sent.data(), sent.size()) < 0) fail_msg("ntlm_auth is gone");
        std::string answer;
        for (char c = 0; c != '\n';) {
            pollfd ready{reading_.get(), POLLIN, 0};
            if (::poll(&ready, 1, 10'000) <= 0 || ::read(reading_.get(), &c, 1) != 1)
                fail_msg("ntlm_auth answers nothing; so far: %s", answer.c_str());
            answer.push_back(c == '\n' ? ' ' : c);
        }
        std::vector<std::string> words;
        for (std::size_t at = 0; at < answer.size();) {
            const auto end = answer.find(' ', at);
            if (end > at) words.push_back(answer.substr(at, end - at));
            at = end + 1;
        }
        return words;
    }

  private:
    Fd writing_, reading_;
    pid_t pid_ = -1;
};

std::string settings_of_winbind;

void sambas_acceptor_takes_our_ntlm(void**) {
    for (const bool right : {true, false}) {
        NtlmAuth samba(settings_of_winbind, "squid-2.5-ntlmssp");
        (void)samba.ask("SF NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL");
        const auto sources = NtlmSources::of_the_system();
        NtlmInitiator initiator(credentials("NODE1\\daemon", right ? "secret" : "wrong"), sources,
                                "host/node1");
        const auto challenge = samba.ask("YR " + base64(*step(initiator, {})));
        assert_true(challenge.size() == 2 && challenge[0] == "TT");
        const auto last = step(initiator, from_base64(challenge[1]));
        assert_ok(last);
        const auto verdict = samba.ask("KK " + base64(*last));
        assert_text_equal(verdict[0], right ? "AF" : "NA");
        if (right) assert_contains(verdict[1], "daemon");
    }
}

// Its mechListMIC shows that both have the same keys.
void sambas_acceptor_takes_our_spnego(void**) {
    NtlmAuth samba(settings_of_winbind, "gss-spnego");
    const auto sources = NtlmSources::of_the_system();
    SpnegoInitiator initiator({{}, [&]() -> Result<std::unique_ptr<Mechanism>> {
                                   return std::unique_ptr<Mechanism>(
                                       std::make_unique<NtlmInitiator>(credentials("NODE1\\daemon"),
                                                                       sources, "host/node1"));
                               }});
    (void)samba.ask("SF NTLMSSP_FEATURE_SESSION_KEY NTLMSSP_FEATURE_SIGN NTLMSSP_FEATURE_SEAL");
    const auto challenge = samba.ask("YR " + base64(*step(initiator, {})));
    assert_true(challenge.size() >= 2 && challenge[0] == "TT");
    const auto last = step(initiator, from_base64(challenge[1]));
    assert_ok(last);
    const auto verdict = samba.ask("KK " + base64(*last));
    assert_true(verdict.size() >= 2 && verdict[0] == "AF");
    const auto answer = from_base64(verdict[1]);
    const auto resp = spnego::parse_resp(answer);
    assert_ok(resp);
    assert_true(resp->mic.has_value());
    assert_ok(step(initiator, answer));
    assert_true(initiator.complete());
}

int test_winbind(const TemporaryDirectory& directory) {
    auto started = Winbind::start(directory);
    if (!started) {
        std::printf("skipped: %s\n", started.error().message().c_str());
        return 77;
    }
    settings_of_winbind = directory.file("smb.conf");
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_user_of_winbind_logs_on_with_groups),
        cmocka_unit_test(who_does_not_know_the_password_is_denied),
        cmocka_unit_test(many_logons_wait_for_each_other_and_not_for_ever),
        cmocka_unit_test(accounts_may_go_while_winbind_is_asked),
        cmocka_unit_test(sambas_acceptor_takes_our_ntlm),
        cmocka_unit_test(sambas_acceptor_takes_our_spnego),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

} // namespace

int main() {
    const TemporaryDirectory directory;
    const auto status = in_own_namespaces([&] { return test_winbind(directory); });
    if (status) return *status;
    std::printf("skipped: %s\n", status.error().message().c_str());
    return 77;
}
