// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A disk in memory, with the partition tables that partitioning programs would write.
#pragma once

#include "daemon/disks/label.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>
#include <zlib.h>

namespace mpapi::test {

// Sparse: what was never written is zero.
class DiskImage {
  public:
    explicit DiskImage(std::uint64_t bytes, std::uint32_t bytes_of_sector = 512)
      : size(bytes)
      , sector_size(bytes_of_sector) {}

    const std::uint64_t size;
    const std::uint32_t sector_size;
    std::uint64_t broken_at = UINT64_MAX; // reading this byte fails

    std::uint64_t sectors() const { return size / sector_size; }

    void put(std::uint64_t at, std::string_view bytes) {
        for (const char byte : bytes)
            bytes_[at++] = static_cast<std::uint8_t>(byte);
    }
    void number(std::uint64_t at, std::uint64_t value, unsigned width) {
        for (unsigned n = 0; n < width; ++n)
            bytes_[at + n] = static_cast<std::uint8_t>(value >> (8 * n));
    }

    disks::ReadBytes reader() {
        return [this](std::uint64_t offset, std::span<std::uint8_t> into) -> Status {
            reads.push_back(offset);
            if (offset > size || into.size() > size - offset)
                return Error{"read", "image", "beyond its end", 5};
            if (broken_at >= offset && broken_at - offset < into.size())
                return Error{"read", "image", "", 5};
            std::fill(into.begin(), into.end(), std::uint8_t{0});
            for (auto at = bytes_.lower_bound(offset);
                 at != bytes_.end() && at->first - offset < into.size(); ++at)
                into[at->first - offset] = at->second;
            return Done{};
        };
    }
    std::vector<std::uint64_t> reads;

    void boot_signature(std::uint64_t sector = 0) {
        put(sector * sector_size + 510, std::string_view("\x55\xaa", 2));
    }
    void mbr(std::uint32_t signature) {
        number(440, signature, 4);
        boot_signature();
    }
    void mbr_entry(unsigned index, std::uint8_t type, std::uint32_t first, std::uint32_t count,
                   std::uint64_t sector = 0) {
        const std::uint64_t at = sector * sector_size + 446 + std::uint64_t{index} * 16;
        number(at + 4, type, 1);
        number(at + 8, first, 4);
        number(at + 12, count, 4);
        boot_signature(sector);
    }

    struct GptPartition {
        std::uint64_t first, last;
    };
    // 128 entries of 128 bytes, both copies, and the protective MBR.
    void gpt(const std::vector<GptPartition>& partitions) {
        mbr_entry(0, 0xee, 1, static_cast<std::uint32_t>(sectors() - 1));
        const std::uint64_t entries = 128 * 128 / sector_size;
        std::vector<std::uint8_t> table(std::size_t{128} * 128);
        for (std::size_t n = 0; n < partitions.size(); ++n) {
            table[n * 128] = 0xa2; // some type
            table[n * 128 + 16] = static_cast<std::uint8_t>(n + 1);
            for (unsigned b = 0; b < 8; ++b) {
                table[n * 128 + 32 + b] = static_cast<std::uint8_t>(partitions[n].first >> (8 * b));
                table[n * 128 + 40 + b] = static_cast<std::uint8_t>(partitions[n].last >> (8 * b));
            }
        }
        const auto sum = ::crc32(0, table.data(), static_cast<uInt>(table.size()));
        for (const bool backup : {false, true}) {
            const std::uint64_t here = backup ? sectors() - 1 : 1;
            const std::uint64_t at_entries = backup ? here - entries : 2;
            put(at_entries * sector_size,
                {reinterpret_cast<const char*>(table.data()), table.size()});
            std::vector<std::uint8_t> header(92);
            const auto set = [&](std::size_t at, std::uint64_t value, unsigned width) {
                for (unsigned n = 0; n < width; ++n)
                    header[at + n] = static_cast<std::uint8_t>(value >> (8 * n));
            };
            std::memcpy(header.data(), "EFI PART", 8);
            set(8, 0x10000, 4);
            set(12, 92, 4);
            set(24, here, 8);
            set(32, backup ? 1 : sectors() - 1, 8);
            set(40, 2 + entries, 8);
            set(48, sectors() - 2 - entries, 8);
            for (std::size_t n = 0; n < 16; ++n)
                header[56 + n] = static_cast<std::uint8_t>(n + 1);
            set(72, at_entries, 8);
            set(80, 128, 4);
            set(84, 128, 4);
            set(88, sum, 4);
            set(16, ::crc32(0, header.data(), 92), 4);
            put(here * sector_size, {reinterpret_cast<const char*>(header.data()), header.size()});
        }
    }

  private:
    std::map<std::uint64_t, std::uint8_t> bytes_;
};

} // namespace mpapi::test
