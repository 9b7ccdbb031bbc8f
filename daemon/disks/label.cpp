// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/label.hpp"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <optional>
#include <zlib.h>

namespace mpapi::disks {

namespace {

using Sector = std::vector<std::uint8_t>;

constexpr std::size_t kTable = 446; // of the MBR: four entries of 16 bytes
constexpr std::size_t kSignature = 440;
constexpr std::uint8_t kProtective = 0xee; // UEFI 2.10 5.2.3
constexpr unsigned kMostLogical = 128;
constexpr std::uint64_t kMostEntryBytes = 1u << 20;
constexpr std::size_t kLeastHeader = 92; // UEFI 2.10 table 5.5

template <typename T>
T little(std::span<const std::uint8_t> bytes, std::size_t at) {
    T value = 0;
    for (std::size_t n = 0; n < sizeof(T); ++n)
        value = static_cast<T>(value | static_cast<T>(T(bytes[at + n]) << (8 * n)));
    return value;
}

struct MbrEntry {
    std::uint8_t type = 0;
    std::uint32_t first = 0, count = 0;

    bool used() const { return type != 0 && count != 0; }
    bool extended() const { return type == 0x05 || type == 0x0f || type == 0x85; }
};

std::optional<std::array<MbrEntry, 4>> read_table(std::span<const std::uint8_t> sector) {
    if (sector[510] != 0x55 || sector[511] != 0xaa) return std::nullopt;
    std::array<MbrEntry, 4> table;
    for (std::size_t n = 0; n < table.size(); ++n) {
        const auto entry = sector.subspan(kTable + n * 16, 16);
        // A boot sector of a file system ends with 55h AAh too; there this is code.
        if (entry[0] != 0 && entry[0] != 0x80) return std::nullopt;
        table[n] = {entry[4], little<std::uint32_t>(entry, 8), little<std::uint32_t>(entry, 12)};
    }
    return table;
}

bool has_text(std::span<const std::uint8_t> sector, std::size_t at, std::string_view text) {
    return std::memcmp(sector.data() + at, text.data(), text.size()) == 0;
}

// A file system on the whole disk, whose boot sector may have an empty table by chance.
bool is_file_system(std::span<const std::uint8_t> sector) {
    return has_text(sector, 3, "NTFS    ") || has_text(sector, 3, "EXFAT   ") ||
           has_text(sector, 54, "FAT1") || has_text(sector, 82, "FAT32");
}

class Reader {
  public:
    Reader(std::uint64_t sectors, std::uint32_t sector_size, const ReadBytes& read)
      : sectors_(sectors)
      , sector_size_(sector_size)
      , read_(read) {}

    Result<Label> label() {
        auto first = sector(0);
        if (!first) return first.error();
        const auto table = read_table(*first);
        if (!table || is_file_system(*first)) return std::move(label_);
        const bool protective = std::any_of(table->begin(), table->end(), [](const auto& entry) {
            return entry.type == kProtective;
        });
        if (protective && gpt()) return std::move(label_);
        label_.style = LabelStyle::Mbr;
        label_.mbr_signature = little<std::uint32_t>(*first, kSignature);
        mbr(*table);
        return std::move(label_);
    }

  private:
    Result<Sector> bytes(std::uint64_t lba, std::uint64_t length) const {
        const auto whole = (length + sector_size_ - 1) / sector_size_;
        if (lba >= sectors_ || whole > sectors_ - lba)
            return Error{"read", "sector " + std::to_string(lba), "it is not on the disk"};
        Sector into(whole * sector_size_);
        if (auto read = read_(lba * sector_size_, into); !read) return std::move(read).error();
        into.resize(length);
        return into;
    }
    Result<Sector> sector(std::uint64_t lba) const { return bytes(lba, sector_size_); }

    void trouble(const std::string& what) {
        if (label_.trouble.size() > 512) return; // enough to know that it is broken
        label_.trouble += (label_.trouble.empty() ? "" : "; ") + what;
    }

    void add(Partition partition) {
        if (partition.first >= sectors_ || partition.count > sectors_ - partition.first)
            trouble("partition " + std::to_string(partition.number) + " ends beyond the disk");
        label_.partitions.push_back(std::move(partition));
    }

    void mbr(const std::array<MbrEntry, 4>& table) {
        for (std::uint32_t n = 0; n < table.size(); ++n) {
            const MbrEntry& entry = table[n];
            if (!entry.used()) continue;
            add({n + 1, entry.first, entry.count, entry.type, "", "", entry.extended()});
        }
        // Linux follows the first one only (block/partitions/msdos.c).
        for (const MbrEntry& entry : table)
            if (entry.used() && entry.extended()) return logical(entry);
    }

