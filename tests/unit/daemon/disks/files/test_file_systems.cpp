// SPDX-License-Identifier: LGPL-2.1-or-later
// Partitions of images, with file systems that their own tools made.
#include "common/system/handle.hpp"
#include "daemon/disks/files/file_systems.hpp"
#include "tests/unit/cmocka.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::array kTools{"mkfs.ext4", "mkfs.ntfs", "mkfs.vfat"};

class Image {
  public:
    explicit Image(std::uint64_t size) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "mpapi-image-XXXXXX").string();
        assert_non_null(::mkdtemp(pattern.data()));
        top_ = pattern;
        std::ofstream{disk()};
        std::filesystem::resize_file(disk(), size);
    }
    ~Image() { std::filesystem::remove_all(top_); }
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    // An entry of the MBR (UEFI 2.10 table 5-2); numbers from 1.
    void entry(unsigned number, std::uint8_t type, std::uint64_t start, std::uint64_t size) {
        std::string bytes(16, '\0');
        bytes[4] = static_cast<char>(type);
        for (unsigned at = 0; at < 4; ++at) {
            bytes[8 + at] = static_cast<char>((start / 512) >> (8 * at) & 0xff);
            bytes[12 + at] = static_cast<char>((size / 512) >> (8 * at) & 0xff);
        }
        put(446 + 16 * (number - 1), bytes);
        put(510, "\x55\xaa");
    }
    void put(std::uint64_t offset, const std::string& bytes) {
        std::fstream file(disk(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(offset));
        file << bytes;
        assert_true(bool(file.flush()));
    }
    void file_system(const std::string& command, std::uint64_t start, std::uint64_t size) {
        const std::string part = top_ / "part";
        std::ofstream{part};
        std::filesystem::resize_file(part, size);
        const std::string line =
            "PATH=$PATH:/sbin:/usr/sbin " + command + " " + part + " >/dev/null 2>&1";
        if (std::system(line.c_str()) != 0) fail_msg("%s failed", line.c_str());
        std::ifstream file(part, std::ios::binary);
        put(start, {std::istreambuf_iterator<char>(file), {}});
    }
    Result<std::vector<DiskPartition>> list() const {
        const Fd fd(::open(disk().c_str(), O_RDONLY | O_CLOEXEC));
        return list_partitions(fd.get());
    }
    std::string content() const {
        const Fd fd(::open(disk().c_str(), O_RDONLY | O_CLOEXEC));
        const auto found = content_of_whole(fd.get());
        return found ? *found : found.error().message();
    }

  private:
    std::filesystem::path disk() const { return top_ / "disk"; }
    std::filesystem::path top_;
};

std::string text(const Result<std::vector<DiskPartition>>& listed) {
    if (!listed) return listed.error().message();
    std::string all;
    for (const auto& each : *listed)
        all += std::to_string(each.number) + " " + std::to_string(each.start / kMiB) + "+" +
               std::to_string(each.size / kMiB) + " " + each.file_system + " '" + each.content +
               "' '" + each.label + "'\n";
    return all;
}

void each_partition_tells_its_file_system(void**) {
    Image image(48 * kMiB);
    image.entry(1, 0x07, 1 * kMiB, 8 * kMiB);
    image.entry(2, 0x0c, 9 * kMiB, 8 * kMiB);
    image.entry(3, 0x83, 17 * kMiB, 8 * kMiB);
    image.entry(4, 0x83, 25 * kMiB, 8 * kMiB);
    image.file_system("mkfs.ntfs -F -Q -p 2048 -H 255 -S 63 -s 512 -L data", 1 * kMiB, 8 * kMiB);
    image.file_system("mkfs.vfat", 9 * kMiB, 8 * kMiB);
    image.file_system("mkfs.ext4 -q -L journal", 17 * kMiB, 8 * kMiB);
    assert_text_equal(text(image.list()), "1 1+8 NTFS 'ntfs' 'data'\n"
                                          "2 9+8 FAT 'vfat' ''\n"
                                          "3 17+8 EXT4 'ext4' 'journal'\n"
                                          "4 25+8 RAW '' ''\n");
}

void a_disk_without_a_table_is_one_partition(void**) {
    Image image(8 * kMiB);
    image.file_system("mkfs.ext4 -q", 0, 8 * kMiB);
    assert_text_equal(text(image.list()), "0 0+8 EXT4 'ext4' ''\n");
    assert_text_equal(text(Image(8 * kMiB).list()), "0 0+8 RAW '' ''\n");
}

