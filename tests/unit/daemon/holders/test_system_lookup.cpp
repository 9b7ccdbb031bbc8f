// SPDX-License-Identifier: LGPL-2.1-or-later
// The lookup over files and a peer of the test's own.
#include "daemon/holders/system_lookup.hpp"
#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/holders/block_devices.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::holders;
using namespace std::chrono_literals;
using mpapi::holders::test::BlockDevices;

namespace {

// mpapi-holders, answered by the test.
class World : public BlockDevices {
  public:
    World() {
        sd_event* made = nullptr;
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
        unit();
        attribute("mountinfo", "");
        attribute("swaps", "");
    }

    void listen() {
        listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        (root() + "/socket").copy(name.sun_path, sizeof name.sun_path - 1);
        assert_int_equal(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&name), sizeof name),
                         0);
        assert_int_equal(::listen(listener_.get(), 4), 0);
    }
    Fd connect() const {
        Fd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un name = address();
        assert_int_equal(
            ::connect(client.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
        return client;
    }
    // The request; its connection is the current one.
    std::string accept() {
        peer_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        char text[kLargestRequest];
        const auto got = ::recv(peer_.get(), text, sizeof text, 0);
        assert_true(got > 0);
        return {text, static_cast<std::size_t>(got)};
    }
    // Leaves the connection to the program itself, as systemd does.
    void accept_by_program() {
        peer_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        program = ::fork();
        if (program == 0) {
            ::dup2(peer_.get(), STDIN_FILENO);
            ::dup2(peer_.get(), STDOUT_FILENO);
            ::execl(MPAPI_HOLDERS, MPAPI_HOLDERS, nullptr);
            ::_exit(127);
        }
        hang_up();
    }
    void program_ended(int with) {
        int status = 0;
        assert_int_equal(::waitpid(program, &status, 0), program);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), with);
    }
    void say(std::string_view text) {
        assert_int_equal(::send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL), text.size());
    }
    void hang_up() { peer_.reset(); }

    SystemLookup::Options options() const {
        SystemLookup::Options made;
        made.sys = root();
        made.mountinfo = root() + "/mountinfo";
        made.swaps = root() + "/swaps";
        made.socket = root() + "/socket";
        return made;
    }
    void ask(SystemLookup& lookup) {
        answer.reset();
        lookup.look({253, 0}, [this](Findings found) {
            if (answer) fail_msg("answered twice");
            answer = std::move(found);
        });
        if (answer) fail_msg("answered from within");
    }
    // Until there is an answer, for ten seconds at most.
    const Findings& wait() {
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (!answer) {
            if (std::chrono::steady_clock::now() > end) fail_msg("no answer for 10 s");
            assert_true(sd_event_run(loop.get(), 100'000) >= 0);
        }
        return *answer;
    }

    EventLoop loop;
    std::optional<Findings> answer;
    pid_t program = -1;

  private:
    sockaddr_un address() const {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        (root() + "/socket").copy(name.sun_path, sizeof name.sun_path - 1);
        return name;
    }

    Fd listener_, peer_;
};

void the_whole_stack_is_asked_for_and_answered_together(void**) {
    World world;
    world.map("dm-3", "253:3", "vg0-data", "LVM-x");
    world.stands_on("dm-3", "dm-0");
    world.attribute("mountinfo", "36 35 253:3 / /srv rw - xfs /dev/mapper/vg0-data rw\n");
    world.listen();
    SystemLookup lookup(world.loop.get(), world.options());
    world.ask(lookup);
    assert_text_equal(world.accept(), "253:0 253:3\n");
    world.say("process 4711 0 253:3");
    assert_true(sd_event_run(world.loop.get(), 0) >= 0);
    world.say(" dd\nend\n");
    world.hang_up();
    const auto& found = world.wait();
    assert_int_equal(found.holders.size(), 3);
    assert_text_equal(found.holders[0].name, "/srv");
    assert_text_equal(found.holders[1].name, "4711");
    assert_text_equal(found.holders[2].name, "vg0/data");
    assert_text_equal(found.trouble, "");
}

// What went while processes were looked at is not told any more.
void tables_are_read_after_the_processes(void**) {
    World world;
    world.attribute("mountinfo", "36 35 253:0 / /srv rw - xfs x rw\n");
    world.listen();
    SystemLookup lookup(world.loop.get(), world.options());
    world.ask(lookup);
    world.accept();
    world.attribute("mountinfo", "");
    world.say("end\n");
    world.hang_up();
    assert_true(world.wait() == Findings());
}

void expect_trouble(World& world, std::string_view part) {
    const auto& found = world.wait();
    assert_int_equal(found.holders.size(), 1);
    assert_contains(found.trouble, "processes could not be looked at: ask mpapi-holders");
    assert_contains(found.trouble, part);
}

void without_the_helper_the_rest_is_told(void**) {
    World world;
    world.attribute("swaps", "/dev/dm-0 partition 1 0 -2\n");
    SystemLookup lookup(world.loop.get(), world.options());
    world.ask(lookup);
    expect_trouble(world, "No such file");

    world.listen();
    world.ask(lookup);
    world.accept();
    world.hang_up();
    expect_trouble(world, "without an answer");
}

void a_helper_that_hangs_or_lies_is_given_up(void**) {
    World world;
    world.attribute("swaps", "/dev/dm-0 partition 1 0 -2\n");
    world.listen();
    auto options = world.options();
    options.patience = 20ms;
    SystemLookup lookup(world.loop.get(), options);
    world.ask(lookup);
    world.accept();
    expect_trouble(world, "no answer in time");

    SystemLookup patient(world.loop.get(), world.options());
    world.ask(patient);
    world.accept();
    world.say("process 1 0 253:0 dd\n"); // and no end
    world.hang_up();
    assert_contains(world.wait().trouble, "it ends early");
}

void an_endless_reply_is_cut_off(void**) {
    World world;
    world.listen();
    SystemLookup lookup(world.loop.get(), world.options());
    world.ask(lookup);
    world.accept();
    for (std::size_t sent = 0; !world.answer && sent <= kLargestReply + (1u << 18); sent += 4096) {
        world.say(std::string(4096, 'x'));
        assert_true(sd_event_run(world.loop.get(), 0) >= 0);
    }
    assert_contains(world.wait().trouble, "too large");
}

void tables_that_cannot_be_read_are_told(void**) {
    World world;
    world.vanishes("mountinfo");
    world.listen();
    SystemLookup lookup(world.loop.get(), world.options());
    world.ask(lookup);
    world.accept();
    world.say("end\n");
    world.hang_up();
    assert_contains(world.wait().trouble, "mountinfo: No such file");
}

void the_program_answers_what_it_is_asked(void**) {
    World world;
    world.listen();
    SystemLookup lookup(world.loop.get(), world.options());
    world.ask(lookup);
    world.accept_by_program();
    assert_true(world.wait() == Findings());
    world.program_ended(0);

    // Of the device below the root directory it knows at least that.
    struct stat top {};
    assert_int_equal(::stat("/", &top), 0);
    std::optional<Result<ProcessReport>> report;
    const ProcessQuestion question(world.loop.get(), world.options().socket,
                                   {{major(top.st_dev), minor(top.st_dev)}}, 10s,
                                   [&](Result<ProcessReport> told) { report = std::move(told); });
    world.accept_by_program();
    while (!report)
        assert_true(sd_event_run(world.loop.get(), UINT64_MAX) >= 0);
    assert_ok(*report);
    assert_true(std::any_of((*report)->mounts.begin(), (*report)->mounts.end(),
                            [](const MountUse& mount) { return mount.point == "/"; }));
    world.program_ended(0);
}

void the_program_answers_no_nonsense(void**) {
    for (const std::string& request : {std::string("all\n"), std::string(2 * kLargestRequest, '1'),
                                       std::string("253:0"), std::string()}) {
        World world;
        world.listen();
        const Fd client = world.connect();
        assert_int_equal(::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL),
                         request.size());
        ::shutdown(client.get(), SHUT_WR);
        world.accept_by_program();
        char byte = 0;
        assert_true(::recv(client.get(), &byte, 1, 0) <= 0);
        world.program_ended(EXIT_FAILURE);
    }
}

