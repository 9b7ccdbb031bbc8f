// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/selectors.hpp"

#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::paths;

namespace {

void selectors_are_read_as_in_a_table(void**) {
    const auto plain = parse_selector("queue-length 0");
    assert_ok(plain);
    assert_true(*plain == (Selector{"queue-length", {}}));
    assert_true(*parse_selector("queue-length") == *plain);
    const auto with = parse_selector("historical-service-time 2 900 1");
    assert_ok(with);
    assert_text_equal(with->args.text(), "900 1");
    for (const char* text : {"", " ", "round-robin 1", "round-robin 0 1", "round-robin x",
                             "round-robin -1", "round-robin 4294967296", "round-robin 1 2 3"})
        assert_false(parse_selector(text).has_value());
}

void only_what_the_kernel_takes_is_let_through(void**) {
    const auto let_through = [](const char* text) {
        const auto selector = parse_selector(text);
        assert_ok(selector);
        return check_selector(*selector).has_value();
    };
    for (const char* text :
         {"round-robin 0", "queue-length 0", "service-time 0", "historical-service-time 0",
          "historical-service-time 1 1023", "historical-service-time 2 0 4"})
        assert_true(let_through(text));
    for (const char* text : {"io-affinity 0", "unheard-of 0", "round-robin 1 5", "service-time 1 1",
                             "historical-service-time 1 1024", "historical-service-time 1 x",
                             "historical-service-time 3 1 2 3"})
        assert_false(let_through(text));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(selectors_are_read_as_in_a_table),
        cmocka_unit_test(only_what_the_kernel_takes_is_let_through),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
