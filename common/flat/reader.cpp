// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/reader.hpp"

namespace mpapi::flat {

const Trouble* SectionView::trouble(const TroubleRef& ref) const {
    const auto all = table<Trouble>(&Section::troubles);
    const std::size_t number = ref.number;
    return number == 0 || number > all.size() ? nullptr : &all[number - 1];
}

std::string_view SectionView::text(const Text& text) const {
    const std::uint64_t place = text.place;
    if (place == 0) return {};
    const auto length = detail::records<U32>(bytes_, place, 1);
    if (length.empty()) return {};
    const auto found = detail::records<char>(bytes_, place + sizeof(U32), length.front());
    return {found.data(), found.size()};
}

Result<Reader> Reader::open(std::span<const std::byte> bytes, std::uint64_t build) {
    auto refuse = [](const char* reason) { return Error{"read a snapshot", "", reason, 0}; };
    if (bytes.size() < sizeof(Header)) return refuse("it is shorter than its header");
    const Reader reader(bytes);
    const Header& header = reader.header();
    if (header.magic != kMagic) return refuse("it is no snapshot");
    if (header.layout != kLayout || header.header_size != sizeof(Header) || header.build != build)
        return refuse("it was written by another version of the daemon");
    if (header.total_size != bytes.size()) return refuse("it was cut off");

    auto fits = [&]<typename Record>(const Directory& directory, const Record&) {
        return directory.record_size == sizeof(Record) &&
               reader.directory<Record>(directory).size() == directory.count;
    };
    const bool good = fits(header.units, Block{}) && fits(header.disks, Block{}) &&
                      fits(header.read_times, ReadTimes{}) && fits(header.paths, Member{}) &&
                      fits(header.groups, Member{});
    if (!good) return refuse("a directory ends beyond it");
    return reader;
}

ReadTimes Reader::read_times(const Block& block, std::size_t index_in_block) const {
    const auto all = directory<ReadTimes>(header().read_times);
    const std::size_t index = block.first_index + index_in_block;
    return index < all.size() ? all[index] : ReadTimes{};
}

// The last block that does not begin after the id, or null.
const Block* Reader::block_with(const Directory& blocks, std::uint64_t id) const {
    const auto all = directory<Block>(blocks);
    const auto after = std::partition_point(all.begin(), all.end(),
                                            [id](const Block& each) { return each.first <= id; });
    return after == all.begin() ? nullptr : &*std::prev(after);
}

std::optional<UnitView> Reader::find_unit(std::uint64_t id) const {
    const Block* block = block_with(header().units, id);
    if (!block) return std::nullopt;
    const SectionView part = section(block->section);
    const auto units = part.units();
    const LogicalUnit* unit = find(units, id);
    if (!unit) return std::nullopt;
    return UnitView{part, unit, read_times(*block, static_cast<std::size_t>(unit - units.data()))};
}

std::optional<DiskView> Reader::find_disk(std::uint64_t id) const {
    const Block* block = block_with(header().disks, id);
    if (!block) return std::nullopt;
    const SectionView part = section(block->section);
    const Disk* disk = find(part.disks(), id);
    if (!disk) return std::nullopt;
    return DiskView{part, disk};
}

std::optional<PathView> Reader::find_path(std::uint64_t id) const {
    const Member* member = find(directory<Member>(header().paths), id);
    if (!member) return std::nullopt;
    auto unit = find_unit(member->unit);
    if (!unit) return std::nullopt;
    const Path* path = find(unit->section.paths_of(*unit->unit), id);
    if (!path) return std::nullopt;
    return PathView{*unit, path};
}

std::optional<GroupView> Reader::find_group(std::uint64_t id) const {
    const Member* member = find(directory<Member>(header().groups), id);
    if (!member) return std::nullopt;
    auto unit = find_unit(member->unit);
    if (!unit) return std::nullopt;
    const TargetPortGroup* group = find(unit->section.groups_of(*unit->unit), id);
    if (!group) return std::nullopt;
    return GroupView{*unit, group};
}

} // namespace mpapi::flat
