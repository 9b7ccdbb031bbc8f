// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/large_calls.hpp"

#include "tests/unit/common/bus/sealed_call.hpp"

#include <string>
#include <vector>

using namespace mpapi;
using namespace mpapi::bus;

namespace {

constexpr std::size_t kMost = 1000;

void expect_most(const BusMessage& call, std::size_t bytes) {
    assert_true(arguments_fit(call.get(), bytes));
    assert_false(arguments_fit(call.get(), bytes - 1));
}

void each_argument_is_counted_with_what_it_carries(void**) {
    const SealedCalls calls;
    const std::vector<std::uint8_t> bytes(100);
    const BusMessage call = calls.make([&](sd_bus_message* made) {
        int r = sd_bus_message_append(made, "sob", "four", "/x", 1); // 9, 7 and 4 bytes
        if (r >= 0) r = sd_bus_message_append_array(made, 'y', bytes.data(), bytes.size());
        if (r >= 0) r = sd_bus_message_append(made, "(qsq)", 1, "peer", 2); // 8, 2, 9 and 2
        return r < 0 ? r
                     // 8, and for each of two 8, 5 and the name, 8, and what is in it
                     : sd_bus_message_append(made, "a{sv}", 2, "n", "u", 7, "t", "s", "text");
    });
    expect_most(call, 20 + 108 + 21 + 8 + (8 + 6 + 8 + 4) + (8 + 6 + 8 + 9));
}

void arguments_are_read_as_if_they_had_not_been_counted(void**) {
    const SealedCalls calls;
    const BusMessage call = calls.make(
        [](sd_bus_message* made) { return sd_bus_message_append(made, "asu", 2, "a", "b", 7); });
    for (const std::size_t most : {kMost, std::size_t{14}}) { // ends within the array
        arguments_fit(call.get(), most);
        const char* first = nullptr;
        assert_true(sd_bus_message_enter_container(call.get(), 'a', "s") > 0);
        assert_true(sd_bus_message_read(call.get(), "s", &first) > 0);
        assert_string_equal(first, "a");
    }
}

void what_is_empty_a_thousand_times_is_something(void**) {
    const SealedCalls calls;
    const BusMessage call = calls.make([](sd_bus_message* made) {
        int r = sd_bus_message_open_container(made, 'a', "as");
        for (int i = 0; i < 1000 && r >= 0; ++i)
            r = sd_bus_message_append(made, "as", 0);
        return r < 0 ? r : sd_bus_message_close_container(made);
    });
    expect_most(call, 8 + 8 * 1000);
}

void a_call_without_arguments_fits(void**) {
    const SealedCalls calls;
    assert_true(arguments_fit(calls.make([](sd_bus_message*) { return 0; }).get(), 0));
}

void nesting_has_an_end(void**) {
    const SealedCalls calls;
    const auto nested = [&](int levels) {
        return calls.make([levels](sd_bus_message* made) {
            int r = 0;
            for (int i = 0; i < levels && r >= 0; ++i)
                r = sd_bus_message_open_container(made, 'v', i + 1 < levels ? "v" : "y");
            if (r >= 0) r = sd_bus_message_append(made, "y", 1);
            for (int i = 0; i < levels && r >= 0; ++i)
                r = sd_bus_message_close_container(made);
            return r;
        });
    };
    assert_true(arguments_fit(nested(16).get(), kMost));
    assert_false(arguments_fit(nested(17).get(), kMost));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_argument_is_counted_with_what_it_carries),
        cmocka_unit_test(arguments_are_read_as_if_they_had_not_been_counted),
        cmocka_unit_test(what_is_empty_a_thousand_times_is_something),
        cmocka_unit_test(a_call_without_arguments_fits),
        cmocka_unit_test(nesting_has_an_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
