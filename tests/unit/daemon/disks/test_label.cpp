// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/label.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/disks/disk_image.hpp"

using namespace mpapi;
using namespace mpapi::disks;
using test::DiskImage;

namespace {

constexpr std::uint64_t kGiB = 1u << 30;

Label label_of(DiskImage& image) {
    const auto label = read_label(image.size, image.sector_size, image.reader());
    assert_ok(label);
    return *label;
}

void an_empty_disk_has_no_label(void**) {
    DiskImage image(kGiB);
    const Label label = label_of(image);
    assert_true(label.style == LabelStyle::None);
    assert_true(label.partitions.empty());
    assert_text_equal(label.trouble, "");
}

void an_mbr_has_its_signature_and_partitions(void**) {
    DiskImage image(kGiB);
    image.mbr(0xdeadbeef);
    image.mbr_entry(0, 0x07, 2048, 409600);
    image.mbr_entry(2, 0x83, 411648, 2048);
    const Label label = label_of(image);
    assert_true(label.style == LabelStyle::Mbr);
    assert_int_equal(label.mbr_signature, 0xdeadbeef);
    assert_int_equal(label.partitions.size(), 2);
    assert_int_equal(label.partitions[0].number, 1);
    assert_int_equal(label.partitions[0].first, 2048);
    assert_int_equal(label.partitions[0].count, 409600);
    assert_int_equal(label.partitions[0].mbr_type, 0x07);
    assert_int_equal(label.partitions[1].number, 3);
    assert_text_equal(label.trouble, "");
}

void a_freshly_signed_disk_is_an_mbr_without_partitions(void**) {
    DiskImage image(kGiB);
    image.mbr(0x12345678);
    const Label label = label_of(image);
    assert_true(label.style == LabelStyle::Mbr);
    assert_true(label.partitions.empty());
}

void logical_partitions_are_numbered_from_five(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x83, 2048, 2048);
    image.mbr_entry(1, 0x05, 10000, 50000);
    image.mbr_entry(0, 0x83, 64, 1000, 10000);   // from its own link
    image.mbr_entry(1, 0x05, 2000, 3000, 10000); // from the chain's beginning
    image.mbr_entry(0, 0x82, 64, 500, 12000);
    const Label label = label_of(image);
    assert_int_equal(label.partitions.size(), 4);
    assert_true(label.partitions[1].container);
    assert_int_equal(label.partitions[2].number, 5);
    assert_int_equal(label.partitions[2].first, 10064);
    assert_int_equal(label.partitions[3].number, 6);
    assert_int_equal(label.partitions[3].first, 12064);
    assert_text_equal(label.trouble, "");
}

void a_chain_that_goes_in_circles_ends(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x0f, 10000, 50000);
    image.mbr_entry(0, 0x83, 64, 100, 10000);
    image.mbr_entry(1, 0x05, 100, 100, 10000);
    image.mbr_entry(0, 0x83, 64, 100, 10100);
    image.mbr_entry(1, 0x05, 100, 100, 10100); // to itself
    const Label label = label_of(image);
    assert_int_equal(label.partitions.size(), 129);
    assert_contains(label.trouble, "more than 128");
    assert_in_range(image.reads.size(), 1, 200);
}

void a_chain_that_leaves_its_partition_is_told(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x05, 10000, 500);
    image.mbr_entry(1, 0x05, 600, 100, 10000);
    assert_contains(label_of(image).trouble, "out of its partition");
}

void a_partition_beyond_the_disk_is_told(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x83, 2048, 0xffffffff);
    const Label label = label_of(image);
    assert_int_equal(label.partitions.size(), 1);
    assert_text_equal(label.trouble, "partition 1 ends beyond the disk");
}

void a_boot_sector_of_a_file_system_is_no_table(void**) {
    for (const auto& [at, text] :
         {std::pair{3, "NTFS    "}, std::pair{54, "FAT16   "}, std::pair{82, "FAT32   "}}) {
        DiskImage image(kGiB);
        image.boot_signature();
        image.put(static_cast<std::uint64_t>(at), text);
        assert_true(label_of(image).style == LabelStyle::None);
    }
    DiskImage code(kGiB);
    code.boot_signature();
    code.put(446, "\xe8");
    assert_true(label_of(code).style == LabelStyle::None);
}

