// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SAN files: the examples as they are meant, and each way to get one wrong with the line and the
// words of its message.
#include "daemon/san/description.hpp"
#include "daemon/san/san.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::san;

namespace {

// A file that is right; each line is changed by some test. Lines are counted from 1.
const std::vector<std::string> good{
    /* 1 */ "[machine]",
    /* 2 */ "multipathd = true",
    /* 3 */ "[[initiator]]",
    /* 4 */ "name = \"hba\"",
    /* 5 */ "transport = \"fc\"",
    /* 6 */ "wwpn = \"2100001b329f1c40\"",
    /* 7 */ "[[array]]",
    /* 8 */ "name = \"a\"",
    /* 9 */ "vendor = \"MPAPI\"",
    /* 10 */ "product = \"TEST\"",
    /* 11 */ "revision = \"1\"",
    /* 12 */ "kind = \"alua\"",
    /* 13 */ "transport = \"fc\"",
    /* 14 */ "[[array.group]]",
    /* 15 */ "id = 1",
    /* 16 */ "state = \"active-optimized\"",
    /* 17 */ "[[array.port]]",
    /* 18 */ "name = \"A0\"",
    /* 19 */ "wwpn = \"50060e8012345600\"",
    /* 20 */ "group = 1",
    /* 21 */ "[[array.unit]]",
    /* 22 */ "name = \"lu#\"",
    /* 23 */ "lun = 0",
    /* 24 */ "designator = \"naa.60060e80123456000000000000000001\"",
    /* 25 */ "serial = \"S#\"",
    /* 26 */ "size = \"1GiB\"",
    /* 27 */ "count = 2",
    /* 28 */ "[[fault]]",
    /* 29 */ "verb = \"path_lost\"",
    /* 30 */ "disk = \"sda\"",
};

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines)
        text += line + "\n";
    return text;
}

// The message for the good file with one line replaced.
std::string message(std::size_t line, const std::string& replacement) {
    auto lines = good;
    lines.at(line - 1) = replacement;
    const auto description = parse_description(joined(lines), "x.toml");
    if (!description) return description.error().message();
    const auto made = San::make(*description);
    return made ? "accepted" : made.error().message();
}

void the_good_file_is_read_as_it_is_meant(void**) {
    const auto description = parse_description(joined(good), "x.toml");
    assert_ok(description);
    assert_text_equal(description->file, "x.toml");
    assert_int_equal(*description->initiators.at(0).host, 0);
    assert_text_equal(description->initiators[0].driver, "qla2xxx");
    const auto& array = description->arrays.at(0);
    assert_true(array.implicit_access && array.explicit_access);
    assert_int_equal(array.ports.at(0).relative_id, 1);
    assert_int_equal(array.ports[0].initiators.size(), 1);
    const auto& unit = array.units.at(0);
    assert_int_equal(unit.count, 2);
    assert_int_equal(unit.size, 1ull << 30);
    assert_text_equal(unit.map.name, "lu#");
    assert_int_equal(description->faults.at(0).line, 28);
    assert_true(description->faults[0].verb == Verb::PathLost);
    assert_ok(San::make(*description));
}

void the_examples_are_right(void**) {
    for (const char* name : {"two-arrays", "scale"}) {
        const auto description = load_description(std::string(MPAPI_SOURCE_ROOT) +
                                                  "/daemon/san/examples/" + name + ".toml");
        assert_ok(description);
    }
}

