// SPDX-License-Identifier: LGPL-2.1-or-later
// A disk taken offline and brought back over a block layer that the test plays, with a failure at
// each of its steps.
#include "daemon/disks/offline/offline.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include <fcntl.h>

using namespace mpapi;
using namespace mpapi::disks;
using holders::Holder;
using holders::Kind;

namespace {

constexpr dm::DeviceNumber kMap{253, 0}, kPart{253, 1}, kPath1{8, 0}, kPath2{8, 16};
const Holder kWriter{Kind::Process, "4711", "dd, user 0", "end process 4711 (dd)"};

class PlayedLayer final : public BlockLayer {
  public:
    PlayedLayer() {
        now.mounts = {{812, "/var/lib/box/db"}, {1, "/srv/db"}};
        now.partitions = {kPart};
        now.partition_maps = {"mpatha-part1"};
    }

    Result<BlockState> state(const BlockDisk&) override {
        if (auto status = step("state"); !status) return status.error();
        return now;
    }
    Status flush(dm::DeviceNumber device) override { return step("flush " + to_string(device)); }
    Status unmount(const MountedAt& mount) override {
        if (auto status = step("unmount " + mount.point); !status) return status;
        std::erase(now.mounts, mount);
        return Done{};
    }
    Status remove_partition_map(const std::string& name) override {
        if (auto status = step("remove " + name); !status) return status;
        now.partition_maps.clear();
        now.partitions.clear();
        return Done{};
    }
    Result<bool> read_only(dm::DeviceNumber device) override {
        return locked.contains(device) || (device == kMap && table_read_only);
    }
    Status set_read_only(dm::DeviceNumber device, bool wanted) override {
        if (auto status = step((wanted ? "lock " : "unlock ") + to_string(device)); !status)
            return status;
        if (wanted && !ignores_locks)
            locked.insert(device);
        else
            locked.erase(device);
        return Done{};
    }
    Result<Fd> claim(dm::DeviceNumber device) override {
        if (auto status = step("claim " + to_string(device)); !status) return status.error();
        return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    Status read_partitions(const BlockDisk&) override {
        if (auto status = step("partitions"); !status) return status;
        now.partitions = {kPart};
        now.partition_maps = {"mpatha-part1"};
        return Done{};
    }

    Status step(const std::string& what) {
        log.push_back(what);
        const auto at = failing.find(what);
        return at == failing.end() ? Status(Done{}) : Status(Error{what, "", "", at->second});
    }

    BlockState now;
    std::set<dm::DeviceNumber> locked;
    std::map<std::string, int> failing;
    std::vector<std::string> log;
    bool table_read_only = false;
    bool ignores_locks = false;
};

const BlockDisk kDisk{kMap, true, {kPath1, kPath2}};

std::string text(const std::vector<std::string>& lines) {
    std::string all;
    for (const auto& line : lines)
        all += (all.empty() ? "" : "; ") + line;
    return all;
}

void what_is_offline_is_unmounted_claimed_and_read_only(void**) {
    PlayedLayer layer;
    const auto taken = take_offline(layer, kDisk);
    if (!taken.claim) fail_msg("%s", taken.failure.why.message().c_str());
    assert_text_equal(text(layer.log),
                      "state; flush 253:0; unmount /var/lib/box/db; unmount /srv/db; "
                      "state; remove mpatha-part1; claim 253:0; lock 253:0; lock 8:0; lock 8:16; "
                      "flush 253:0");
    assert_true(layer.locked == std::set({kMap, kPath1, kPath2}));
}

void partitions_of_a_disk_without_a_map_become_read_only(void**) {
    PlayedLayer layer;
    layer.now = {};
    layer.now.partitions = {{8, 1}, {8, 2}};
    const auto taken = take_offline(layer, {{8, 0}, false, {}});
    assert_true(bool(taken.claim));
    assert_true(layer.locked == std::set<dm::DeviceNumber>({{8, 0}, {8, 1}, {8, 2}}));
}

void who_is_in_the_way_is_named_before_anything_is_done(void**) {
    PlayedLayer layer;
    layer.now.others = {kWriter};
    const auto taken = take_offline(layer, kDisk);
    assert_false(bool(taken.claim));
    assert_int_equal(taken.failure.why.errnum, EBUSY);
    assert_true(taken.failure.holders == std::vector{kWriter});
    assert_true(taken.failure.remains.empty());
    assert_text_equal(text(layer.log), "state");
}

void a_disk_that_the_system_needs_is_refused(void**) {
    PlayedLayer layer;
    layer.now.system = "it holds /";
    const auto taken = take_offline(layer, kDisk);
    assert_int_equal(taken.failure.why.errnum, EPERM);
    assert_contains(taken.failure.why.message(), "it holds /");
    assert_text_equal(text(layer.log), "state");
}

void files_in_use_are_named_by_their_mount_and_nothing_is_forced(void**) {
    PlayedLayer layer;
    layer.failing["unmount /srv/db"] = EBUSY;
    const auto taken = take_offline(layer, kDisk);
    assert_int_equal(taken.failure.why.errnum, EBUSY);
    assert_int_equal(taken.failure.holders.size(), 1);
    assert_text_equal(taken.failure.holders[0].name, "/srv/db");
    assert_text_equal(text(taken.failure.remains), "/var/lib/box/db was unmounted");
    assert_true(layer.locked.empty());
}

void a_refused_claim_leaves_the_partitions_and_names_who(void**) {
    PlayedLayer layer;
    layer.failing["claim 253:0"] = EBUSY;
    const auto taken = take_offline(layer, kDisk);
    assert_false(bool(taken.claim));
    assert_true(layer.locked.empty());
    assert_text_equal(layer.log.back(), "partitions");
    assert_false(layer.now.partition_maps.empty());
    assert_text_equal(text(taken.failure.remains),
                      "/var/lib/box/db was unmounted; /srv/db was unmounted");
}

// Whatever fails: no flag stays, or it is told.
void each_step_that_fails_is_undone_or_told(void**) {
    PlayedLayer whole;
    assert_true(bool(take_offline(whole, kDisk).claim));
    for (std::size_t at = 0; at < whole.log.size(); ++at) {
        PlayedLayer layer;
        layer.failing[whole.log[at]] = EIO;
        const auto taken = take_offline(layer, kDisk);
        assert_false(bool(taken.claim));
        assert_int_equal(taken.failure.why.errnum, EIO);
        assert_true(layer.locked.empty());
        assert_false(layer.now.partition_maps.empty());
        const auto unmounted = 2 - layer.now.mounts.size();
        assert_int_equal(taken.failure.remains.size(), unmounted);
    }
}

void a_flag_that_cannot_be_taken_back_is_told(void**) {
    PlayedLayer layer;
    layer.failing = {{"lock 8:16", EIO}, {"unlock 8:0", EIO}, {"partitions", ENOENT}};
    const auto taken = take_offline(layer, kDisk);
    const auto remains = text(taken.failure.remains);
    assert_contains(remains, "8:0 is read-only");
    assert_contains(remains, "partition maps are gone");
    assert_true(layer.locked == std::set({kPath1}));
}

void a_flag_that_was_set_before_stays_set(void**) {
    PlayedLayer layer;
    layer.locked = {kPath1};
    layer.failing["lock 8:16"] = EIO;
    assert_false(bool(take_offline(layer, kDisk).claim));
    assert_true(layer.locked == std::set({kPath1}));
}

void a_kernel_that_ignores_the_flag_is_no_success(void**) {
    PlayedLayer layer;
    layer.ignores_locks = true;
    const auto taken = take_offline(layer, kDisk);
    assert_contains(taken.failure.why.message(), "does not keep it");
}

void what_comes_back_is_writable_paths_first(void**) {
    PlayedLayer layer;
    assert_true(bool(take_offline(layer, kDisk).claim));
    layer.log.clear();
    const auto writable = make_writable(layer, kDisk);
    assert_ok(writable);
    assert_true(*writable);
    assert_text_equal(text(layer.log), "state; unlock 8:16; unlock 8:0; unlock 253:0");
    assert_ok(find_partitions(layer, kDisk));
    assert_false(layer.now.partition_maps.empty());
}

void a_map_whose_table_is_read_only_is_told(void**) {
    PlayedLayer layer;
    layer.table_read_only = true;
    const auto writable = make_writable(layer, kDisk);
    assert_ok(writable);
    assert_false(*writable);
}

void a_path_that_went_meanwhile_does_not_matter(void**) {
    PlayedLayer layer;
    layer.failing["unlock 8:16"] = ENODEV;
    const auto writable = make_writable(layer, kDisk);
    assert_ok(writable);
    layer.failing = {{"unlock 253:0", ENODEV}};
    assert_false(bool(make_writable(layer, kDisk)));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_offline_is_unmounted_claimed_and_read_only),
        cmocka_unit_test(partitions_of_a_disk_without_a_map_become_read_only),
        cmocka_unit_test(who_is_in_the_way_is_named_before_anything_is_done),
        cmocka_unit_test(a_disk_that_the_system_needs_is_refused),
        cmocka_unit_test(files_in_use_are_named_by_their_mount_and_nothing_is_forced),
        cmocka_unit_test(a_refused_claim_leaves_the_partitions_and_names_who),
        cmocka_unit_test(each_step_that_fails_is_undone_or_told),
        cmocka_unit_test(a_flag_that_cannot_be_taken_back_is_told),
        cmocka_unit_test(a_flag_that_was_set_before_stays_set),
        cmocka_unit_test(a_kernel_that_ignores_the_flag_is_no_success),
        cmocka_unit_test(what_comes_back_is_writable_paths_first),
        cmocka_unit_test(a_map_whose_table_is_read_only_is_told),
        cmocka_unit_test(a_path_that_went_meanwhile_does_not_matter),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
