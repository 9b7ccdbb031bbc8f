// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/offline/errand_words.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::disks;

namespace {

void a_disk_is_read_as_it_was(void**) {
    for (const BlockDisk& disk : {BlockDisk{{253, 0}, true, {{8, 0}, {8, 16}}},
                                  BlockDisk{{253, 7}, true, {}}, BlockDisk{{8, 0}, false, {}}}) {
        const auto read = read_disk(disk_words("offline", disk));
        assert_true(read && *read == disk);
    }
}

void what_is_no_disk_is_refused(void**) {
    for (const Words& words : {Words{"offline"},
                               {"offline", "253:0"},
                               {"offline", "dm-0", "map"},
                               {"offline", "253:0", "raid"},
                               {"offline", "8:0", "disk", "8:16"},
                               {"offline", "253:0", "map", "sda"},
                               {"offline", "", "map"}})
        assert_false(read_disk(words).has_value());
    Words many{"offline", "253:0", "map"};
    many.resize(3 + kMostPaths, "8:0");
    assert_true(read_disk(many).has_value());
    many.emplace_back("8:0");
    assert_false(read_disk(many).has_value());
}

void a_failure_tells_who_and_what_remains(void**) {
    const OfflineFailure failure{
        {"take offline", "", "it is in use", 16},
        {{holders::Kind::Process, "4711", "dd, user 0", "end process 4711"},
         {holders::Kind::Mount, "/srv/my db", "", ""}},
        {"/mnt was unmounted"}};
    const auto read = read_failure_lines(failure_lines(failure));
    assert_true(read.has_value());
    assert_true(read->why == failure.why);
    assert_true(read->holders == failure.holders);
    assert_true(read->remains == failure.remains);
}

void what_is_no_failure_is_none(void**) {
    const Words failed = failure_words({"a", "b", "c", 5});
    assert_false(read_failure_lines({}).has_value());
    assert_false(read_failure_lines({{"offline"}}).has_value());
    assert_false(read_failure_lines({failed, {"offline"}}).has_value());
    assert_false(read_failure_lines({failed, {"holder", "ghost", "", "", ""}}).has_value());
    assert_false(read_failure_lines({failed, {"remains"}}).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_disk_is_read_as_it_was),
        cmocka_unit_test(what_is_no_disk_is_refused),
        cmocka_unit_test(a_failure_tells_who_and_what_remains),
        cmocka_unit_test(what_is_no_failure_is_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
