// SPDX-License-Identifier: LGPL-2.1-or-later
// What systemd is told of claims, at the socket where it would listen.
#include "daemon/disks/offline/errand_work.hpp"
#include "tests/unit/cmocka.hpp"

#include <array>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

class Systemd {
  public:
    Systemd()
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        const std::string name = "mpapi-test-notify-" + std::to_string(::getpid());
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path + 1, name.data(), name.size()); // abstract
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
        assert_int_equal(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
        assert_int_equal(::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1), 0);
    }
    ~Systemd() { ::unsetenv("NOTIFY_SOCKET"); }

    // The text; the descriptor that came with it is kept in `passed`.
    std::string heard() {
        std::array<char, 512> text{};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
        iovec part{text.data(), text.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const auto size = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
        if (size < 0) return "nothing";
        passed.reset();
        for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
            if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(each), sizeof fd);
            passed.reset(fd);
        }
        return {text.data(), static_cast<std::size_t>(size)};
    }

    Fd passed;

  private:
    Fd socket_;
};

void a_claim_is_handed_over_and_taken_back(void**) {
    Systemd systemd;
    SystemdClaimStore store;
    const Fd claim(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    store.keep({253, 4}, claim.get());
    const auto kept = systemd.heard();
    assert_contains(kept, "FDSTORE=1");
    assert_contains(kept, "FDPOLL=0"); // a device that fails is not thrown out
    struct stat given {
    }, came{};
    assert_int_equal(::fstat(claim.get(), &given), 0);
    assert_int_equal(::fstat(systemd.passed.get(), &came), 0);
    assert_int_equal(came.st_rdev, given.st_rdev);
    store.forget({253, 4});
    const auto forgotten = systemd.heard();
    assert_contains(forgotten, "FDSTOREREMOVE=1");
    const auto name = kept.substr(kept.find("FDNAME="));
    assert_contains(forgotten, name.substr(0, name.find('\n')));
}

void each_device_has_its_name(void**) {
    Systemd systemd;
    SystemdClaimStore store;
    store.forget({253, 4});
    const auto one = systemd.heard();
    store.forget({253, 14});
    assert_true(one != systemd.heard());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_is_handed_over_and_taken_back),
        cmocka_unit_test(each_device_has_its_name),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
