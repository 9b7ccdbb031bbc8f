// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/wire/netbios_name.hpp"

#include "../../cmocka.hpp"

using namespace mpapi;
using namespace mpapi::discovery;

namespace {

Octets encoded(const NetbiosName& name) {
    Octets out;
    append_netbios_name(out, name);
    return out;
}

std::string letters(const Octets& bytes) {
    return {bytes.begin() + 1, bytes.end() - 1};
}

Octets bytes_of(std::string_view text) {
    return {text.begin(), text.end()};
}

void a_name_is_encoded_as_rfc_1001_shows(void**) {
    // RFC 1001 14.1: "The NetBIOS name": 16 bytes, "FRED" and twelve spaces.
    const auto bytes = encoded({"FRED", ' '});
    assert_int_equal(bytes.size(), 34);
    assert_int_equal(bytes.front(), 32);
    assert_int_equal(bytes.back(), 0);
    assert_text_equal(letters(bytes), "EGFCEFEECACACACACACACACACACACACA");
}

void a_name_comes_back_as_it_was(void**) {
    for (const char* text :
         {"", "A", "WORKGROUP", "FIFTEEN-LETTERS", "WITH A SPACE", "\x01\x02__MSBROWSE__"}) {
        const NetbiosName name{text, 0x1d};
        const auto parsed = parse_netbios_name(encoded(name));
        assert_ok(parsed);
        assert_int_equal(parsed->size, 34);
        assert_true(parsed->name == name);
    }
}

void a_workstation_name_is_in_capitals_and_cut_to_fifteen(void**) {
    const auto name = workstation_name("a-very-long-computer");
    assert_text_equal(name.text, "A-VERY-LONG-COM");
    assert_text_equal(name.shown(), "A-VERY-LONG-COM<00>");
    assert_int_equal(encoded(name).size(), 34);
}

void a_scope_is_passed_over(void**) {
    auto bytes = encoded({"NODE", 0});
    bytes.pop_back();
    for (const char c : std::string_view("\x07"
                                         "NETBIOS"
                                         "\x03"
                                         "COM"))
        bytes.push_back(static_cast<std::uint8_t>(c));
    bytes.push_back(0);
    bytes.push_back(0x55); // what follows
    const auto parsed = parse_netbios_name(bytes);
    assert_ok(parsed);
    assert_text_equal(parsed->name.text, "NODE");
    assert_int_equal(parsed->size, bytes.size() - 1);
}

void what_is_no_name_is_refused(void**) {
    const auto good = encoded({"NODE", 0});
    for (std::size_t size = 0; size < good.size(); ++size)
        assert_false(parse_netbios_name(OctetView(good).first(size)).has_value());
    auto bad = good;
    bad[5] = 'Q';
    assert_false(parse_netbios_name(bad).has_value());
    bad = good;
    bad[5] = '@';
    assert_false(parse_netbios_name(bad).has_value());
    bad = good;
    bad[0] = 31;
    assert_false(parse_netbios_name(bad).has_value());
    assert_false(parse_netbios_name(bytes_of("\xc0\x0c")).has_value()); // a pointer
    bad = good;
    bad.back() = 0xc0; // a pointer as its scope
    bad.push_back(0x0c);
    assert_false(parse_netbios_name(bad).has_value());
}

void a_scope_without_an_end_is_refused(void**) {
    auto bytes = encoded({"NODE", 0});
    bytes.pop_back();
    for (int label = 0; label < 20; ++label) {
        bytes.push_back(63);
        bytes.insert(bytes.end(), 63, 'A');
    }
    bytes.push_back(0);
    assert_false(parse_netbios_name(bytes).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_encoded_as_rfc_1001_shows),
        cmocka_unit_test(a_name_comes_back_as_it_was),
        cmocka_unit_test(a_workstation_name_is_in_capitals_and_cut_to_fifteen),
        cmocka_unit_test(a_scope_is_passed_over),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_scope_without_an_end_is_refused),
    };
    return cmocka_run_group_tests_name("NetBIOS names", tests, nullptr, nullptr);
}
