// SPDX-License-Identifier: LGPL-2.1-or-later
//
// configfs as LIO lays it out, played by a directory.
#include "discovery/host/block_storage.hpp"

#include "../../cmocka.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

class Configfs {
  public:
    Configfs() {
        char name[] = "/tmp/istd-configfs.XXXXXX";
        if (::mkdtemp(name) == nullptr) fail_msg("no directory");
        folder_ = name;
        fs::create_directories(folder_ / "discovery_auth");
        write(folder_ / "lio_version", "Datera Inc. iSCSI Target v4.1.0\n");
    }
    ~Configfs() { fs::remove_all(folder_); }

    void group(const std::string& target, const std::string& group, const std::string& enable) {
        fs::create_directories(folder_ / target / group);
        fs::create_directories(folder_ / target / "fabric_statistics");
        write(folder_ / target / group / "enable", enable);
    }
    std::string folder() const { return folder_.string(); }

  private:
    static void write(const fs::path& path, const std::string& text) {
        std::ofstream(path) << text;
    }
    fs::path folder_;
};

constexpr char kTarget[] = "iqn.2003-01.org.linux-iscsi.node1:sn.1";

void without_targets_there_is_no_block_storage(void**) {
    assert_false(has_enabled_target("/nowhere/target/iscsi"));
    const Configfs configfs;
    assert_false(has_enabled_target(configfs.folder()));
}

void one_enabled_portal_group_is_enough(void**) {
    Configfs configfs;
    configfs.group(kTarget, "tpgt_1", "0\n");
    assert_false(has_enabled_target(configfs.folder()));
    configfs.group(kTarget, "tpgt_2", "1\n");
    assert_true(has_enabled_target(configfs.folder()));
}

void other_entries_are_no_portal_groups(void**) {
    Configfs configfs;
    configfs.group(kTarget, "param", "1\n");
    configfs.group(kTarget, "tpgt_1", "");
    assert_false(has_enabled_target(configfs.folder()));
}

void what_was_found_holds_for_a_second(void**) {
    Configfs configfs;
    BlockStorage::Time now{1h};
    BlockStorage storage(configfs.folder(), [&] { return now; });
    assert_false(storage.served());
    configfs.group(kTarget, "tpgt_1", "1\n");
    now += 999ms;
    assert_false(storage.served());
    now += 1ms;
    assert_true(storage.served());
    configfs.group(kTarget, "tpgt_1", "0\n");
    now += 1s;
    assert_false(storage.served());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(without_targets_there_is_no_block_storage),
        cmocka_unit_test(one_enabled_portal_group_is_enough),
        cmocka_unit_test(other_entries_are_no_portal_groups),
        cmocka_unit_test(what_was_found_holds_for_a_second),
    };
    return cmocka_run_group_tests_name("block storage", tests, nullptr, nullptr);
}
