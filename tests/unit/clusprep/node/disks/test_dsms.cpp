// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/dsms.hpp"
#include "tests/unit/cmocka.hpp"

#include <sys/utsname.h>

#include <cstdlib>
#include <filesystem>

using namespace mpapi::node;
using mpapi::csvp::Dsm;

namespace {

void a_version_is_up_to_four_numbers(void**) {
    assert_true(dsm("a", "1.14.0") == (Dsm{"a", 1, 14, 0, 0}));
    assert_true(dsm("a", "6.1.0-21-amd64") == (Dsm{"a", 6, 1, 0, 0}));
    assert_true(dsm("a", "1.2.3.4.5") == (Dsm{"a", 1, 2, 3, 4}));
    assert_true(dsm("a", "") == (Dsm{"a", 0, 0, 0, 0}));
    assert_true(dsm("a", "v2.1") == (Dsm{"a", 0, 0, 0, 0}));
    assert_true(dsm("a", "7.99999999999.1") == (Dsm{"a", 7, 0, 0, 0}));
}

void the_driver_the_tools_and_the_loaded_handlers_are_listed(void**) {
    std::string pattern = (std::filesystem::temp_directory_path() / "mpapi-sys-XXXXXX").string();
    assert_non_null(::mkdtemp(pattern.data()));
    for (const char* module : {"scsi_dh_rdac", "scsi_mod", "scsi_dh_alua"})
        std::filesystem::create_directories(pattern + "/module/" + module);
    const auto found = find_dsms(pattern, {"1.14.0", "0.9.4"});
    std::filesystem::remove_all(pattern);

    utsname kernel{};
    ::uname(&kernel);
    assert_int_equal(found.size(), 4);
    assert_true(found[0] == dsm("dm_multipath", "1.14.0"));
    assert_true(found[1] == dsm("multipath-tools", "0.9.4"));
    assert_true(found[2] == dsm("scsi_dh_alua", kernel.release));
    assert_true(found[3] == dsm("scsi_dh_rdac", kernel.release));
}

void without_driver_and_modules_there_are_none(void**) {
    assert_true(find_dsms("/nonexistent", {}).empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_version_is_up_to_four_numbers),
        cmocka_unit_test(the_driver_the_tools_and_the_loaded_handlers_are_listed),
        cmocka_unit_test(without_driver_and_modules_there_are_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
