// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/dual_string_array.hpp"

#include "bytes.hpp"

using namespace mpapi;
using namespace mpapi::dcom;

namespace {

using Words = std::vector<std::uint16_t>;

void both_halves_are_written_with_their_ends(void**) {
    const auto entries = to_entries({{{kTcpTower, "a[1]"}}, {{9, ""}, {10, "x"}}});
    const Words expected = {7, 'a', '[', '1', ']', 0, 0, 9, 0xffff, 0, 10, 0xffff, 'x', 0, 0};
    assert_true(entries.entries == expected);
    assert_int_equal(entries.security_offset, 7);
}

void what_was_written_is_read(void**) {
    const DualStringArray bindings{
        {{kTcpTower, "192.0.2.1[49152]"}, {kTcpTower, "node\u00e9"}, {0x0f, "\\\\pipe"}},
        {{9, ""}, {16, "host/node"}}};
    const auto entries = to_entries(bindings);
    const auto read = from_entries(entries.entries, entries.security_offset);
    assert_ok(read);
    assert_true(*read == bindings);
}

void no_bindings_are_two_ends_and_no_entries_are_no_bindings(void**) {
    const auto entries = to_entries({});
    assert_true(entries.entries == Words({0, 0}));
    assert_int_equal(entries.security_offset, 1);
    assert_ok(from_entries({}, 0));
    const auto read = from_entries(entries.entries, entries.security_offset);
    assert_ok(read);
    assert_true(read->strings.empty() && read->security.empty());
}

void what_does_not_fit_is_left_out(void**) {
    const std::string longest(40000, 'x');
    const auto entries = to_entries({{{7, longest}, {7, longest}}, {{9, longest}, {10, ""}}});
    assert_true(entries.entries.size() <= 0xffff);
    const auto read = from_entries(entries.entries, entries.security_offset);
    assert_ok(read);
    assert_int_equal(read->strings.size(), 1);
    assert_int_equal(read->security.size(), 0);
}

void assert_refused(const Words& entries, std::uint16_t offset, const char* reason) {
    const auto read = from_entries(entries, offset);
    if (read) fail_msg("was read, expected: %s", reason);
    assert_contains(read.error().message(), reason);
}

void halves_that_do_not_end_are_refused(void**) {
    assert_refused({7, 'a', 0}, 3, "the string bindings do not end");
    assert_refused({7, 'a'}, 2, "does not end");
    assert_refused({7}, 1, "does not end");
    assert_refused({0, 9, 0xffff, 0}, 1, "the security bindings do not end");
    assert_refused({0, 9, 0xffff, 'a'}, 1, "does not end");
    assert_refused({0, 9}, 1, "does not end");
    assert_refused({0, 0}, 3, "security bindings at 3 of 2 entries");
}

void text_that_is_none_and_too_many_bindings_are_refused(void**) {
    assert_refused({7, 0xd800, 0, 0, 0}, 4, "no text");
    assert_refused({0, 9, 0xffff, 0xdc00, 0, 0}, 1, "no text");
    Words many;
    for (int i = 0; i < 257; ++i)
        many.insert(many.end(), {7, 'a', 0});
    many.insert(many.end(), {0, 0});
    assert_refused(many, static_cast<std::uint16_t>(many.size() - 1), "more than 256");
}

void what_stands_behind_an_end_is_ignored(void**) {
    const auto read = from_entries(Words{7, 'a', 0, 0, 1, 2, 0, 3}, 6);
    assert_ok(read);
    assert_int_equal(read->strings.size(), 1);
}

void a_host_and_its_port_are_told_apart(void**) {
    const auto assert_endpoint = [](const char* text, const char* host, int port) {
        const auto endpoint = endpoint_of(text);
        assert_ok(endpoint);
        assert_text_equal(endpoint->host, host);
        assert_int_equal(endpoint->port, port);
    };
    assert_endpoint("192.0.2.1[49152]", "192.0.2.1", 49152);
    assert_endpoint("fe80::1%eth0[135]", "fe80::1%eth0", 135);
    assert_endpoint("node1.example", "node1.example", 0);
    for (const char* wrong : {"", "[1]", "a[", "a[1", "a[]", "a[0]", "a[65536]", "a[x]", "a[1]b"})
        if (endpoint_of(wrong)) fail_msg("was read: %s", wrong);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_halves_are_written_with_their_ends),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(no_bindings_are_two_ends_and_no_entries_are_no_bindings),
        cmocka_unit_test(what_does_not_fit_is_left_out),
        cmocka_unit_test(halves_that_do_not_end_are_refused),
        cmocka_unit_test(text_that_is_none_and_too_many_bindings_are_refused),
        cmocka_unit_test(what_stands_behind_an_end_is_ignored),
        cmocka_unit_test(a_host_and_its_port_are_told_apart),
    };
    return cmocka_run_group_tests_name("dual string array", tests, nullptr, nullptr);
}
