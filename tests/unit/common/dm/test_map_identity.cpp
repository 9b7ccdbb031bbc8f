// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/device_number.hpp"
#include "common/dm/map_identity.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi::dm;

namespace {

void a_multipath_map_is_known_by_its_uuid(void**) {
    const auto uuid = parse_map_uuid("mpath-36001405b7f8a4cd1a2b4f6f8e9d0c1b2");
    assert_true(uuid.has_value());
    assert_text_equal(uuid->wwid, "36001405b7f8a4cd1a2b4f6f8e9d0c1b2");
    assert_false(uuid->partition.has_value());
}

void a_partition_of_a_multipath_map_is_known_by_its_uuid(void**) {
    const auto uuid = parse_map_uuid("part12-mpath-3600a0b80");
    assert_true(uuid.has_value());
    assert_text_equal(uuid->wwid, "3600a0b80");
    assert_true(uuid->partition == 12U);
}

void a_wwid_may_look_like_anything(void**) {
    assert_text_equal(parse_map_uuid("mpath-part1-mpath-x")->wwid, "part1-mpath-x");
    assert_text_equal(parse_map_uuid("mpath-nvme.1af4-a b")->wwid, "nvme.1af4-a b");
}

void other_uuids_are_not_taken_for_multipath(void**) {
    for (const char* uuid :
         {"", "mpath-", "mpath", "MPATH-3600", "LVM-abc", "CRYPT-LUKS2-x", "part-mpath-3600",
          "part0-mpath-3600", "part1-", "part1-mpath-", "part1mpath-3600", "part-1-mpath-3600",
          "part99999999999-mpath-3600", "part1-part2-mpath-3600", " mpath-3600"})
        if (parse_map_uuid(uuid)) fail_msg("accepted \"%s\"", uuid);
}

void a_uuid_is_built_as_it_was_read(void**) {
    for (const char* text : {"mpath-3600a0b80", "part1-mpath-3600a0b80"})
        assert_text_equal(build_map_uuid(*parse_map_uuid(text)), text);
}

void names_are_decoded(void**) {
    assert_text_equal(unmangle("my\\x20map"), "my map");
    assert_text_equal(unmangle("a\\x2Fb\\x5cc"), "a/b\\c");
    assert_text_equal(unmangle("mpatha"), "mpatha");
}

void broken_codes_stay_as_they_are(void**) {
    for (const char* text : {"\\x", "\\x2", "a\\xg0", "\\y20", "\\", "\\x00", "\\x2g"})
        assert_text_equal(unmangle(text), text);
}

void a_code_is_decoded_once_only(void**) {
    assert_text_equal(unmangle("\\x5cx20"), "\\x20");
}

void every_byte_survives_mangling(void**) {
    std::string all;
    for (int byte = 1; byte < 256; ++byte)
        all += static_cast<char>(byte);
    const std::string mangled = mangle(all);
    assert_true(mangled.find(' ') == std::string::npos);
    assert_true(mangled.find('/') == std::string::npos);
    assert_text_equal(unmangle(mangled), all);
    assert_text_equal(mangle("mpath_a-1.2:3@x#y+z=0"), "mpath_a-1.2:3@x#y+z=0");
    assert_text_equal(mangle("a b"), "a\\x20b");
}

void device_numbers_are_exact(void**) {
    assert_true(parse_device_number("8:16") == DeviceNumber({8, 16}));
    assert_true(parse_device_number("4095:1048575") == DeviceNumber({4095, 1048575}));
    for (const char* text : {"", ":", "8", "8:", ":16", "8:16 ", " 8:16", "8:-1", "-8:1", "+8:1",
                             "4096:0", "8:1048576", "8:16:1", "/dev/sda", "0x8:1", "sda"})
        if (parse_device_number(text)) fail_msg("accepted \"%s\"", text);
    assert_text_equal(to_string(DeviceNumber{253, 7}), "253:7");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_multipath_map_is_known_by_its_uuid),
        cmocka_unit_test(a_partition_of_a_multipath_map_is_known_by_its_uuid),
        cmocka_unit_test(a_wwid_may_look_like_anything),
        cmocka_unit_test(other_uuids_are_not_taken_for_multipath),
        cmocka_unit_test(a_uuid_is_built_as_it_was_read),
        cmocka_unit_test(names_are_decoded),
        cmocka_unit_test(broken_codes_stay_as_they_are),
        cmocka_unit_test(a_code_is_decoded_once_only),
        cmocka_unit_test(every_byte_survives_mangling),
        cmocka_unit_test(device_numbers_are_exact),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
