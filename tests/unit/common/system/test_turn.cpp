// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/turn.hpp"

#include "common/system/handle.hpp"
#include "tests/unit/cmocka.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cstdint>
#include <string>

using namespace mpapi;

namespace {

// Two workers that always have more to do, and a descriptor that is always readable.
struct Loop {
    sd_event* made = nullptr;
    EventLoop loop;
    EventSource first, second, caller;
    Fd descriptor{eventfd(1, EFD_CLOEXEC)};
    std::string order;

    Loop() {
        assert_true(sd_event_new(&made) >= 0);
        loop.reset(made);
    }

    template <char Name, bool Again>
    static int work(sd_event_source* source, std::uint64_t, void* data) {
        static_cast<Loop*>(data)->order += Name;
        if (Again) take_turn(source);
        return 0;
    }

    static int call(sd_event_source*, int, std::uint32_t, void* data) {
        static_cast<Loop*>(data)->order += 'c';
        return 0;
    }

    void add_caller() {
        sd_event_source* source = nullptr;
        assert_true(sd_event_add_io(made, &source, descriptor.get(), EPOLLIN, call, this) >= 0);
        caller.reset(source);
    }

    template <char Name, bool Again>
    void add_worker(EventSource& owner) {
        sd_event_source* source = nullptr;
        assert_true(add_turns(made, &source, work<Name, Again>, this) >= 0);
        owner.reset(source);
    }

    void run(int turns) {
        for (int n = 0; n < turns; ++n)
            assert_true(sd_event_run(made, 0) >= 0);
    }
};

void it_does_not_run_unasked(void**) {
    Loop loop;
    loop.add_worker<'1', true>(loop.first);
    loop.run(3);
    assert_string_equal(loop.order.c_str(), "");
}

void asked_twice_it_runs_once(void**) {
    Loop loop;
    loop.add_worker<'1', false>(loop.first);
    take_turn(loop.first.get());
    take_turn(loop.first.get());
    loop.run(3);
    assert_string_equal(loop.order.c_str(), "1");
    take_turn(loop.first.get());
    loop.run(3);
    assert_string_equal(loop.order.c_str(), "11");
}

void work_without_end_and_calls_without_end_take_turns(void**) {
    Loop loop;
    loop.add_worker<'1', true>(loop.first);
    loop.add_worker<'2', true>(loop.second);
    loop.add_caller();
    take_turn(loop.first.get());
    take_turn(loop.second.get());
    loop.run(300);
    for (const char who : {'1', '2', 'c'}) {
        const auto served = std::count(loop.order.begin(), loop.order.end(), who);
        assert_in_range(served, 95, 105);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(it_does_not_run_unasked),
        cmocka_unit_test(asked_twice_it_runs_once),
        cmocka_unit_test(work_without_end_and_calls_without_end_take_turns),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