    // Each link names its partition from its own place, and the next link from the chain's.
    void logical(const MbrEntry& container) {
        const std::uint64_t end = std::uint64_t(container.first) + container.count;
        std::uint64_t at = container.first;
        for (std::uint32_t number = 5; number < 5 + kMostLogical; ++number) {
            auto link = sector(at);
            if (!link)
                return trouble("logical partition " + std::to_string(number) + ": " +
                               link.error().message());
            const auto table = read_table(*link);
            if (!table)
                return trouble("logical partition " + std::to_string(number) +
                               ": its table is none");
            const MbrEntry& partition = (*table)[0];
            if (partition.used())
                add({number, at + partition.first, partition.count, partition.type, "", "", false});
            const MbrEntry& next = (*table)[1];
            if (!next.used() || !next.extended()) return;
            at = std::uint64_t(container.first) + next.first;
            if (next.first == 0 || at >= end)
                return trouble("the chain of logical partitions leads out of its partition");
        }
        trouble("there are more than " + std::to_string(kMostLogical) + " logical partitions");
    }

    // UEFI 2.10 5.3.2. False: neither copy is whole, and trouble says why.
    bool gpt() {
        Status primary = gpt_at(1);
        if (primary) return true;
        const std::string why = "the primary GPT is broken (" + primary.error().reason + ")";
        Status backup = gpt_at(sectors_ - 1);
        if (backup) {
            trouble(why + ", the backup is used");
            return true;
        }
        trouble(why + ", and so is the backup (" + backup.error().reason + ")");
        return false;
    }

    Status gpt_at(std::uint64_t lba) {
        const auto broken = [](std::string reason) {
            return Error{"read GPT", "", std::move(reason)};
        };
        auto header = sector(lba);
        if (!header) return broken(header.error().message());
        if (!has_text(*header, 0, "EFI PART")) return broken("it has no signature");
        const auto length = little<std::uint32_t>(*header, 12);
        if (length < kLeastHeader || length > sector_size_)
            return broken("its header would have " + std::to_string(length) + " bytes");
        const auto sum = little<std::uint32_t>(*header, 16);
        std::fill_n(header->begin() + 16, 4, std::uint8_t{0});
        if (::crc32(0, header->data(), length) != sum) return broken("its CRC is wrong");
        if (little<std::uint64_t>(*header, 24) != lba) return broken("it belongs elsewhere");
        const auto first = little<std::uint64_t>(*header, 40);
        const auto last = little<std::uint64_t>(*header, 48);
        if (first > last || last >= sectors_) return broken("its usable sectors are none");
        const std::uint64_t count = little<std::uint32_t>(*header, 80);
        const std::uint64_t size = little<std::uint32_t>(*header, 84);
        if (size < 128 || !std::has_single_bit(size) || count == 0 ||
            count > kMostEntryBytes / size)
            return broken("it would have " + std::to_string(count) + " entries of " +
                          std::to_string(size) + " bytes");
        auto entries = bytes(little<std::uint64_t>(*header, 72), count * size);
        if (!entries) return broken(entries.error().message());
        if (::crc32(0, entries->data(), static_cast<uInt>(entries->size())) !=
            little<std::uint32_t>(*header, 88))
            return broken("the CRC of its entries is wrong");
        label_.style = LabelStyle::Gpt;
        label_.disk_guid = guid_text(std::span(*header).subspan<56, 16>());
        label_.first_usable = first;
        label_.last_usable = last;
        for (std::uint64_t n = 0; n < count; ++n)
            take_entry(static_cast<std::uint32_t>(n + 1),
                       std::span(*entries).subspan(n * size, 128));
        return Done{};
    }

    void take_entry(std::uint32_t number, std::span<const std::uint8_t> entry) {
        const auto type = entry.subspan<0, 16>();
        if (std::all_of(type.begin(), type.end(), [](auto byte) { return byte == 0; })) return;
        const auto first = little<std::uint64_t>(entry, 32);
        const auto last = little<std::uint64_t>(entry, 40);
        if (first > last || last - first == UINT64_MAX)
            return trouble("partition " + std::to_string(number) + " ends before it begins");
        add({number, first, last - first + 1, 0, guid_text(type),
             guid_text(entry.subspan<16, 16>()), false});
    }

    const std::uint64_t sectors_;
    const std::uint32_t sector_size_;
    const ReadBytes& read_;
    Label label_;
};

} // namespace

std::string guid_text(std::span<const std::uint8_t, 16> bytes) {
    char text[37];
    std::snprintf(text, sizeof text, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                  static_cast<unsigned>(little<std::uint32_t>(bytes, 0)),
                  static_cast<unsigned>(little<std::uint16_t>(bytes, 4)),
                  static_cast<unsigned>(little<std::uint16_t>(bytes, 6)), bytes[8], bytes[9],
                  bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]);
    return text;
}

Result<Label> read_label(std::uint64_t size, std::uint32_t sector_size, const ReadBytes& read) {
    if (!std::has_single_bit(sector_size) || sector_size < 512 || sector_size > 65536)
        return Error{"read partition table", "",
                     "sectors cannot have " + std::to_string(sector_size) + " bytes"};
    return Reader(size / sector_size, sector_size, read).label();
}

} // namespace mpapi::disks