void a_volume_is_raw_and_says_what_it_is(void**) {
    Image image(8 * kMiB);
    image.entry(1, 0x8e, 1 * kMiB, 7 * kMiB);
    std::string label(512, '\0'); // lib/format_text/layout.h of LVM2
    label.replace(0, 8, "LABELONE");
    label[8] = 1;
    label[20] = 32;
    label.replace(24, 8, "LVM2 001");
    label.replace(32, 32, std::string(32, 'a'));
    std::uint32_t crc = 0xf597a6cf; // the checksum that its reader asks for
    for (std::size_t at = 20; at < label.size(); ++at) {
        crc ^= static_cast<std::uint8_t>(label[at]);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    for (unsigned at = 0; at < 4; ++at)
        label[16 + at] = static_cast<char>(crc >> (8 * at) & 0xff);
    image.put(1 * kMiB + 512, label);
    assert_text_equal(text(image.list()), "1 1+7 RAW 'LVM2_member' ''\n");
}

void a_partition_that_leaves_the_disk_is_left_out(void**) {
    Image image(8 * kMiB);
    image.entry(1, 0x83, 1 * kMiB, 2 * kMiB);
    image.entry(2, 0x83, 6 * kMiB, 64 * kMiB);
    assert_text_equal(text(image.list()), "1 1+2 RAW '' ''\n");
}

std::string little(std::uint64_t value, unsigned bytes) {
    std::string text;
    for (unsigned at = 0; at < bytes; ++at)
        text += static_cast<char>(value >> (8 * at) & 0xff);
    return text;
}

// Superblocks by hand, for their tools are not everywhere: as much of each as its reader asks for.
struct Superblock {
    const char* type;
    std::uint64_t offset;
    std::string bytes;
};

std::vector<Superblock> superblocks() {
    // linux/fs/jfs/jfs_superblock.h: magic, version, size, block size with its logarithm.
    const std::string jfs = "JFS1" + little(2, 4) + little(1000, 8) + little(4096, 4) +
                            little(12, 2) + little(3, 2) + little(512, 4) + little(9, 2);
    // linux/fs/reiserfs/reiserfs.h: journal's block, block size, magic.
    const std::string reiserfs = std::string(12, '\0') + little(18, 4) + std::string(28, '\0') +
                                 little(4096, 2) + std::string(6, '\0') + "ReIsEr2Fs";
    // linux/include/uapi/linux/nilfs2_ondisk.h: revision, magic, length, and a checksum that is
    // wrong.
    const std::string nilfs2 =
        little(2, 4) + little(0, 2) + little(0x3434, 2) + little(280, 2) + std::string(270, '\1');
    return {{"jfs", 0x8000, jfs},
            {"reiserfs", 0x10000, reiserfs},
            {"nilfs2", 1024, nilfs2},
            {"ufs", 8192 + 1372, little(0x00011954, 4)},
            {"VMFS", 2 * kMiB, "\x5e\xf1\xab\x2f"}};
}

void a_disk_that_is_something_as_a_whole_says_so(void**) {
    for (const auto& each : superblocks()) {
        Image image(64 * kMiB);
        image.put(each.offset, each.bytes);
        assert_text_equal(image.content(), each.type);
        image.entry(1, 0x83, 8 * kMiB, 8 * kMiB); // whatever table is there too
        assert_text_equal(image.content(), each.type);
    }
    Image two(64 * kMiB);
    for (const auto& each : superblocks())
        two.put(each.offset, each.bytes);
    assert_text_equal(two.content(), "ambivalent");
}

void an_empty_disk_and_one_with_partitions_are_nothing_as_a_whole(void**) {
    Image image(64 * kMiB);
    assert_text_equal(image.content(), "");
    image.entry(1, 0x83, 8 * kMiB, 48 * kMiB);
    image.file_system("mkfs.ext4 -q", 8 * kMiB, 48 * kMiB);
    assert_text_equal(image.content(), "");
}

void names_are_those_of_windows_where_it_has_one(void**) {
    assert_text_equal(file_system_name("ntfs", ""), "NTFS");
    assert_text_equal(file_system_name("vfat", "FAT32"), "FAT32");
    assert_text_equal(file_system_name("vfat", "FAT16"), "FAT");
    assert_text_equal(file_system_name("exfat", ""), "exFAT");
    assert_text_equal(file_system_name("xfs", ""), "XFS");
    assert_text_equal(file_system_name("", ""), "RAW");
}

} // namespace

int main() {
    for (const char* tool : kTools) {
        const std::string look =
            std::string("PATH=$PATH:/sbin:/usr/sbin command -v ") + tool + " >/dev/null";
        if (std::system(look.c_str()) != 0) {
            std::printf("1..0 # SKIP %s is not there\n", tool);
            return 77;
        }
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_partition_tells_its_file_system),
        cmocka_unit_test(a_disk_without_a_table_is_one_partition),
        cmocka_unit_test(a_volume_is_raw_and_says_what_it_is),
        cmocka_unit_test(a_partition_that_leaves_the_disk_is_left_out),
        cmocka_unit_test(a_disk_that_is_something_as_a_whole_says_so),
        cmocka_unit_test(an_empty_disk_and_one_with_partitions_are_nothing_as_a_whole),
        cmocka_unit_test(names_are_those_of_windows_where_it_has_one),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