void a_lookup_that_goes_answers_nobody(void**) {
    World world;
    world.listen();
    auto lookup = std::make_unique<SystemLookup>(world.loop.get(), world.options());
    world.ask(*lookup);
    world.accept();
    world.say("end\n");
    world.hang_up();
    lookup.reset();
    assert_true(sd_event_run(world.loop.get(), 0) >= 0);
    assert_false(world.answer.has_value());
}

// In a mount namespace of a process of its own. 0: told of each of two mounts, once; 77: the
// machine does not allow such a namespace.
int mount_and_watch(const char* folder) {
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
        return errno == EPERM ? 77 : 1;
    World world;
    SystemLookup lookup(world.loop.get());
    int told = 0;
    auto watch = lookup.watch([&] { ++told; });
    const auto run = [&] {
        while (sd_event_run(world.loop.get(), 100'000) > 0) {
        }
    };
    run();
    if (told != 0) return 2;
    if (::mount("none", folder, "tmpfs", 0, nullptr) < 0) return errno == EPERM ? 77 : 3;
    run();
    if (told != 1) return 4;
    ::umount2(folder, MNT_DETACH);
    run();
    if (told != 2) return 5;
    watch.reset();
    if (::mount("none", folder, "tmpfs", 0, nullptr) < 0) return 6;
    run();
    return told == 2 ? 0 : 7;
}

void what_is_mounted_and_unmounted_is_told_while_it_is_watched(void**) {
    World world;
    world.folder("here");
    const std::string folder = world.root() + "/here";
    const pid_t child = ::fork();
    if (child == 0) ::_exit(mount_and_watch(folder.c_str()));
    int status = 0;
    assert_int_equal(::waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_stack_is_asked_for_and_answered_together),
        cmocka_unit_test(tables_are_read_after_the_processes),
        cmocka_unit_test(without_the_helper_the_rest_is_told),
        cmocka_unit_test(a_helper_that_hangs_or_lies_is_given_up),
        cmocka_unit_test(an_endless_reply_is_cut_off),
        cmocka_unit_test(tables_that_cannot_be_read_are_told),
        cmocka_unit_test(the_program_answers_what_it_is_asked),
        cmocka_unit_test(the_program_answers_no_nonsense),
        cmocka_unit_test(a_lookup_that_goes_answers_nobody),
        cmocka_unit_test(what_is_mounted_and_unmounted_is_told_while_it_is_watched),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
