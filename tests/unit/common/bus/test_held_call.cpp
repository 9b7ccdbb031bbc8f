// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/bus/held_call.hpp"

#include "tests/unit/common/bus/sealed_call.hpp"

using namespace mpapi;
using namespace mpapi::bus;

namespace {

int some_text(sd_bus_message* call) {
    return sd_bus_message_append(call, "s", "a lot");
}

void what_an_answer_needs_is_kept_and_no_argument(void**) {
    const SealedCalls calls;
    const BusMessage held = hold(calls.make(some_text).get());
    assert_true(sd_bus_message_is_method_call(held.get(), "org.mpapi.X1", "Do") > 0);
    assert_string_equal(sd_bus_message_get_path(held.get()), "/x/y");
    assert_string_equal(sd_bus_message_get_sender(held.get()), ":1.7");
    assert_true(sd_bus_message_is_empty(held.get()) > 0);
}

void an_answer_goes_to_the_caller_as_that_of_his_call(void**) {
    const SealedCalls calls;
    const BusMessage held = hold(calls.make(some_text).get());
    sd_bus_message* made = nullptr;
    assert_true(sd_bus_message_new_method_return(held.get(), &made) >= 0);
    const BusMessage reply(made);
    std::uint64_t of = 0;
    assert_true(sd_bus_message_get_reply_cookie(made, &of) >= 0);
    assert_int_equal(of, kCookie);
    assert_string_equal(sd_bus_message_get_destination(made), ":1.7");
}

void whether_he_waits_and_may_be_asked_is_kept(void**) {
    const SealedCalls calls;
    for (const int yes : {0, 1}) {
        const BusMessage call = calls.make(some_text, [yes](sd_bus_message* made) {
            const int r = sd_bus_message_set_expect_reply(made, yes);
            return r < 0 ? r : sd_bus_message_set_allow_interactive_authorization(made, yes);
        });
        const BusMessage held = hold(call.get());
        assert_int_equal(sd_bus_message_get_expect_reply(held.get()), yes);
        assert_int_equal(sd_bus_message_get_allow_interactive_authorization(held.get()), yes);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_an_answer_needs_is_kept_and_no_argument),
        cmocka_unit_test(an_answer_goes_to_the_caller_as_that_of_his_call),
        cmocka_unit_test(whether_he_waits_and_may_be_asked_is_kept),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
