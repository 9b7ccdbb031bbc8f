// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/errand_words.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::disks;

namespace {

const FileErrand kWrite{FileErrand::Kind::Write, {253, 0}, 1, true, {"a b", "c.txt"}, "x\0\ny"};

void an_errand_is_read_as_it_was(void**) {
    FileErrand verify = kWrite, remove = kWrite, empty = kWrite;
    verify.kind = FileErrand::Kind::Verify;
    verify.owned = false;
    remove.kind = FileErrand::Kind::Delete;
    remove.data.clear();
    empty.data.clear();
    for (const auto& errand : {kWrite, verify, remove, empty}) {
        const auto read = read_file_errand(file_lines(errand));
        assert_true(read && *read == errand);
    }
}

void nobody_writes_to_what_is_not_owned(void**) {
    for (const auto kind : {FileErrand::Kind::Write, FileErrand::Kind::Delete}) {
        FileErrand errand = kWrite;
        errand.kind = kind;
        errand.owned = false;
        assert_false(read_file_errand(file_lines(errand)).has_value());
    }
}

void a_way_out_is_no_path(void**) {
    for (const std::vector<std::string>& path : {std::vector<std::string>{},
                                                 {".."},
                                                 {"a", "..", "b"},
                                                 {"a/b"},
                                                 {"a\\b"},
                                                 {""},
                                                 {"NUL"},
                                                 std::vector<std::string>(33, "d"),
                                                 {std::string(300, 'x')}}) {
        FileErrand errand = kWrite;
        errand.path = path;
        assert_false(read_file_errand(file_lines(errand)).has_value());
    }
}

void damaged_errands_are_refused(void**) {
    auto lines = file_lines(kWrite);
    assert_false(read_file_errand({}).has_value());
    assert_false(read_file_errand({lines[0], lines[1]}).has_value());
    assert_false(read_file_errand({lines[0], lines[1], lines[2], lines[2]}).has_value());
    lines[2] = {"data", std::string(kMostFileData + 1, 'x')};
    assert_false(read_file_errand(lines).has_value());
    for (const Words& first : {Words{"write", "253:0", "-1", "owned"},
                               {"write", "253", "1", "owned"},
                               {"move", "253:0", "1", "owned"},
                               {"write", "253:0", "1", "mine"},
                               {"write", "253:0", "1"}}) {
        lines = file_lines(kWrite);
        lines[0] = first;
        assert_false(read_file_errand(lines).has_value());
    }
}

void partitions_are_read_as_they_were(void**) {
    const std::vector<DiskPartition> partitions{{1, 1048576, 10, "NTFS", "ntfs", "my disk"},
                                                {2, 4096, 20, "RAW", "", ""}};
    const auto read = read_partition_lines(partition_lines(partitions));
    assert_true(read && *read == partitions);
    assert_true(read_partition_lines({}).has_value());
    assert_false(read_partition_lines({{"partition", "1"}}).has_value());
    assert_false(read_partition_lines({{"partition", "1", "x", "1", "", "", ""}}).has_value());
    const Words line{"partition", "1", "1", "1", "RAW", "", std::string(300, 'x')};
    assert_false(read_partition_lines({line}).has_value());
    assert_false(
        read_partition_lines(Lines(kMostPartitions + 2, Words(partition_lines(partitions)[0])))
            .has_value());
}

void what_a_disk_is_takes_one_word(void**) {
    assert_text_equal(*read_content_lines({{"content", "nilfs2"}}), "nilfs2");
    assert_text_equal(*read_content_lines({{"content", ""}}), "");
    assert_false(read_content_lines({}).has_value());
    assert_false(read_content_lines({{"content"}}).has_value());
    assert_false(read_content_lines({{"what", "nilfs2"}}).has_value());
    assert_false(read_content_lines({{"content", std::string(257, 'x')}}).has_value());
    assert_false(read_content_lines({{"content", "a"}, {"content", "b"}}).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_errand_is_read_as_it_was),
        cmocka_unit_test(nobody_writes_to_what_is_not_owned),
        cmocka_unit_test(a_way_out_is_no_path),
        cmocka_unit_test(damaged_errands_are_refused),
        cmocka_unit_test(partitions_are_read_as_they_were),
        cmocka_unit_test(what_a_disk_is_takes_one_word),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
