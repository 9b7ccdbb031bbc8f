// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/errands/errand.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::disks;

namespace {

void what_is_built_is_read_as_it_was(void**) {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte)
        bytes += static_cast<char>(byte);
    const Lines lines = {{"offline", "253:0", "map"}, {bytes, "", "%"}, {""}};
    const auto text = build_errand(lines);
    assert_true(is_whole(text));
    const auto parsed = parse_errand(text);
    assert_ok(parsed);
    assert_true(*parsed == lines);
    assert_text_equal(build_errand({}), "end\n");
    assert_true(parse_errand("end\n")->empty());
}

void what_ends_early_is_no_errand(void**) {
    const auto text = build_errand({{"write", "a b"}, {"x"}});
    for (std::size_t size = 0; size < text.size(); ++size) {
        assert_false(is_whole(std::string_view(text).substr(0, size)));
        assert_false(bool(parse_errand(std::string_view(text).substr(0, size))));
    }
}

void damaged_lines_are_refused(void**) {
    for (const char* text : {"\nend\n", " a\nend\n", "a  b\nend\n", "a \nend\n", "a%\nend\n",
                             "a%2\nend\n", "%zz\nend\n", "%41\nend\n", "%2F\nend\n", "a\tb\nend\n",
                             "end\nend\n", "a\nend\nb\nend\n", "\xff\nend\n"})
        if (parse_errand(text)) fail_msg("accepted: %s", text);
}

void too_much_is_refused(void**) {
    Lines lines(kMostLines, Words{"x"});
    assert_ok(parse_errand(build_errand(lines)));
    lines.push_back({"x"});
    assert_false(bool(parse_errand(build_errand(lines))));
    Words words(kMostWords, "x");
    assert_ok(parse_errand(build_errand({words})));
    words.emplace_back("x");
    assert_false(bool(parse_errand(build_errand({words}))));
    assert_ok(parse_errand(build_errand({{"data", std::string(kMostFileData, '\0')}})));
    assert_false(bool(parse_errand(build_errand({{std::string(kLargestErrand, 'x')}}))));
}

void a_failure_is_a_line(void**) {
    const Error why{"unmount", "/srv/my db", "busy", 16};
    Error read;
    assert_true(read_failure(failure_words(why), read));
    assert_true(read == why);
    assert_false(read_failure({"done"}, read));
    assert_false(read_failure({"failed", "x", "", "", ""}, read));
    assert_false(read_failure({"failed", "-1", "", "", ""}, read));
    assert_false(read_failure({"failed", "99999", "", "", ""}, read));
    assert_true(read == why);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_built_is_read_as_it_was),
        cmocka_unit_test(what_ends_early_is_no_errand),
        cmocka_unit_test(damaged_lines_are_refused),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(a_failure_is_a_line),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
