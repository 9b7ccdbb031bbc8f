// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/disabled_record.hpp"
#include "tests/unit/cmocka.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace mpapi::paths;

namespace {

const PathName kFibre{"36001405abcdef0123456789abcdef012", "21000024ff3dabcd", "500a098200016e01",
                      7};
const PathName kIscsi{"naa with blanks", "iqn.2026-01.example:one,00023d000001",
                      "iqn.2026-01.example:a#b%c,t,0x0001", 18446744073709551615ull};

class Folder {
  public:
    Folder() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "mpapi-record-XXXXXX").string();
        assert_non_null(::mkdtemp(pattern.data()));
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string record() const { return path_ / "disabled-paths"; }
    void write(const std::string& text) const { std::ofstream(record()) << text; }
    std::string text() const {
        std::ifstream file(record());
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::size_t files() const {
        const std::filesystem::directory_iterator here(path_);
        return static_cast<std::size_t>(std::distance(begin(here), end(here)));
    }

  private:
    std::filesystem::path path_;
};

std::string built(const std::set<PathName>& paths) {
    const auto text = build_disabled_record(paths);
    assert_ok(text);
    return *text;
}

void what_was_built_is_read_as_it_was(void**) {
    PathName bytes{"", "\t\n\r ", "\x7f", 0};
    for (int byte = 0; byte < 256; ++byte)
        bytes.unit_name += static_cast<char>(byte);
    const std::set<PathName> paths = {kFibre, kIscsi, bytes};
    assert_true(parse_disabled_record(built(paths)) == (DisabledRecord{paths, {}}));
}

void a_line_is_what_an_administrator_can_read(void**) {
    const std::string text = built({kFibre, kIscsi});
    assert_contains(text,
                    "\n36001405abcdef0123456789abcdef012 21000024ff3dabcd 500a098200016e01 7\n");
    assert_contains(text, "\nnaa%20with%20blanks iqn.2026-01.example:one,00023d000001 "
                          "iqn.2026-01.example:a%23b%25c,t,0x0001 18446744073709551615\n");
    assert_contains(text, "mpathadm enable path");
}

void blanks_comments_and_empty_lines_do_not_matter(void**) {
    const auto record = parse_disabled_record("\n  # 1 2 3 4\n\t36001  host2\t2:0:1   5 \n \t\n"
                                              "3%36002 host2 2:0:1 0");
    assert_true(
        record ==
        (DisabledRecord{{{"36001", "host2", "2:0:1", 5}, {"36002", "host2", "2:0:1", 0}}, {}}));
}

void a_damaged_line_is_told_and_the_others_hold(void**) {
    for (const std::string line : {
             "36001 host2 2:0:1",                      // a field is missing
             "36001 host2 2:0:1 5 6",                  // one too many
             "36001 host2 2:0:1 5x",                   // no number
             "36001 host2 2:0:1 -5",                   //
             "36001 host2 2:0:1 +5",                   //
             "36001 host2 2:0:1 18446744073709551616", // more than a LUN has bits
             "36001 host2 2:0:1 5 # port 3",           // a comment has its own line
             "36001 ho%2gst 2:0:1 5",                  // no byte
             "36001 host2 2:0:1% 5",                   // half an escape
             "36001 host2 2:0:1%2 5",                  //
             "36001 host2 2:0:1%-1 5",                 //
             "36001 ho\x01st2 2:0:1 5",                // a control character
             "36001 host2 2:0:1 5\r",                  // an editor of another system
         }) {
        const auto record =
            parse_disabled_record("36002 host2 2:0:1 5\n" + line + "\n36003 host2 2:0:1 5\n");
        if (record.damaged_lines != std::vector<std::size_t>{2}) fail_msg("%s", line.c_str());
        assert_int_equal(record.paths.size(), 2);
        assert_true(record.paths.contains({"36003", "host2", "2:0:1", 5}));
    }
}

void a_field_is_bounded(void**) {
    const std::string longest(kLongestDisabledField, 'x');
    assert_int_equal(parse_disabled_record(longest + " a b 0").paths.size(), 1);
    assert_int_equal(parse_disabled_record(longest + "x a b 0").paths.size(), 0);
    assert_true(build_disabled_record({{longest, "a", "b", 0}}).has_value());
    assert_false(build_disabled_record({{longest + "x", "a", "b", 0}}).has_value());
}

void the_number_of_lines_is_bounded(void**) {
    std::string text;
    for (std::size_t line = 0; line < kMostDisabledPaths + 2; ++line)
        text += std::to_string(line) + " a b 0\n";
    const auto many = parse_disabled_record(text);
    assert_int_equal(many.paths.size(), kMostDisabledPaths);
    assert_true(many.damaged_lines ==
                (std::vector<std::size_t>{kMostDisabledPaths + 1, kMostDisabledPaths + 2}));

    text.assign(kMostRecordLines, '\n');
    assert_true(parse_disabled_record(text).damaged_lines.empty());
    text += "1 a b 0\n2 a b 0\n";
    assert_true(parse_disabled_record(text).damaged_lines ==
                std::vector<std::size_t>{kMostRecordLines + 1});
}

void a_path_without_a_whole_name_cannot_be_recorded(void**) {
    for (const auto& [unit, initiator, target] :
         {std::tuple("", "a", "b"), std::tuple("u", "", "b"), std::tuple("u", "a", "")}) {
        const auto text = build_disabled_record({{unit, initiator, target, 0}});
        assert_false(text.has_value());
        assert_contains(text.error().message(), "not known");
    }
}

void no_file_is_nothing_disabled(void**) {
    const Folder folder;
    const auto record = read_disabled_record(folder.record());
    assert_ok(record);
    assert_true(*record == DisabledRecord{});
}

void what_is_no_file_is_an_error(void**) {
    const Folder folder;
    std::filesystem::create_directory(folder.record());
    assert_false(read_disabled_record(folder.record()).has_value());
    const Folder other;
    other.write(std::string(kDisabledRecordLimit + 1, '\n'));
    const auto record = read_disabled_record(other.record());
    assert_false(record.has_value());
    assert_contains(record.error().message(), "32 MiB");
}

void what_was_written_is_read(void**) {
    const Folder folder;
    const mode_t before = ::umask(0077); // mpapid's
    assert_ok(write_disabled_record(folder.record(), {kFibre}));
    assert_ok(write_disabled_record(folder.record(), {kFibre, kIscsi}));
    ::umask(before);
    const auto record = read_disabled_record(folder.record());
    assert_ok(record);
    assert_true(*record == (DisabledRecord{{kFibre, kIscsi}, {}}));
    struct stat status {};
    assert_int_equal(::stat(folder.record().c_str(), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0644);
    assert_int_equal(folder.files(), 1);
}

void the_last_path_takes_the_file_with_it(void**) {
    const Folder folder;
    assert_ok(write_disabled_record(folder.record(), {kFibre}));
    std::ofstream(folder.record() + ".new") << "left by a writer that was killed";
    assert_ok(write_disabled_record(folder.record(), {}));
    assert_int_equal(folder.files(), 0);
    assert_ok(write_disabled_record(folder.record(), {}));
}

void what_a_killed_writer_left_is_in_nobodys_way(void**) {
    const Folder folder;
    folder.write("36001 host2 2:0:1 5\n");
    // Not followed: whoever could make a link here must not have us write elsewhere.
    std::filesystem::create_symlink("elsewhere", folder.record() + ".new");
    assert_ok(write_disabled_record(folder.record(), {kIscsi}));
    assert_int_equal(folder.files(), 1);
    assert_int_equal(read_disabled_record(folder.record())->paths.count(kIscsi), 1);
}

void a_record_that_cannot_be_written_leaves_the_old_one(void**) {
    const Folder folder;
    assert_ok(write_disabled_record(folder.record(), {kFibre}));
    const std::string before = folder.text();
    assert_false(write_disabled_record(folder.record(), {kIscsi, {"", "a", "b", 0}}).has_value());
    std::filesystem::create_directory(folder.record() + ".new");
    assert_false(write_disabled_record(folder.record(), {kIscsi}).has_value());
    assert_text_equal(folder.text(), before);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_built_is_read_as_it_was),
        cmocka_unit_test(a_line_is_what_an_administrator_can_read),
        cmocka_unit_test(blanks_comments_and_empty_lines_do_not_matter),
        cmocka_unit_test(a_damaged_line_is_told_and_the_others_hold),
        cmocka_unit_test(a_field_is_bounded),
        cmocka_unit_test(the_number_of_lines_is_bounded),
        cmocka_unit_test(a_path_without_a_whole_name_cannot_be_recorded),
        cmocka_unit_test(no_file_is_nothing_disabled),
        cmocka_unit_test(what_is_no_file_is_an_error),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(the_last_path_takes_the_file_with_it),
        cmocka_unit_test(what_a_killed_writer_left_is_in_nobodys_way),
        cmocka_unit_test(a_record_that_cannot_be_written_leaves_the_old_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
