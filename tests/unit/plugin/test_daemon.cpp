// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/daemon.hpp"

#include "tests/unit/plugin/silent_bus.hpp"

#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

using namespace mpapi;
using namespace mpapi::plugin;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

void a_daemon_that_does_not_answer_holds_up_many_no_longer_than_two(void**) {
    const SilentBus bus;
    constexpr auto patience = 300ms;
    Daemon daemon(patience);
    const auto began = steady_clock::now();
    std::vector<std::thread> threads;
    for (int n = 0; n < 16; ++n)
        threads.emplace_back([&] {
            const auto picture = daemon.picture();
            assert_false(picture.has_value());
        });
    for (auto& each : threads)
        each.join();
    // One for who came first, one for all that came while it was asked.
    const auto took = steady_clock::now() - began;
    assert_true(took >= patience);
    assert_true(took < 8 * patience);
    // It is asked again afterwards.
    const auto again = steady_clock::now();
    assert_false(daemon.picture().has_value());
    assert_true(steady_clock::now() - again >= patience);
}

void a_want_of_descriptors_is_not_blamed_on_the_daemon(void**) {
    const SilentBus bus;
    Daemon daemon(300ms);
    rlimit usual{};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    const rlimit none{3, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto picture = daemon.picture();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_false(picture.has_value());
    assert_int_equal(picture.error().errnum, ENOMEM);
    assert_text_equal(picture.error().reason, "no memory or no descriptor is left");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_daemon_that_does_not_answer_holds_up_many_no_longer_than_two),
        cmocka_unit_test(a_want_of_descriptors_is_not_blamed_on_the_daemon),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
