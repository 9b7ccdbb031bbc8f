// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/scratch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <zlib.h>

namespace mpapi::disks {

namespace {

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::string_view kMark = "mpapi scratch sectors, version 1";

// [first, end), in sectors.
struct Stretch {
    std::uint64_t first = 0, end = 0;
};

Error none(std::string reason) {
    return Error{"find scratch sectors", "", std::move(reason), ENOSPC};
}

void store(std::span<std::uint8_t> into, std::size_t at, std::uint64_t value) {
    for (std::size_t n = 0; n < 8; ++n)
        into[at + n] = static_cast<std::uint8_t>(value >> (8 * n));
}

// What is free of partitions between `from` and `to`, highest first.
std::vector<Stretch> free_stretches(const Label& label, std::uint64_t from, std::uint64_t to) {
    std::vector<Stretch> taken;
    for (const Partition& each : label.partitions)
        taken.push_back({each.first, each.count > UINT64_MAX - each.first
                                         ? UINT64_MAX
                                         : each.first + each.count});
    std::sort(taken.begin(), taken.end(),
              [](const Stretch& a, const Stretch& b) { return a.first < b.first; });
    std::vector<Stretch> free;
    for (const Stretch& each : taken) {
        if (each.first > from && from < to) free.push_back({from, std::min(each.first, to)});
        from = std::max(from, each.end);
    }
    if (from < to) free.push_back({from, to});
    std::reverse(free.begin(), free.end());
    return free;
}

// A signature at a place from the beginning, or with a negative one from the end.
struct Signature {
    std::int64_t at;
    std::string_view bytes;
    const char* what;
    bool volumes = false;
};

using namespace std::string_view_literals;

// Of Documentation/admin-guide, the tools' own headers and libblkid's superblock probes.
constexpr Signature kSignatures[] = {
    {0, "LUKS\xba\xbe"sv, "encrypted volume (LUKS)"},
    {0, "XFSB"sv, "XFS file system"},
    {3, "NTFS    "sv, "NTFS file system"},
    {3, "EXFAT   "sv, "exFAT file system"},
    {54, "FAT1"sv, "FAT file system"},
    {82, "FAT32"sv, "FAT file system"},
    {0x438, "\x53\xef"sv, "ext2, ext3 or ext4 file system"},
    {0x10040, "_BHRfS_M"sv, "Btrfs file system"},
    {0x400, "\x10\x20\xf5\xf2"sv, "F2FS file system"},
    {0x10000, "\x01\x16\x19\x70"sv, "GFS2 file system"},
    {0xff6, "SWAPSPACE2"sv, "swap space"},
    {0xff6, "SWAP-SPACE"sv, "swap space"},
    {0x0, "\xfc\x4e\x2b\xa9"sv, "member of MD RAID (1.1)", true},
    {0x1000, "\xfc\x4e\x2b\xa9"sv, "member of MD RAID (1.2)", true},
    {-0x2000, "\xfc\x4e\x2b\xa9"sv, "member of MD RAID (1.0)", true},
    {0x1018, "\xc6\x85\x73\xf6\x4e\x1a\x45\xca"sv, "bcache device"},
    {-0x200, "\xde\x11\xde\x11"sv, "member of DDF RAID"},
    {-0x400, "Intel Raid ISM Cfg Sig. "sv, "member of Intel RAID"},
};

bool is_at(std::span<const std::uint8_t> bytes, std::size_t at, std::string_view text) {
    return at <= bytes.size() && text.size() <= bytes.size() - at &&
           std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

// LVM2 label: in one of the first four 512-byte sectors.
bool is_physical_volume(std::span<const std::uint8_t> head) {
    for (std::size_t at = 0; at < 4 * 512; at += 512)
        if (is_at(head, at, "LABELONE") && is_at(head, at + 24, "LVM2 001")) return true;
    return false;
}

// Uberblocks fill the second half of each 256 KiB label, in either byte order, every 1 KiB or more.
bool is_zfs(std::span<const std::uint8_t> head) {
    constexpr auto little = "\x0c\xb1\xba\x00\x00\x00\x00\x00"sv;
    constexpr auto big = "\x00\x00\x00\x00\x00\xba\xb1\x0c"sv;
    for (std::size_t at = 128u << 10; at < (256u << 10); at += 1024)
        if (is_at(head, at, little) || is_at(head, at, big)) return true;
    return false;
}

// MD 0.90: 64 KiB to 128 KiB before the end, at a multiple of 64 KiB, in either byte order.
bool is_old_raid(std::span<const std::uint8_t> tail, std::uint64_t size) {
    constexpr std::uint64_t unit = 64u << 10;
    if (size < 2 * unit) return false;
    const std::uint64_t place = (size & ~(unit - 1)) - unit;
    const std::uint64_t begins = size - tail.size();
    if (place < begins) return false;
    const auto at = static_cast<std::size_t>(place - begins);
    return is_at(tail, at, "\xfc\x4e\x2b\xa9"sv) || is_at(tail, at, "\xa9\x2b\x4e\xfc"sv);
}

} // namespace

Result<std::vector<ScratchSectors>> scratch_candidates(const Label& label, std::uint64_t size,
                                                       std::uint32_t sector_size) {
    const std::uint64_t sectors = size / sector_size;
    const std::uint64_t margin = kMiB / sector_size;
    if (sectors <= 2 * margin) return none("the disk is smaller than 2 MiB");
    if (!label.trouble.empty())
        return none("the partition table is not what it should be: " + label.trouble);
    std::uint64_t from = margin;
    std::uint64_t to = sectors - margin;
    if (label.style == LabelStyle::Gpt) {
        from = label.first_usable;
        to = std::min(to, label.last_usable + 1);
    }
    std::vector<ScratchSectors> found;
    for (const Stretch& free : free_stretches(label, from, to)) {
        if (free.end - free.first < 3) continue;
        found.push_back({free.end - 3});
        if (found.size() == kMostCandidates) break;
    }
    if (found.empty()) return none("partitions leave no room");
    return found;
}

Result<std::optional<WholeDisk>> find_signature(std::uint64_t size, std::uint32_t sector_size,
                                                const ReadBytes& read) {
    const auto length =
        static_cast<std::size_t>(std::min<std::uint64_t>(kMiB, size / sector_size * sector_size));
    std::vector<std::uint8_t> head(length), tail(length);
    if (auto got = read(0, head); !got) return std::move(got).error();
    const std::uint64_t end = size / sector_size * sector_size;
    if (auto got = read(end - length, tail); !got) return std::move(got).error();
    using Found = std::optional<WholeDisk>;
    for (const Signature& each : kSignatures) {
        const bool there =
            each.at >= 0
                ? is_at(head, static_cast<std::size_t>(each.at), each.bytes)
                : static_cast<std::size_t>(-each.at) <= tail.size() &&
                      is_at(tail, tail.size() - static_cast<std::size_t>(-each.at), each.bytes);
        if (there) return Found({each.what, each.volumes});
    }
    if (is_physical_volume(head)) return Found({"LVM physical volume", true});
    if (is_zfs(head)) return Found({"member of a ZFS pool", false});
    if (is_old_raid(tail, end)) return Found({"member of MD RAID (0.90)", true});
    return Found();
}

Result<ScratchSectors> find_scratch_sectors(const Label& label, std::uint64_t size,
                                            std::uint32_t sector_size, const ReadBytes& read) {
    const auto candidates = scratch_candidates(label, size, sector_size);
    if (!candidates) return candidates.error();
    const auto signature = find_signature(size, sector_size, read);
    if (!signature) return signature.error();
    if (*signature) return none("the disk is a " + (*signature)->what);
    // A table that the disk's own software does not show to be one.
    if (label.style == LabelStyle::None) {
        std::vector<std::uint8_t> second(2 * std::size_t{sector_size});
        if (auto got = read(0, second); !got) return std::move(got).error();
        if (is_at(second, sector_size, "EFI PART"))
            return none("the disk has a GPT without its MBR");
        if (std::any_of(second.begin(), second.end(), [](auto byte) { return byte != 0; }))
            return none("the disk has no partition table, and its first sectors are not zero");
    }
    for (const ScratchSectors& place : *candidates) {
        std::vector<std::uint8_t> three(3 * std::size_t{sector_size});
        if (auto got = read(place.mark * sector_size, three); !got) return std::move(got).error();
        const auto mark = scratch_mark(place, size, sector_size);
        if (std::equal(mark.begin(), mark.end(), three.begin()) ||
            std::all_of(three.begin(), three.end(), [](auto byte) { return byte == 0; }))
            return place;
    }
    return none("every free stretch of the disk ends with data that are not ours");
}

std::vector<std::uint8_t> scratch_mark(const ScratchSectors& place, std::uint64_t size,
                                       std::uint32_t sector_size) {
    std::vector<std::uint8_t> sector(sector_size);
    std::memcpy(sector.data(), kMark.data(), kMark.size());
    store(sector, 64, place.mark);
    store(sector, 72, size);
    store(sector, 80, sector_size);
    store(sector, 504, ::crc32(0, sector.data(), 504));
    return sector;
}

} // namespace mpapi::disks
