// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/scratch.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/disks/disk_image.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::disks;
using test::DiskImage;

namespace {

constexpr std::uint64_t kGiB = 1u << 30;
constexpr std::uint64_t kSectors = kGiB / 512;
constexpr std::uint64_t kMargin = 2048; // 1 MiB

Result<ScratchSectors> scratch(DiskImage& image) {
    const auto label = read_label(image.size, image.sector_size, image.reader());
    assert_ok(label);
    return find_scratch_sectors(*label, image.size, image.sector_size, image.reader());
}

std::uint64_t place(DiskImage& image) {
    const auto found = scratch(image);
    assert_ok(found);
    return found->mark;
}

std::string refusal(DiskImage& image) {
    const auto found = scratch(image);
    if (found) return "found " + std::to_string(found->mark);
    assert_int_equal(found.error().errnum, ENOSPC);
    return found.error().reason;
}

void an_empty_disk_has_them_before_its_last_mebibyte(void**) {
    DiskImage image(kGiB);
    const auto found = scratch(image);
    assert_ok(found);
    assert_int_equal(found->mark, kSectors - kMargin - 3);
    assert_int_equal(found->first(), found->mark + 1);
    assert_int_equal(found->second(), found->mark + 2);
}

void large_sectors_count_as_sectors(void**) {
    DiskImage image(kGiB, 4096);
    assert_int_equal(place(image), kGiB / 4096 - 256 - 3);
}

void a_gpt_leaves_what_lies_between_partitions(void**) {
    DiskImage after(kGiB);
    after.gpt({{2048, 1000000}});
    assert_int_equal(place(after), kSectors - kMargin - 3);

    // To the last usable sector: the gap in front of the first one is left, from behind the
    // entries.
    DiskImage before(kGiB);
    before.gpt({{2048, kSectors - 34}});
    assert_int_equal(place(before), 2048 - 3);

    DiskImage between(kGiB);
    between.gpt({{34, 99999}, {100010, kSectors - 34}});
    assert_int_equal(place(between), 100010 - 3);

    DiskImage two(kGiB); // sectors of a gap are too few
    two.gpt({{34, 99999}, {100002, kSectors - 34}});
    assert_text_equal(refusal(two), "partitions leave no room");
}

void the_gap_behind_an_mbr_belongs_to_boot_loaders(void**) {
    DiskImage full(kGiB);
    full.mbr(1);
    full.mbr_entry(0, 0x83, 2048, static_cast<std::uint32_t>(kSectors - 2048));
    assert_text_equal(refusal(full), "partitions leave no room");

    DiskImage to_the_margin(kGiB);
    to_the_margin.mbr(1);
    to_the_margin.mbr_entry(0, 0x83, 63, static_cast<std::uint32_t>(kSectors - kMargin - 63));
    assert_text_equal(refusal(to_the_margin), "partitions leave no room");

    DiskImage late(kGiB);
    late.mbr(1);
    late.mbr_entry(0, 0x83, 4096, static_cast<std::uint32_t>(kSectors - 4096));
    assert_int_equal(place(late), 4096 - 3);
}

void an_extended_partition_counts_as_a_whole(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x83, 2048, 100000);
    image.mbr_entry(1, 0x05, 200000, static_cast<std::uint32_t>(kSectors - 200000));
    image.mbr_entry(0, 0x83, 64, 100, 200000);
    assert_int_equal(place(image), 200000 - 3);
}

void partitions_that_overlap_are_taken_together(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x83, 2048, 1000000);
    image.mbr_entry(1, 0x83, 4096, 100);
    image.mbr_entry(2, 0x83, 900000, static_cast<std::uint32_t>(kSectors - 900000));
    assert_text_equal(refusal(image), "partitions leave no room");
}

void a_table_that_is_not_whole_is_not_trusted(void**) {
    DiskImage image(kGiB);
    image.gpt({{2048, 4095}});
    image.put(512, "x");
    assert_contains(refusal(image), "the primary GPT is broken");

    DiskImage beyond(kGiB);
    beyond.mbr(1);
    beyond.mbr_entry(0, 0x83, 2048, 0xfffffff0);
    assert_contains(refusal(beyond), "ends beyond the disk");

    DiskImage lost(kGiB); // its MBR was wiped
    lost.gpt({{2048, 4095}});
    lost.put(510, std::string_view("\0\0", 2));
    assert_contains(refusal(lost), "GPT without its MBR");
}