void a_gpt_has_its_guid_and_partitions(void**) {
    for (const std::uint32_t sector : {512u, 4096u}) {
        DiskImage image(kGiB, sector);
        image.gpt({{2048, 4095}, {8192, 8192}});
        const Label label = label_of(image);
        assert_true(label.style == LabelStyle::Gpt);
        assert_text_equal(label.disk_guid, "04030201-0605-0807-090a-0b0c0d0e0f10");
        assert_int_equal(label.mbr_signature, 0);
        assert_int_equal(label.partitions.size(), 2);
        assert_int_equal(label.partitions[0].count, 2048);
        assert_int_equal(label.partitions[1].number, 2);
        assert_int_equal(label.partitions[1].count, 1);
        assert_int_equal(label.first_usable, 2 + 128 * 128 / sector);
        assert_text_equal(label.trouble, "");
    }
}

void a_broken_primary_gpt_is_replaced_by_its_backup(void**) {
    DiskImage image(kGiB);
    image.gpt({{2048, 4095}});
    image.put(512 + 60, "x"); // in the disk GUID
    const Label label = label_of(image);
    assert_true(label.style == LabelStyle::Gpt);
    assert_text_equal(label.disk_guid, "04030201-0605-0807-090a-0b0c0d0e0f10");
    assert_text_equal(label.trouble,
                      "the primary GPT is broken (its CRC is wrong), the backup is used");

    DiskImage entries(kGiB);
    entries.gpt({{2048, 4095}});
    entries.put(2 * 512 + 40, "x");
    assert_contains(label_of(entries).trouble, "CRC of its entries");

    DiskImage unreadable(kGiB);
    unreadable.gpt({{2048, 4095}});
    unreadable.broken_at = 600;
    assert_true(label_of(unreadable).style == LabelStyle::Gpt);
}

void two_broken_copies_leave_the_protective_mbr(void**) {
    DiskImage image(kGiB);
    image.gpt({});
    image.put(512, "x");
    image.put(image.size - 512, "x");
    const Label label = label_of(image);
    assert_true(label.style == LabelStyle::Mbr);
    assert_contains(label.trouble, "so is the backup");
}

void a_gpt_without_its_mbr_does_not_count(void**) {
    DiskImage image(kGiB);
    image.gpt({{2048, 4095}});
    image.put(446, std::string_view("\0\0\0\0\0", 5));
    const Label label = label_of(image);
    assert_true(label.style == LabelStyle::Mbr);
}

void a_disk_that_cannot_be_read_has_no_answer(void**) {
    DiskImage image(kGiB);
    image.broken_at = 0;
    assert_false(read_label(image.size, 512, image.reader()).has_value());
    assert_false(read_label(0, 512, image.reader()).has_value());
    for (const std::uint32_t sector : {0u, 1u, 500u, 513u, 1u << 17})
        assert_false(read_label(kGiB, sector, image.reader()).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_disk_has_no_label),
        cmocka_unit_test(an_mbr_has_its_signature_and_partitions),
        cmocka_unit_test(a_freshly_signed_disk_is_an_mbr_without_partitions),
        cmocka_unit_test(logical_partitions_are_numbered_from_five),
        cmocka_unit_test(a_chain_that_goes_in_circles_ends),
        cmocka_unit_test(a_chain_that_leaves_its_partition_is_told),
        cmocka_unit_test(a_partition_beyond_the_disk_is_told),
        cmocka_unit_test(a_boot_sector_of_a_file_system_is_no_table),
        cmocka_unit_test(a_gpt_has_its_guid_and_partitions),
        cmocka_unit_test(a_broken_primary_gpt_is_replaced_by_its_backup),
        cmocka_unit_test(two_broken_copies_leave_the_protective_mbr),
        cmocka_unit_test(a_gpt_without_its_mbr_does_not_count),
        cmocka_unit_test(a_disk_that_cannot_be_read_has_no_answer),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
