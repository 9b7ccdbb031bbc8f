// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a client names by text: files, addresses.
#include "clusprep/interfaces/file_path.hpp"
#include "clusprep/interfaces/ip_text.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

std::string joined(std::u16string_view name) {
    const auto path = file_path(name);
    if (!path) return "refused: " + path.error().reason;
    std::string text;
    for (const std::string& component : *path)
        text += "/" + component;
    return text;
}

void a_file_is_named_below_the_root_of_its_partition(void**) {
    assert_text_equal(joined(u"file.txt"), "/file.txt");
    assert_text_equal(joined(u"\\file.txt"), "/file.txt");
    assert_text_equal(joined(u"dir\\sub/file"), "/dir/sub/file");
    assert_text_equal(joined(u"/Gr\u00f6\u00dfe"), "/Größe");
    assert_text_equal(joined(u".hidden"), "/.hidden");
    assert_text_equal(joined(u"..."
                             u"x"),
                      "/...x");
    assert_text_equal(joined(u"Conan"), "/Conan"); // not CON
    assert_text_equal(joined(u"COM10"), "/COM10");
    assert_text_equal(joined(u"LPTx"), "/LPTx");
}

void what_windows_would_take_for_something_else_is_refused(void**) {
    for (const char16_t* name : {u"",
                                 u"\\",
                                 u"a\\",
                                 u"a\\\\b",
                                 u"\\\\server\\share\\x",
                                 u"\\\\.\\PhysicalDrive0",
                                 u"\\\\?\\C:\\x",
                                 u"C:\\x",
                                 u"C:x",
                                 u"file:stream",
                                 u"file::$DATA",
                                 u"..",
                                 u"..\\x",
                                 u"a\\..\\b",
                                 u".",
                                 u"a\\.\\b",
                                 u"name.",
                                 u"name ",
                                 u"CON",
                                 u"con",
                                 u"Nul.txt",
                                 u"AUX .x",
                                 u"dir\\COM1",
                                 u"LPT9.log",
                                 u"COM\u00b2",
                                 u"CONIN$",
                                 u"conout$",
                                 u"a*",
                                 u"a?b",
                                 u"a|b",
                                 u"<",
                                 u">",
                                 u"\"",
                                 u"a\nb",
                                 u"a\x7f",
                                 u"a\u0085",
                                 u"a\u202egnp.exe",
                                 u"$MFT",
                                 u"\\$mftmirr",
                                 u"/$LogFile",
                                 u"$Extend\\$Quota"}) {
        if (file_path(name).has_value()) fail_msg("taken: %s", joined(name).c_str());
    }
    const char16_t lone[] = {u'a', 0xd800, 0};
    assert_false(file_path(lone).has_value());
    assert_false(file_path(std::u16string_view(u"a\0b", 3)).has_value());
}

void a_file_name_has_its_limits(void**) {
    assert_true(file_path(std::u16string(255, u'x')).has_value());
    assert_false(file_path(std::u16string(256, u'x')).has_value());
    assert_false(file_path(std::u16string(128, u'\u00e4')).has_value()); // 256 bytes
    std::u16string deep = u"x";
    for (int i = 1; i < 32; ++i)
        deep += u"\\x";
    assert_true(file_path(deep).has_value());
    assert_false(file_path(deep + u"\\x").has_value());
    assert_false(file_path(std::u16string(100000, u'\\')).has_value());
}

std::string address(AddressFamily family, std::u16string_view name) {
    const auto parsed = parse_address(family, name);
    return parsed ? text(*parsed) : "refused";
}

void addresses_are_read_as_clients_write_them(void**) {
    const auto v4 = AddressFamily::V4, v6 = AddressFamily::V6;
    assert_text_equal(address(v4, u"192.0.2.10"), "192.0.2.10");
    assert_text_equal(address(v6, u"2001:DB8::1"), "2001:db8::1");
    assert_text_equal(address(v6, u"fe80::1%12"), "fe80::1%12");
    assert_text_equal(address(v6, u"::ffff:192.0.2.1"), "::ffff:192.0.2.1");
    const auto parsed = parse_address(v6, u"fe80::1%4294967295");
    assert_ok(parsed);
    assert_int_equal(parsed->scope, 0xffffffff);
}

void what_is_no_address_of_its_family_is_refused(void**) {
    const auto v4 = AddressFamily::V4, v6 = AddressFamily::V6;
    for (const char16_t* name : {u"", u"192.0.2", u"192.0.2.256", u"0x7f.1", u"::1", u"localhost",
                                 u"192.0.2.1 ", u"192.0.2.1%1", u"\uff11.2.3.4"})
        assert_text_equal(address(v4, name), "refused");
    for (const char16_t* name :
         {u"", u"192.0.2.1", u"fe80::1%", u"fe80::1%eth0", u"fe80::1%-1", u"fe80::1%4294967296",
          u"fe80::1%1%1", u"%1", u":::", u"1080:0:0:0:8:800:200C:417A:1"})
        assert_text_equal(address(v6, name), "refused");
    assert_text_equal(address(v4, std::u16string_view(u"127.0.0.1\0x", 11)), "refused");
    assert_text_equal(address(v4, std::u16string(100000, u'1')), "refused");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_named_below_the_root_of_its_partition),
        cmocka_unit_test(what_windows_would_take_for_something_else_is_refused),
        cmocka_unit_test(a_file_name_has_its_limits),
        cmocka_unit_test(addresses_are_read_as_clients_write_them),
        cmocka_unit_test(what_is_no_address_of_its_family_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
