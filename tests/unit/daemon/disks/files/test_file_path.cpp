// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/file_path.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi::disks;

namespace {

void expect(std::string_view path, const std::vector<std::string>& components) {
    const auto parsed = parse_file_path(path);
    assert_ok(parsed);
    if (*parsed != components) fail_msg("%s was taken apart otherwise", std::string(path).c_str());
}

void refused(std::string_view path, std::string_view why) {
    const auto parsed = parse_file_path(path);
    if (parsed) fail_msg("\"%s\" was accepted", std::string(path).c_str());
    assert_contains(parsed.error().reason, why);
}

void names_are_taken_apart_at_both_separators(void**) {
    expect("\\test.txt", {"test.txt"});
    expect("test.txt", {"test.txt"});
    expect("/a/b\\c d.e", {"a", "b", "c d.e"});
    expect("\\Stra\u00dfe\\\u65e5\u672c", {"Stra\u00dfe", "\u65e5\u672c"});
    expect("..x", {"..x"});
    expect("console", {"console"});
    expect("COM", {"COM"});
    expect("COM10", {"COM10"});
    expect("a%b;rm -rf", {"a%b;rm -rf"});
    expect("$", {"$"});
    expect("$MFT.txt", {"$MFT.txt"});
    expect("a\\$MFT", {"a", "$MFT"});
}

void ways_out_are_refused(void**) {
    for (const char* path : {"..", "\\..\\x", "a\\..\\b", "a/../b", "a\\..", "."})
        refused(path, "are no names");
    refused("C:\\x", "one of the characters");
    refused("x.txt:stream", "one of the characters");
    refused("\\\\host\\share", "a component is empty");
    refused("\\\\?\\C:\\x", "a component is empty");
    refused("\\??\\C:", "one of the characters");
    refused("a\\\\b", "a component is empty");
    refused("a\\", "a component is empty");
}

void devices_are_refused(void**) {
    for (const char* path : {"NUL", "nul.txt", "a\\CON", "CON  .x", "com1", "LPT9.tar.gz", "COM0",
                             "conin$", "COM\u00b2", "AuX"})
        refused(path, "names a device");
}

void what_ntfs_keeps_for_itself_is_refused(void**) {
    for (const char* path :
         {"$MFT", "\\$MFTMirr", "/$logfile", "$Volume", "$AttrDef", "$Bitmap", "$Boot", "$BadClus",
          "$SECURE", "$UpCase", "$Extend", "$Extend\\$Quota", "$extend/$RmMetadata\\$Txf"})
        refused(path, "its own data");
}

void what_windows_could_not_name_is_refused(void**) {
    refused("a.", "period or a blank");
    refused("a ", "period or a blank");
    refused("a*", "one of the characters");
    refused(std::string_view("a\0b", 3), "control character");
    refused("a\nb", "control character");
    refused("a\u0085", "control character");
    refused("a\u202egnp.exe", "direction of text");
    refused("\xff", "not UTF-8");
    refused("\xc0\xae\xc0\xae", "not UTF-8");
    refused("\xed\xa0\x80", "not UTF-8");
}

void what_is_empty_or_too_much_is_refused(void**) {
    refused("", "empty");
    refused("\\", "empty");
    refused(std::string(256, 'x'), "component is too long");
    expect(std::string(255, 'x'), {std::string(255, 'x')});
    refused(std::string(1025, 'x'), "it is too long");
    std::string deep = "d";
    for (int level = 1; level < 32; ++level)
        deep += "\\d";
    assert_ok(parse_file_path(deep));
    refused(deep + "\\d", "too many components");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart_at_both_separators),
        cmocka_unit_test(ways_out_are_refused),
        cmocka_unit_test(devices_are_refused),
        cmocka_unit_test(what_ntfs_keeps_for_itself_is_refused),
        cmocka_unit_test(what_windows_could_not_name_is_refused),
        cmocka_unit_test(what_is_empty_or_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
