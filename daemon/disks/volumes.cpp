// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/volumes.hpp"

#include "daemon/disks/scratch.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace mpapi::disks {

namespace {

using namespace std::string_view_literals;

// The labels of LVM2 in the first four 512-byte sectors, and the superblock of MD 1.2 at 4 KiB.
constexpr std::size_t kHead = 8192;

// As fdisk(8) calls them: LVM, Linux raid autodetect, and SFS, which is the LDM of Windows.
constexpr std::array<std::uint8_t, 3> kMbrTypes{0x8e, 0xfd, 0x42};
constexpr std::array<std::string_view, 4> kGptTypes{
    "e6d6d379-f507-44c2-a23c-238f2a3df928", // LVM
    "a19d880f-05fc-4d3b-a006-743f0f84911e", // Linux RAID
    "5808c8aa-7e8f-42e0-85d2-e1e90434cfb3", // LDM metadata
    "af9b60a0-1431-4f62-bc68-3311714a69ad", // LDM data
};

bool is_typed_so(const Partition& partition) {
    if (!partition.gpt_type.empty())
        return std::find(kGptTypes.begin(), kGptTypes.end(), partition.gpt_type) != kGptTypes.end();
    return std::find(kMbrTypes.begin(), kMbrTypes.end(), partition.mbr_type) != kMbrTypes.end();
}

bool begins_so(std::span<const std::uint8_t> head) {
    const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
    for (std::size_t at = 0; at + 512 <= text.size() && at < std::size_t{4} * 512; at += 512)
        if (text.substr(at).starts_with("LABELONE") && text.substr(at + 24).starts_with("LVM2 001"))
            return true;
    constexpr auto raid = "\xfc\x4e\x2b\xa9"sv;
    return text.starts_with(raid) || (text.size() > 4096 && text.substr(4096).starts_with(raid));
}

} // namespace

Result<bool> holds_volumes(const Label& label, std::uint64_t size, std::uint32_t sector_size,
                           const ReadBytes& read) {
    if (label.style == LabelStyle::None) {
        const auto whole = find_signature(size, sector_size, read);
        if (!whole) return whole.error();
        return *whole && (*whole)->volumes;
    }
    const auto& partitions = label.partitions;
    if (std::any_of(partitions.begin(), partitions.end(), is_typed_so)) return true;
    const std::uint64_t sectors = size / sector_size;
    for (const Partition& each : partitions) {
        if (each.container || each.first >= sectors) continue;
        const std::uint64_t most = std::max<std::uint64_t>(kHead / sector_size, 1);
        const auto there = std::min({most, each.count, sectors - each.first});
        std::vector<std::uint8_t> head(static_cast<std::size_t>(there * sector_size));
        if (auto got = read(each.first * sector_size, head); !got) return std::move(got).error();
        if (begins_so(head)) return true;
    }
    return false;
}

} // namespace mpapi::disks
