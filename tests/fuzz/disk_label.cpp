// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A disk whose content is the input: its partition table, whether volumes are on it, and its
// scratch sectors. Whatever is on it, the answer is one, and scratch sectors lie in no partition.
// The first byte chooses the sector size.
#include "daemon/disks/scratch.hpp"
#include "daemon/disks/volumes.hpp"

#include <algorithm>
#include <cstdlib>

using namespace mpapi;
using namespace mpapi::disks;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::uint32_t sector = 512u << (data[0] % 4);
    const std::span content(data + 1, size - 1);
    // What the input does not reach is zero, but for its end, which is the disk's end too.
    const std::uint64_t disk = 8u << 20;
    const std::size_t half = std::min<std::size_t>(content.size() / 2, disk / 2);
    const ReadBytes read = [&](std::uint64_t offset, std::span<std::uint8_t> into) -> Status {
        if (offset > disk || into.size() > disk - offset) std::abort();
        for (std::size_t n = 0; n < into.size(); ++n) {
            const std::uint64_t at = offset + n;
            into[n] = at < half           ? content[at]
                      : disk - at <= half ? content[content.size() - (disk - at)]
                                          : std::uint8_t{0};
        }
        return Done{};
    };
    const auto label = read_label(disk, sector, read);
    if (!label) return 0;
    if (!holds_volumes(*label, disk, sector, read)) std::abort();
    const auto scratch = find_scratch_sectors(*label, disk, sector, read);
    if (!scratch) return 0;
    if (scratch->mark == 0 || scratch->second() >= disk / sector) std::abort();
    for (const Partition& each : label->partitions)
        if (scratch->second() >= each.first && scratch->mark < each.first + each.count)
            std::abort();
    return 0;
}
