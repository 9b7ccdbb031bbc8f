// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot in its flat form, read in place. Opening checks the header and that the directories
// lie within the bytes, and touches nothing else; every reference is checked when it is followed,
// and one that leads nowhere reads as empty. So a hostile file gives nonsense at worst, never an
// access outside of it, and a search in one that is not ordered ends as soon as in one that is.
// Bytes that someone else may still change must not be given to it: the file from the daemon is
// sealed, and whoever maps it looks at the seals first.
#pragma once

#include "common/flat/layout.hpp"
#include "common/result.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

namespace mpapi::flat {

namespace detail {

// Records are made of bytes and lie at any address.
template <typename Record>
std::span<const Record> records(std::span<const std::byte> bytes, std::uint64_t offset,
                                std::uint64_t count) {
    if (offset > bytes.size() || count > (bytes.size() - offset) / sizeof(Record)) return {};
    return {reinterpret_cast<const Record*>(bytes.data() + offset),
            static_cast<std::size_t>(count)};
}

template <typename Record>
std::span<const Record> part(std::span<const Record> all, const List& list) {
    const std::size_t first = list.first;
    const std::size_t count = list.count;
    if (first > all.size() || count > all.size() - first) return {};
    return all.subspan(first, count);
}

} // namespace detail

// The record with this id, or null. The records are ordered by id.
template <typename Record>
const Record* find(std::span<const Record> records, std::uint64_t id) {
    auto at = std::partition_point(records.begin(), records.end(),
                                   [id](const Record& each) { return each.id < id; });
    return at != records.end() && at->id == id ? &*at : nullptr;
}

// Records are of use only together with the section in which they stand. A section that is not
// there, or too short, is one without records.
class SectionView {
  public:
    SectionView() = default;
    explicit SectionView(std::span<const std::byte> bytes)
      : bytes_(bytes) {
        if (!bytes.empty() && bytes.size() >= sizeof(Section))
            tables_ = reinterpret_cast<const Section*>(bytes.data());
    }

    // Where there is none: one that knows nothing.
    Manager manager() const {
        const auto all = table<Manager>(&Section::managers);
        return all.empty() ? Manager{} : all.front();
    }
    auto plugins() const { return table<Plugin>(&Section::plugins); }
    auto load_balances() const { return table<LoadBalance>(&Section::load_balances); }
    auto products() const { return table<DeviceProduct>(&Section::products); }
    auto initiator_ports() const { return table<InitiatorPort>(&Section::initiator_ports); }
    auto target_ports() const { return table<TargetPort>(&Section::target_ports); }
    auto disks() const { return table<Disk>(&Section::disks); }
    auto units() const { return table<LogicalUnit>(&Section::units); }

    auto groups_of(const LogicalUnit& unit) const {
        return detail::part(table<TargetPortGroup>(&Section::groups), unit.groups);
    }
    auto paths_of(const LogicalUnit& unit) const {
        return detail::part(table<Path>(&Section::paths), unit.paths);
    }
    auto settings_of(const LogicalUnit& unit) const {
        return detail::part(table<Setting>(&Section::settings), unit.settings);
    }
    auto texts(const List& list) const { return detail::part(table<Text>(&Section::texts), list); }
    auto numbers(const List& list) const {
        return detail::part(table<U64>(&Section::numbers), list);
    }
    const Trouble* trouble(const TroubleRef& ref) const;
    std::string_view text(const Text& text) const;

  private:
    template <typename Record>
    std::span<const Record> table(Table Section::*which) const {
        if (!tables_) return {};
        const Table& table = tables_->*which;
        return detail::records<Record>(bytes_, table.offset, table.count);
    }

    std::span<const std::byte> bytes_;
    const Section* tables_ = nullptr;
};

struct UnitView {
    SectionView section;
    const LogicalUnit* unit = nullptr; // never null
    ReadTimes read_times;
};

struct PathView {
    UnitView of;
    const Path* path = nullptr; // never null
};

struct GroupView {
    UnitView of;
    const TargetPortGroup* group = nullptr; // never null
};

struct DiskView {
    SectionView section;
    const Disk* disk = nullptr; // never null
};

class Reader {
  public:
    // The bytes must outlive the reader and all that it gives. `build` is build_hash() of one's own
    // version.
    static Result<Reader> open(std::span<const std::byte> bytes, std::uint64_t build);

    const Header& header() const { return *reinterpret_cast<const Header*>(bytes_.data()); }

    SectionView common() const { return section(header().common); }

    // Of what is published: a reader that counts the records themselves need not find as many.
    std::size_t unit_count() const { return header().read_times.count; }
    std::size_t path_count() const { return header().paths.count; }
    std::size_t group_count() const { return header().groups.count; }

    std::optional<UnitView> find_unit(std::uint64_t id) const;
    std::optional<PathView> find_path(std::uint64_t id) const;
    std::optional<GroupView> find_group(std::uint64_t id) const;
    std::optional<DiskView> find_disk(std::uint64_t id) const;

    // In the order of ids.
    template <typename Visitor>
    void for_each_unit(Visitor&& visit) const {
        for (const Block& block : directory<Block>(header().units)) {
            const SectionView part = section(block.section);
            std::size_t index = 0;
            for (const LogicalUnit& unit : part.units())
                visit(UnitView{part, &unit, read_times(block, index++)});
        }
    }
    template <typename Visitor>
    void for_each_disk(Visitor&& visit) const {
        for (const Block& block : directory<Block>(header().disks)) {
            const SectionView part = section(block.section);
            for (const Disk& disk : part.disks())
                visit(DiskView{part, &disk});
        }
    }

  private:
    explicit Reader(std::span<const std::byte> bytes)
      : bytes_(bytes) {}

    SectionView section(const Place& place) const {
        return SectionView(detail::records<std::byte>(bytes_, place.offset, place.size));
    }
    template <typename Record>
    std::span<const Record> directory(const Directory& directory) const {
        return detail::records<Record>(bytes_, directory.offset, directory.count);
    }

    const Block* block_with(const Directory& blocks, std::uint64_t id) const;
    ReadTimes read_times(const Block& block, std::size_t index_in_block) const;

    std::span<const std::byte> bytes_;
};

} // namespace mpapi::flat
