// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/volumes.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/disks/disk_image.hpp"

using namespace mpapi;
using namespace mpapi::disks;
using namespace std::string_view_literals;
using test::DiskImage;

namespace {

constexpr std::uint64_t kGiB = 1u << 30;
constexpr auto kRaid = "\xfc\x4e\x2b\xa9"sv;

bool dynamic(DiskImage& image) {
    const auto label = read_label(image.size, image.sector_size, image.reader());
    assert_ok(label);
    const auto found = holds_volumes(*label, image.size, image.sector_size, image.reader());
    assert_ok(found);
    return *found;
}

void put_volume(DiskImage& image, std::uint64_t at) {
    image.put(at + 512, "LABELONE");
    image.put(at + 512 + 24, "LVM2 001");
}

void an_empty_disk_and_file_systems_are_basic(void**) {
    DiskImage empty(kGiB);
    assert_false(dynamic(empty));
    DiskImage whole(kGiB);
    whole.put(0, "XFSB");
    assert_false(dynamic(whole));
    DiskImage mbr(kGiB);
    mbr.mbr(1);
    mbr.mbr_entry(0, 0x83, 2048, 4096);
    assert_false(dynamic(mbr));
    DiskImage gpt(kGiB);
    gpt.gpt({{2048, 4095}});
    assert_false(dynamic(gpt));
}

void whole_disks(void**) {
    DiskImage volume(kGiB);
    put_volume(volume, 0);
    assert_true(dynamic(volume));
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{4096}, kGiB - 0x2000}) {
        DiskImage raid(kGiB);
        raid.put(at, kRaid);
        assert_true(dynamic(raid));
    }
}

void partitions_by_their_type(void**) {
    for (const auto type : {std::uint8_t{0x8e}, std::uint8_t{0xfd}, std::uint8_t{0x42}}) {
        DiskImage image(kGiB);
        image.mbr(1);
        image.mbr_entry(0, 0x83, 2048, 2048);
        image.mbr_entry(1, type, 4096, 4096);
        assert_true(dynamic(image));
    }
    Label label;
    label.style = LabelStyle::Gpt;
    Partition partition;
    partition.first = 2048;
    partition.count = 16;
    DiskImage image(kGiB);
    for (const char* type :
         {"e6d6d379-f507-44c2-a23c-238f2a3df928", "a19d880f-05fc-4d3b-a006-743f0f84911e",
          "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", "af9b60a0-1431-4f62-bc68-3311714a69ad"}) {
        partition.gpt_type = type;
        label.partitions = {partition};
        assert_true(*holds_volumes(label, image.size, image.sector_size, image.reader()));
    }
}

void partitions_by_what_they_begin_with(void**) {
    for (const std::uint32_t sector_size : {512u, 4096u}) {
        DiskImage volume(kGiB, sector_size);
        volume.mbr(1);
        volume.mbr_entry(0, 0x83, 2048, 2048);
        volume.mbr_entry(1, 0x83, 8192, 2048);
        put_volume(volume, std::uint64_t{8192} * sector_size);
        assert_true(dynamic(volume));
        for (const std::uint64_t at : {0U, 4096U}) {
            DiskImage raid(kGiB, sector_size);
            raid.mbr(1);
            raid.mbr_entry(0, 0x83, 2048, 2048);
            raid.put(std::uint64_t{2048} * sector_size + at, kRaid);
            assert_true(dynamic(raid));
        }
    }
}

void no_more_is_read_than_there_is(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x83, 2048, 1);
    image.mbr_entry(1, 0x83, static_cast<std::uint32_t>(kGiB / 512 - 1), 1000);
    assert_false(dynamic(image));
    image.broken_at = std::uint64_t{2048} * 512;
    const auto label = read_label(image.size, image.sector_size, image.reader());
    assert_ok(label);
    assert_false(holds_volumes(*label, image.size, image.sector_size, image.reader()).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_disk_and_file_systems_are_basic),
        cmocka_unit_test(whole_disks),
        cmocka_unit_test(partitions_by_their_type),
        cmocka_unit_test(partitions_by_what_they_begin_with),
        cmocka_unit_test(no_more_is_read_than_there_is),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