void whoever_has_the_whole_disk_has_all_sectors(void**) {
    using namespace std::string_view_literals;
    struct Row {
        std::int64_t at;
        std::string_view bytes;
        const char* who;
    };
    const Row rows[] = {
        {0, "XFSB"sv, "XFS"},
        {3, "NTFS    "sv, "NTFS"},
        {0x438, "\x53\xef"sv, "ext"},
        {0x10040, "_BHRfS_M"sv, "Btrfs"},
        {4086, "SWAPSPACE2"sv, "swap"},
        {0, "LUKS\xba\xbe"sv, "LUKS"},
        {0x1000, "\xfc\x4e\x2b\xa9"sv, "1.2"},
        {0, "\xfc\x4e\x2b\xa9"sv, "1.1"},
        {-0x2000, "\xfc\x4e\x2b\xa9"sv, "1.0"},
        {-0x10000, "\xfc\x4e\x2b\xa9"sv, "0.90"},
        {131072, "\x0c\xb1\xba\x00\x00\x00\x00\x00"sv, "ZFS"},
        {-512, "\xde\x11\xde\x11"sv, "DDF"},
    };
    for (const Row& row : rows) {
        DiskImage image(kGiB);
        image.put(row.at < 0 ? image.size - static_cast<std::uint64_t>(-row.at)
                             : static_cast<std::uint64_t>(row.at),
                  row.bytes);
        assert_contains(refusal(image), row.who);
    }
    DiskImage volume(kGiB);
    volume.put(512, "LABELONE");
    volume.put(512 + 24, "LVM2 001");
    assert_text_equal(refusal(volume), "the disk is a LVM physical volume");
    DiskImage unknown(kGiB);
    unknown.put(100, "something");
    assert_contains(refusal(unknown), "first sectors are not zero");
}

void what_is_not_zero_is_somebodys(void**) {
    DiskImage image(kGiB);
    image.mbr(1);
    image.mbr_entry(0, 0x83, 100000, 100000);
    const std::uint64_t last = kSectors - kMargin - 3;
    for (const std::uint64_t sector : {last, last + 1, last + 2}) {
        DiskImage dirty(kGiB);
        dirty.mbr(1);
        dirty.mbr_entry(0, 0x83, 100000, 100000);
        dirty.put(sector * 512 + 511, "x");
        assert_int_equal(place(dirty), 100000 - 3); // the next stretch
    }
    image.put(last * 512, "x");
    image.put((100000 - 1) * 512, "x");
    assert_contains(refusal(image), "data that are not ours");
}

void our_mark_makes_them_ours_again(void**) {
    DiskImage image(kGiB);
    const auto found = scratch(image);
    assert_ok(found);
    const auto mark = scratch_mark(*found, image.size, 512);
    assert_int_equal(mark.size(), 512);
    image.put(found->mark * 512, {reinterpret_cast<const char*>(mark.data()), mark.size()});
    image.put(found->first() * 512, "what was validated");
    assert_int_equal(place(image), found->mark);

    image.put(found->mark * 512 + 70, "x");
    assert_contains(refusal(image), "data that are not ours");
}

void a_mark_copied_from_elsewhere_is_none(void**) {
    DiskImage image(kGiB);
    const auto found = scratch(image);
    assert_ok(found);
    ScratchSectors other = *found;
    --other.mark;
    for (const auto& mark :
         {scratch_mark(other, image.size, 512), scratch_mark(*found, 2 * image.size, 512)}) {
        DiskImage copy(kGiB);
        copy.put(found->mark * 512, {reinterpret_cast<const char*>(mark.data()), mark.size()});
        assert_contains(refusal(copy), "data that are not ours");
    }
}

void a_small_disk_has_none(void**) {
    for (const std::uint64_t size : {512u, 1u << 20, 2u << 20}) {
        DiskImage image(size);
        assert_contains(refusal(image), "smaller than 2 MiB");
    }
}

void a_disk_that_cannot_be_read_is_no_empty_disk(void**) {
    for (const std::uint64_t broken : {kGiB - 512, kGiB - (1u << 20) - 512, std::uint64_t{512}}) {
        DiskImage image(kGiB);
        image.broken_at = broken;
        const auto found = scratch(image);
        assert_false(found.has_value());
        assert_int_equal(found.error().errnum, EIO);
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_disk_has_them_before_its_last_mebibyte),
        cmocka_unit_test(large_sectors_count_as_sectors),
        cmocka_unit_test(a_gpt_leaves_what_lies_between_partitions),
        cmocka_unit_test(the_gap_behind_an_mbr_belongs_to_boot_loaders),
        cmocka_unit_test(an_extended_partition_counts_as_a_whole),
        cmocka_unit_test(partitions_that_overlap_are_taken_together),
        cmocka_unit_test(a_table_that_is_not_whole_is_not_trusted),
        cmocka_unit_test(whoever_has_the_whole_disk_has_all_sectors),
        cmocka_unit_test(what_is_not_zero_is_somebodys),
        cmocka_unit_test(our_mark_makes_them_ours_again),
        cmocka_unit_test(a_mark_copied_from_elsewhere_is_none),
        cmocka_unit_test(a_small_disk_has_none),
        cmocka_unit_test(a_disk_that_cannot_be_read_is_no_empty_disk),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