void every_mistake_is_named_with_its_line(void**) {
    struct Case {
        std::size_t line;
        const char* replacement;
        std::size_t reported;
        const char* words;
    };
    const Case cases[] = {
        {2, "multipath = true", 2, "unknown key \"multipath\""},
        {2, "multipathd = 1", 2, "expected"},
        {2, "map_major = 5000", 2, "expected"},
        {2, "failback = \"soon\"", 2, "expected"},
        {2, "multipathd = ", 2, ""},
        {4, "", 3, "expected this key"},
        {4, "name = \"\"", 4, "expected 1 to 64 characters"},
        {5, "transport = \"token-ring\"", 5, "expected"},
        {6, "wwpn = \"2100001B329F1C40\"", 6, "expected 16 lower-case hexadecimal digits"},
        {6, "wwpn = \"21\"", 6, "expected 16 lower-case hexadecimal digits"},
        {6, "iqn = \"iqn.x:y\"", 3, "expected this key"},
        {7, "[[arrays]]", 7, ""},
        {9, "vendor = \"TOO LONG A NAME\"", 9, "expected 1 to 8 characters"},
        {9, "vendor = \"M\\u00dcAPI\"", 9, "expected 1 to 8 characters"},
        {12, "kind = \"magic\"", 12, "expected"},
        {12, "kind = \"alua\"\naccess = [\"implicit\", \"wishful\"]", 13, "expected \"implicit\""},
        {13, "transport = \"sas\"", 17, "expected this key"},
        {15, "id = 65536", 15, "expected"},
        {15, "id = -1", 15, "expected"},
        {16, "state = \"sleepy\"", 16, "expected"},
        {19, "wwpn = 5", 19, "expected"},
        {20, "group = 2", 20, "expected the id of an [[array.group]]"},
        {20, "group = 1\nrelative_id = 0", 21, "expected"},
        {20, "group = 1\ninitiators = [\"nobody\"]", 21, "found \"nobody\""},
        {22, "name = \"lu\"", 22, "expected a '#'"},
        {22, "name = \"lu#/\"", 22, "expected no blank and no slash"},
        {23, "lun = 16383", 23, "expected the last LUN to be 16383 at most"},
        {24, "designator = \"naa.6006\"", 24, "expected naa. and 16 digits"},
        {24, "designator = \"naa.90060e8012345600\"", 24, "expected naa. and 16 digits"},
        {24, "designator = \"eui.00\"", 24, "expected eui."},
        {24, "designator = \"t10.VENDOR\"", 24, "expected t10."},
        {24, "designator = \"t10.VENDOR  disk\"", 24, "expected a '#'"},
        {24, "designator = \"name.foo\"", 24, "expected name."},
        {24, "designator = \"uuid.1\"", 24, "expected naa., eui., t10. or name."},
        {25, "serial = \"S\"", 25, "expected a '#'"},
        {26, "size = 1024", 26, "expected"},
        {26, "size = \"1000B\"", 26, "expected whole blocks of 512 bytes"},
        {26, "size = \"0B\"", 26, "expected"},
        {27, "count = 0", 27, "expected"},
        {27, "count = 2\nselector = \"a b\"", 28, "expected one word"},
        {27, "count = 2\nowner = 7", 28, "expected the id of an [[array.group]]"},
        {27, "count = 2\nports = [\"A0\", \"A0\"]", 28, "each once"},
        {27, "count = 65536", 23, "expected the last LUN to be 16383 at most"},
        {29, "verb = \"path_lots\"", 29, "path_lost"},
        {29, "verb = \"path_lost\"\nunit = \"lu0\"", 30, "unknown key \"unit\""},
        {30, "", 28, "expected this key"},
    };
    for (const auto& one : cases) {
        const auto text = message(one.line, one.replacement);
        print_message("%s\n", text.c_str());
        assert_contains(text, "x.toml:" + std::to_string(one.reported) + ":");
        assert_contains(text, one.words);
    }
}

void what_must_be_unique_is(void**) {
    const auto twice = [](std::size_t first, std::size_t last, std::size_t insert) {
        auto lines = good;
        const std::vector<std::string> copy(good.begin() + static_cast<std::ptrdiff_t>(first - 1),
                                            good.begin() + static_cast<std::ptrdiff_t>(last));
        lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(insert), copy.begin(), copy.end());
        const auto description = parse_description(joined(lines), "x.toml");
        return description ? std::string("accepted") : description.error().message();
    };
    assert_contains(twice(3, 6, 6), "no other initiator");
    assert_contains(twice(14, 16, 16), "no other group");
    assert_contains(twice(17, 20, 20), "no other port");
    assert_contains(twice(21, 27, 27), "no other unit has, found \"lu0\"");
}

void a_fault_on_nothing_is_refused_with_its_line(void**) {
    assert_contains(message(30, "disk = \"sdz\""),
                    "x.toml:28: path_lost sdz: there is no such disk");
}

void a_file_that_is_none_says_so(void**) {
    assert_contains(load_description("/nonexistent/san.toml").error().message(),
                    "/nonexistent/san.toml: No such file");
    assert_contains(load_description("/tmp").error().message(), "regular file");
    assert_contains(parse_description("= nonsense", "x.toml").error().message(), "x.toml:1");
    // An empty one describes an empty SAN.
    const auto empty = parse_description("", "x.toml");
    assert_ok(empty);
    assert_ok(San::make(*empty));
}

void generated_units_count_up(void**) {
    assert_text_equal(numbered("lu-####", 7), "lu-0007");
    assert_text_equal(numbered("lu#", 123), "lu123");
    assert_text_equal(numbered("a#b##", 5), "a5b05");
    const auto naa = parse_designator("naa.600000000000000000000000000000ff");
    assert_ok(naa);
    assert_text_equal(to_string(numbered(*naa, 1)), "naa.60000000000000000000000000000100");
    const auto text = parse_designator("t10.VENDOR  disk ##");
    assert_ok(text);
    assert_text_equal(to_string(numbered(*text, 3)), "t10.VENDOR  disk 03");
    assert_text_equal(wwid(*text), "1VENDOR_disk_##");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_good_file_is_read_as_it_is_meant),
        cmocka_unit_test(the_examples_are_right),
        cmocka_unit_test(every_mistake_is_named_with_its_line),
        cmocka_unit_test(what_must_be_unique_is),
        cmocka_unit_test(a_fault_on_nothing_is_refused_with_its_line),
        cmocka_unit_test(a_file_that_is_none_says_so),
        cmocka_unit_test(generated_units_count_up),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
