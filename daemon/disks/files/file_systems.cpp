// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/file_systems.hpp"

#include "common/system/handle.hpp"

#include <blkid/blkid.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mpapi::disks {

namespace {

using Probe = std::unique_ptr<blkid_struct_probe, DropWith<blkid_free_probe>>;

constexpr std::size_t kLongestLabel = 256;

Error failed(const char* action, std::string reason = "") {
    return Error{action, "partitions", std::move(reason), errno};
}

std::string value_of(blkid_probe probe, const char* name) {
    const char* data = nullptr;
    std::size_t size = 0;
    if (blkid_probe_lookup_value(probe, name, &data, &size) < 0 || size == 0) return "";
    return {data, std::min(size - 1, kLongestLabel)}; // it ends with a NUL
}

Result<Probe> open_probe(int disk, std::uint64_t start, std::uint64_t size) {
    Probe probe(blkid_new_probe());
    if (!probe) return Error{"look for", "partitions", "", ENOMEM};
    if (blkid_probe_set_device(probe.get(), disk, static_cast<blkid_loff_t>(start),
                               static_cast<blkid_loff_t>(size)) < 0)
        return failed("read");
    return probe;
}

// What is in this part of the disk, into the three texts of `partition`.
Status look_inside(int disk, DiskPartition& partition) {
    partition.file_system = "RAW";
    auto probe = open_probe(disk, partition.start, partition.size);
    if (!probe) return probe.error();
    blkid_probe_enable_superblocks(probe->get(), 1);
    blkid_probe_set_superblocks_flags(probe->get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_VERSION |
                                                        BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL);
    blkid_probe_enable_partitions(probe->get(), 0);
    const int r = blkid_do_safeprobe(probe->get());
    if (r == 1) return Done{}; // nothing that is known
    if (r == -2) {
        partition.content = "ambivalent";
        return Done{};
    }
    if (r < 0) return failed("look into");
    partition.content = value_of(probe->get(), "TYPE");
    partition.label = value_of(probe->get(), "LABEL");
    if (value_of(probe->get(), "USAGE") == "filesystem")
        partition.file_system =
            file_system_name(partition.content, value_of(probe->get(), "VERSION"));
    return Done{};
}

} // namespace

Result<std::string> content_of_whole(int disk) {
    auto probe = open_probe(disk, 0, 0);
    if (!probe) return probe.error();
    blkid_probe_enable_superblocks(probe->get(), 1);
    blkid_probe_set_superblocks_flags(probe->get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_BADCSUM);
    blkid_probe_enable_partitions(probe->get(), 0);
    const int r = blkid_do_safeprobe(probe->get());
    if (r == 1) return std::string();
    if (r == -2) return std::string("ambivalent");
    if (r < 0) return failed("look into");
    const auto type = value_of(probe->get(), "TYPE");
    return type.empty() ? std::string("unknown") : type;
}

std::string file_system_name(const std::string& type, const std::string& version) {
    if (type.empty()) return "RAW";
    if (type == "vfat" || type == "msdos") return version == "FAT32" ? "FAT32" : "FAT";
    if (type == "exfat") return "exFAT";
    if (type == "ReFS") return type;
    std::string name = type;
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return name;
}

Result<std::vector<DiskPartition>> list_partitions(int disk) {
    auto probe = open_probe(disk, 0, 0);
    if (!probe) return probe.error();
    blkid_probe_enable_superblocks(probe->get(), 0);
    blkid_probe_enable_partitions(probe->get(), 1);
    blkid_probe_set_partitions_flags(probe->get(), BLKID_PARTS_ENTRY_DETAILS);
    const blkid_partlist list = blkid_probe_get_partitions(probe->get());
    const auto whole = static_cast<std::uint64_t>(blkid_probe_get_size(probe->get()));
    std::vector<DiskPartition> found;
    const int count = list ? blkid_partlist_numof_partitions(list) : 0;
    for (int at = 0; at < count && found.size() < kMostPartitions; ++at) {
        const blkid_partition each = blkid_partlist_get_partition(list, at);
        if (!each || blkid_partition_is_extended(each)) continue;
        const int number = blkid_partition_get_partno(each);
        const blkid_loff_t first = blkid_partition_get_start(each);
        const blkid_loff_t sectors = blkid_partition_get_size(each);
        // libblkid counts in 512 bytes, whatever the disk's sectors are.
        constexpr blkid_loff_t most = INT64_MAX / 512;
        if (number <= 0 || first <= 0 || sectors <= 0 || first > most || sectors > most) continue;
        DiskPartition partition;
        partition.number = static_cast<std::uint32_t>(number);
        partition.start = static_cast<std::uint64_t>(first) * 512;
        partition.size = static_cast<std::uint64_t>(sectors) * 512;
        if (partition.start >= whole || partition.size > whole - partition.start) continue;
        found.push_back(std::move(partition));
    }
    // No table (libblkid takes the boot sector of a file system for none): all of it is one.
    if (found.empty() && whole > 0) found.push_back({0, 0, whole, "", "", ""});
    for (auto& partition : found)
        if (auto status = look_inside(disk, partition); !status) return status.error();
    std::sort(found.begin(), found.end(),
              [](const auto& one, const auto& other) { return one.number < other.number; });
    return found;
}

} // namespace mpapi::disks
