// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The real journal: a systemd-journald of this test's own, in namespaces where this test is process
// 1, as systemd is elsewhere. Needs root.
#include "clusprep/node/logs/journal.hpp"
#include "common/system/handle.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/own_namespaces.hpp"

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::node;

namespace {

constexpr char kJournald[] = "/lib/systemd/systemd-journald";

void mounted(const char* type, const char* where) {
    assert_int_equal(::mount("none", where, type, 0, nullptr), 0);
}

sockaddr_un address_of(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

int start_journald(void**) {
    assert_int_equal(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    mounted("proc", "/proc");
    mounted("tmpfs", "/run");
    mounted("tmpfs", "/var/log");
    ::mkdir("/run/systemd", 0755);
    ::mkdir("/run/systemd/journal", 0755);
    ::mkdir("/var/log/journal", 0755);
    const Fd notified(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = address_of("/run/notify");
    assert_int_equal(
        ::bind(notified.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("NOTIFY_SOCKET", "/run/notify", 1);
        ::execl(kJournald, kJournald, nullptr);
        ::_exit(127);
    }
    timeval patience{20, 0};
    ::setsockopt(notified.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string said;
    while (said.find("READY=1") == std::string::npos) {
        char text[1024];
        const ssize_t got = ::recv(notified.get(), text, sizeof text, 0);
        if (got < 0) fail_msg("systemd-journald did not start: %s", std::strerror(errno));
        said.assign(text, static_cast<std::size_t>(got));
    }
    return 0;
}

// As process 1, or as another.
void send(bool as_init, const char* message) {
    const auto say = [&] {
        return sd_journal_send("MESSAGE=%s", message, "UNIT=mpapid.service", "PRIORITY=4",
                               "SYSLOG_IDENTIFIER=systemd", nullptr);
    };
    if (as_init) {
        assert_int_equal(say(), 0);
        return;
    }
    const pid_t child = ::fork();
    if (child == 0) ::_exit(say() == 0 ? 0 : 1);
    int status = -1;
    assert_int_equal(::waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

// Until a message of ours is in the journal, which comes after those sent before it.
void settle() {
    send(true, "the last one");
    sd_journal* raw = nullptr;
    assert_true(sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY) >= 0);
    const std::unique_ptr<sd_journal, DropWith<sd_journal_close>> journal(raw);
    assert_true(sd_journal_add_match(raw, "MESSAGE=the last one", 0) >= 0);
    for (int tries = 0; sd_journal_next(raw) <= 0; ++tries) {
        assert_true(tries < 100);
        sd_journal_wait(raw, 1'000'000);
    }
}

void entries_come_newest_first_and_only_of_our_units(void**) {
    send(true, "first");
    send(true, "second");
    send(false, "forged"); // says that it is of mpapid's unit, and is not
    settle();
    auto journal = open_journal({"mpapid.service"});
    assert_ok(journal);
    std::vector<std::string> told;
    std::int64_t before = INT64_MAX;
    for (;;) {
        auto entry = (*journal)->previous();
        assert_ok(entry);
        if (!*entry) break;
        assert_true((*entry)->time <= before);
        before = (*entry)->time;
        if (!belongs(**entry, {"mpapid.service"}) || (*entry)->kernel) continue;
        told.push_back((*entry)->message);
        assert_int_equal((*entry)->priority, 4);
        assert_text_equal((*entry)->identifier, "systemd");
    }
    assert_int_equal(told.size(), 3);
    assert_text_equal(told[0], "the last one");
    assert_text_equal(told[1], "second");
    assert_text_equal(told[2], "first");
}

} // namespace

int main() {
    if (::access(kJournald, X_OK) != 0) {
        std::puts("skipped: systemd-journald is not installed");
        return 77;
    }
    test::own_namespaces(CLONE_NEWNS | CLONE_NEWPID);
    // The first child is process 1 of the new namespace, and all in it ends with it.
    const pid_t init = ::fork();
    if (init == 0) {
        const CMUnitTest tests[] = {
            cmocka_unit_test(entries_come_newest_first_and_only_of_our_units),
        };
        const int failed = cmocka_run_group_tests(tests, start_journald, nullptr);
        std::fflush(nullptr);
        ::_exit(failed);
    }
    int status = 1;
    ::waitpid(init, &status, 0);
    // Once its process 1 is gone nothing can be started in the namespace, not even what looks for
    // leaks.
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
