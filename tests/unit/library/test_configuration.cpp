// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/configuration.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cwchar>

using namespace mpapi::library;
using Entries = std::vector<Entry>;

namespace {

void a_line_is_an_id_blanks_and_a_path(void**) {
    assert_true(entries_of("org.example.one\t/lib/one.so\norg.example.two  /lib/two.so\n") ==
                (Entries{{"org.example.one", "/lib/one.so"}, {"org.example.two", "/lib/two.so"}}));
    assert_true(entries_of("").empty());
    assert_true(entries_of("a /b") == (Entries{{"a", "/b"}})); // no newline at the end
}

void comments_and_empty_lines_name_no_plugin(void**) {
    assert_true(entries_of("# x /y\n#\n\n  \n\t# z /w\na /b\n") == (Entries{{"a", "/b"}}));
}

void leading_blanks_are_skipped(void**) {
    assert_true(entries_of(" a /b\n\tc\t/d\n \t e /f") ==
                (Entries{{"a", "/b"}, {"c", "/d"}, {"e", "/f"}}));
}

void the_first_blank_ends_the_id_whatever_blank_it_is(void**) {
    assert_true(entries_of("a /b\tc\n") == (Entries{{"a", "/b\tc"}}));
    assert_true(entries_of("a \t /b c\n") == (Entries{{"a", "/b c"}}));
}

void trailing_blanks_do_not_belong_to_the_path(void**) {
    assert_true(entries_of("a\t/b \t\r\nc\t/d\r\n") == (Entries{{"a", "/b"}, {"c", "/d"}}));
}

void a_line_without_an_absolute_path_names_no_plugin(void**) {
    assert_true(entries_of("a\nb relative.so\nc ./d\n").empty());
    using namespace std::string_view_literals;
    assert_true(entries_of("a\0b\t/c\nd\t/e\0f\ng\t/h\n"sv) == (Entries{{"g", "/h"}}));
}

void bytes_beyond_ascii_are_like_others(void**) {
    assert_true(entries_of("org.m\xc3\xbcller\t/lib/\xe2\x82\xac.so\n\xff\t/\xfe\nlast\t/z\n") ==
                (Entries{{"org.m\xc3\xbcller", "/lib/\xe2\x82\xac.so"},
                         {"\xff", "/\xfe"},
                         {"last", "/z"}}));
}

void a_line_may_be_long(void**) {
    const std::string id(3000, 'i'), path = '/' + std::string(3000, 'p');
    assert_true(entries_of(id + '\t' + path + "\nb /c\n") == (Entries{{id, path}, {"b", "/c"}}));
}

void there_may_be_more_plugins_than_64(void**) {
    std::string text;
    for (int number = 0; number < 1000; ++number)
        text += "id" + std::to_string(number) + " /file" + std::to_string(number) + '\n';
    assert_int_equal(entries_of(text).size(), 1000);
}

void of_two_lines_with_one_id_the_first_counts(void**) {
    assert_true(entries_of("a /b\na /c\n") == (Entries{{"a", "/b"}}));
    assert_true(entries_of("a nowhere\na /c\n") == (Entries{{"a", "/c"}}));
}

void an_id_is_compared_as_a_whole(void**) {
    const std::string text = "org.example.new\t/new\n";
    assert_true(entries_of(with_entry(text, {"org.example.ne", "/ne"})) ==
                (Entries{{"org.example.new", "/new"}, {"org.example.ne", "/ne"}}));
    assert_true(!without_entry(text, "org.example.ne").has_value());
    assert_true(!without_entry(text, "org.example.newer").has_value());
    assert_true(!without_entry(text, "ORG.example.new").has_value());
    assert_true(!without_entry("# org.example.new /x\n", "org.example.new").has_value());
    assert_true(without_entry(text, "org.example.new").has_value());
}

void a_new_plugin_goes_to_the_end(void**) {
    assert_string_equal(with_entry("# mine\n a /b \n", {"c", "/d"}).c_str(),
                        "# mine\n a /b \nc\t/d\n");
    assert_string_equal(with_entry("a /b", {"c", "/d"}).c_str(), "a /b\nc\t/d\n");
    const std::string fresh = with_entry("", {"c", "/d"});
    assert_true(fresh.starts_with("# ") && fresh.ends_with("\nc\t/d\n"));
}

void a_registered_plugin_gets_the_new_path_in_its_place(void**) {
    assert_string_equal(with_entry("a /old\nb /c\n  a /older\n", {"a", "/new"}).c_str(),
                        "a\t/new\nb /c\n");
    assert_string_equal(with_entry("a broken\n", {"a", "/new"}).c_str(), "a\t/new\n");
}

void removing_leaves_all_else_as_it_was(void**) {
    assert_string_equal(without_entry("# x\n\na /b\n odd\na c\n", "a")->c_str(), "# x\n\n odd\n");
    assert_string_equal(without_entry("a /b", "a")->c_str(), "");
}

void an_id_is_unicode_without_blanks(void**) {
    assert_string_equal(id_of(L"org.example.x")->c_str(), "org.example.x");
    assert_string_equal(id_of(L"m\u00fc\u20ac\U0001f600")->c_str(),
                        "m\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
    for (const wchar_t* bad : {L"", L"a b", L"a\tb", L"a\nb", L"#a", L"a\u0085", L" a"})
        assert_true(!id_of(bad).has_value());
    const wchar_t impossible[][2] = {
        {wchar_t(0x110000), 0}, {wchar_t(0xd800), 0}, {wchar_t(-1), 0}};
    for (const auto& bad : impossible)
        assert_true(!id_of(bad).has_value());
}

void a_file_is_an_absolute_path_that_is_read_back_as_written(void**) {
    assert_string_equal(file_of("/lib/a b.so")->c_str(), "/lib/a b.so");
    assert_string_equal(file_of("/\xc3\xbc")->c_str(), "/\xc3\xbc");
    for (const char* bad : {"", "relative", "/a\nb", "/a\tb", "/a ", "/a\x7f"})
        assert_true(!file_of(bad).has_value());
    assert_true(file_of(("/" + std::string(254, 'x')).c_str()).has_value());
    assert_true(!file_of(("/" + std::string(255, 'x')).c_str()).has_value());
}

// 256 elements, and a page behind them that nobody may touch.
void a_name_without_an_end_is_read_to_256_elements(void**) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const memory =
        ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    auto* const end = static_cast<char*>(memory) + page;
    assert_int_equal(::mprotect(end, page, PROT_NONE), 0);
    auto* const wide = reinterpret_cast<wchar_t*>(end) - 256;
    std::fill_n(wide, 256, L'x');
    assert_true(!id_of(wide).has_value());
    wide[255] = L'\0';
    assert_int_equal(id_of(wide)->size(), 255);
    char* const narrow = end - 256;
    std::fill_n(narrow, 256, '/');
    assert_true(!file_of(narrow).has_value());
    narrow[255] = '\0';
    assert_int_equal(file_of(narrow)->size(), 255);
    ::munmap(memory, 2 * page);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_an_id_blanks_and_a_path),
        cmocka_unit_test(comments_and_empty_lines_name_no_plugin),
        cmocka_unit_test(leading_blanks_are_skipped),
        cmocka_unit_test(the_first_blank_ends_the_id_whatever_blank_it_is),
        cmocka_unit_test(trailing_blanks_do_not_belong_to_the_path),
        cmocka_unit_test(a_line_without_an_absolute_path_names_no_plugin),
        cmocka_unit_test(bytes_beyond_ascii_are_like_others),
        cmocka_unit_test(a_line_may_be_long),
        cmocka_unit_test(there_may_be_more_plugins_than_64),
        cmocka_unit_test(of_two_lines_with_one_id_the_first_counts),
        cmocka_unit_test(an_id_is_compared_as_a_whole),
        cmocka_unit_test(a_new_plugin_goes_to_the_end),
        cmocka_unit_test(a_registered_plugin_gets_the_new_path_in_its_place),
        cmocka_unit_test(removing_leaves_all_else_as_it_was),
        cmocka_unit_test(an_id_is_unicode_without_blanks),
        cmocka_unit_test(a_file_is_an_absolute_path_that_is_read_back_as_written),
        cmocka_unit_test(a_name_without_an_end_is_read_to_256_elements),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
