// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The thread of callbacks and the process it lives in. What it tells is tests/bus's.
#include "plugin/events.hpp"

#include "tests/unit/plugin/silent_bus.hpp"

#include <fcntl.h>
#include <pthread.h>

#include <chrono>
#include <filesystem>
#include <thread>

using namespace mpapi;
using namespace mpapi::plugin;
using namespace std::chrono_literals;

namespace {

void told(MP_OID_LIST*, void*) {}

std::ptrdiff_t threads() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

void await_threads(std::ptrdiff_t wanted) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (threads() != wanted) {
        assert_true(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(1ms); // nobody tells of the end of a thread
    }
}

void a_cancelled_thread_deregisters_whole(void**) {
    const SilentBus bus;
    Daemon daemon(100ms);
    Events events(daemon, 1);
    const auto before = threads();
    assert_int_equal(events.add(told, MP_OBJECT_TYPE_PLUGIN, nullptr), MP_STATUS_SUCCESS);
    MP_STATUS status = MP_STATUS_FAILED;
    std::thread cancelled([&] {
        pthread_cancel(pthread_self());
        status = events.remove(told, MP_OBJECT_TYPE_PLUGIN);
        int state = 0;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    });
    cancelled.join();
    assert_int_equal(status, MP_STATUS_SUCCESS);
    await_threads(before);
    assert_int_equal(events.add(told, MP_OBJECT_TYPE_PLUGIN, nullptr), MP_STATUS_SUCCESS);
    assert_int_equal(threads(), before + 1);
}

void a_client_without_standard_descriptors_does_not_write_to_ours(void**) {
    const SilentBus bus;
    Daemon daemon(100ms);
    Events events(daemon, 1);
    const Fd kept(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10));
    ::close(STDIN_FILENO);
    const MP_STATUS status = events.add(told, MP_OBJECT_TYPE_PLUGIN, nullptr);
    const bool taken = ::fcntl(STDIN_FILENO, F_GETFD) >= 0;
    if (kept) ::dup2(kept.get(), STDIN_FILENO);
    assert_int_equal(status, MP_STATUS_SUCCESS);
    assert_false(taken);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_cancelled_thread_deregisters_whole),
        cmocka_unit_test(a_client_without_standard_descriptors_does_not_write_to_ours),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
