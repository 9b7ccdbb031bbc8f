// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/writer.hpp"

#include "common/flat/section_writer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace mpapi::flat {

namespace {

using Members = std::vector<Member>;
using IdRange = std::pair<std::uint64_t, std::uint64_t>; // both ends belong to it

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
    return std::as_bytes(std::span<const T>(values));
}

constexpr auto before = [](const Member& a, const Member& b) { return a.id < b.id; };

// By id. Ids were given in the order of discovery, host by host, so they come as some interleaved
// runs of small numbers: two or three passes over the bytes in which they differ, where sorting by
// comparison takes as long as encoding the paths.
void sort_by_id(Members& members) {
    if (members.empty() || std::is_sorted(members.begin(), members.end(), before)) return;
    std::uint64_t any = 0;
    std::uint64_t all = ~std::uint64_t{0};
    for (const Member& each : members) {
        any |= each.id;
        all &= each.id;
    }
    Members sorted(members.size());
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((((any ^ all) >> shift) & 0xff) == 0) continue;
        auto digit = [shift](const Member& each) { return each.id >> shift & 0xff; };
        std::array<std::size_t, 257> begin{};
        for (const Member& each : members)
            ++begin[digit(each) + 1];
        std::partial_sum(begin.begin(), begin.end(), begin.begin());
        for (const Member& each : members)
            sorted[begin[digit(each)]++] = each;
        members.swap(sorted);
    }
}

// Whether the id lies in one of the ranges, which are ordered and do not overlap.
bool contains(const std::vector<IdRange>& ranges, std::uint64_t id) {
    const auto at = std::partition_point(ranges.begin(), ranges.end(),
                                         [id](const IdRange& each) { return each.second < id; });
    return at != ranges.end() && at->first <= id;
}

std::uint64_t time(const std::atomic<model::Time>& value) {
    const model::Time now = value.load(std::memory_order_relaxed);
    return now > 0 ? static_cast<std::uint64_t>(now) : 0;
}

// The model lies scattered in memory, and encoding it is mostly waiting for that: what the next
// units will need is asked for in time, each step of the way one unit earlier than the one after
// it.
void fetch(const void* begin, std::size_t size) {
    constexpr std::size_t line = 64;
    for (std::size_t at = 0; at < size; at += line)
        __builtin_prefetch(static_cast<const char*>(begin) + at);
}

// What a unit, its paths and groups have on the heap.
void fetch_parts(const model::Unit& unit) {
    for (const auto* text : {&unit.unit.key, &unit.unit.uuid, &unit.unit.unit_name})
        __builtin_prefetch(text->data());
    __builtin_prefetch(unit.unit.features.data());
    if (unit.unit.settings)
        fetch(unit.unit.settings->data(), unit.unit.settings->size() * sizeof(model::Setting));
    for (const auto& group : unit.groups) {
        __builtin_prefetch(group.relative_port_ids.data());
        __builtin_prefetch(group.target_ports.data());
    }
    for (const auto& path : unit.paths)
        __builtin_prefetch(path.designator.data());
}

void fetch_ahead(const model::UnitTable::Block& block, std::size_t at) {
    if (at + 3 < block.size()) fetch(block[at + 3].get(), sizeof(model::Unit));
    if (at + 2 < block.size()) {
        const model::Unit& unit = *block[at + 2];
        fetch(unit.paths.data(), unit.paths.size() * sizeof(model::Path));
        fetch(unit.groups.data(), unit.groups.size() * sizeof(model::TargetPortGroup));
        __builtin_prefetch(unit.unit.settings.get());
        __builtin_prefetch(unit.read_times.get());
    }
    if (at + 1 < block.size()) fetch_parts(*block[at + 1]);
}

class Writer {
  public:
    Writer(const model::Snapshot& snapshot, File& file, const Contents* previous)
      : snapshot_(snapshot)
      , file_(file)
      , previous_(previous) {}

    Result<Contents> write(std::uint64_t build);

  private:
    void write_common();
    void write_units(const std::shared_ptr<const model::UnitTable::Block>& block);
    void write_disks(const std::shared_ptr<const model::DiskTable::Block>& block);
    template <typename Encode>
    Place write_part(const std::shared_ptr<const void>& block, Contents::Part part,
                     Contents::Parts Contents::*which, Encode encode);
    Place encoded();
    Place copied(const Place& place);
    void flush_copy();
    std::vector<IdRange> replaced() const;
    template <typename Record>
    Directory directory(const std::vector<Record>& records);
    Directory members(Members& added, Directory Contents::*which);

    const model::Snapshot& snapshot_;
    File& file_;
    const Contents* previous_;
    Status status_ = Done{};
    std::uint64_t end_ = sizeof(Header);
    SectionWriter section_;
    // Sections that are neighbours in both files are copied together.
    std::uint64_t copy_from_ = 0;
    std::uint64_t copy_to_ = 0;
    std::uint64_t copy_size_ = 0;
    Contents contents_;
    Header header_;
    std::vector<Block> units_;
    std::vector<Block> disks_;
    std::vector<ReadTimes> read_times_;
    Members paths_;  // of blocks that were encoded
    Members groups_; // as well
};

Place Writer::encoded() {
    Place place;
    place.offset = end_;
    const auto bytes = section_.finish();
    if (bytes) {
        place.size = static_cast<std::uint32_t>(bytes->size());
        end_ += bytes->size();
        if (status_) status_ = file_.write(place.offset, *bytes);
    } else if (status_) {
        status_ = bytes.error();
    }
    section_.clear();
    return place;
}

Place Writer::copied(const Place& place) {
    if (copy_from_ + copy_size_ != place.offset || copy_to_ + copy_size_ != end_) {
        flush_copy();
        copy_from_ = place.offset;
        copy_to_ = end_;
    }
    copy_size_ += place.size;
    end_ += place.size;
    Place here = place;
    here.offset = end_ - place.size;
    return here;
}

void Writer::flush_copy() {
    if (status_ && copy_size_ != 0) status_ = file_.copy(copy_from_, copy_to_, copy_size_);
    copy_size_ = 0;
}

void Writer::write_common() {
    section_.add(snapshot_.manager);
    auto add = [this](const auto& table) {
        for (const auto& value : *table)
            section_.add(value);
    };
    add(snapshot_.plugins);
    add(snapshot_.load_balances);
    add(snapshot_.products);
    add(snapshot_.initiator_ports);
    add(snapshot_.target_ports);
    header_.common = encoded();
}

// As it lies in the previous file, or encoded by encode().
template <typename Encode>
Place Writer::write_part(const std::shared_ptr<const void>& block, Contents::Part part,
                         Contents::Parts Contents::*which, Encode encode) {
    const Contents::Part* known = nullptr;
    if (previous_) {
        const auto found = (previous_->*which).find(block);
        if (found != (previous_->*which).end()) known = &found->second;
    }
    if (known) {
        part.section = copied(known->section);
    } else {
        encode();
        part.section = encoded();
    }
    (contents_.*which).emplace(block, part);
    return part.section;
}

void Writer::write_units(const std::shared_ptr<const model::UnitTable::Block>& block) {
    const std::uint64_t first = block->front()->unit.id;
    const auto index = static_cast<std::uint32_t>(read_times_.size());
    const Place place =
        write_part(block, {{}, first, block->back()->unit.id}, &Contents::units, [&] {
            for (std::size_t at = 0; at < block->size(); ++at) {
                fetch_ahead(*block, at);
                const model::Unit& unit = *(*block)[at];
                section_.add(unit);
                for (const auto& path : unit.paths)
                    paths_.push_back({path.id, unit.unit.id});
                for (const auto& group : unit.groups)
                    groups_.push_back({group.id, unit.unit.id});
            }
        });
    units_.push_back({first, index, place});
    for (const auto& unit : *block)
        read_times_.push_back(
            {time(unit->read_times->target_port_groups), time(unit->read_times->device_mapper)});
}

void Writer::write_disks(const std::shared_ptr<const model::DiskTable::Block>& block) {
    const std::uint64_t first = block->front()->id;
    const Place place = write_part(block, {{}, first, block->back()->id}, &Contents::disks, [&] {
        for (const auto& disk : *block)
            section_.add(*disk);
    });
    disks_.push_back({first, 0, place});
}

// The units of the previous file's blocks that were not copied.
std::vector<IdRange> Writer::replaced() const {
    std::vector<IdRange> ranges;
    for (const auto& [block, part] : previous_->units)
        if (!contents_.units.contains(block)) ranges.emplace_back(part.first, part.last);
    std::sort(ranges.begin(), ranges.end());
    return ranges;
}

template <typename Record>
Directory Writer::directory(const std::vector<Record>& records) {
    Directory directory;
    directory.offset = end_;
    directory.count = static_cast<std::uint32_t>(records.size());
    directory.record_size = sizeof(Record);
    const auto bytes = bytes_of(records);
    end_ += bytes.size();
    if (status_ && records.size() > std::numeric_limits<std::uint32_t>::max())
        status_ = Error{"write a snapshot", "", "it has too many objects", 0};
    if (status_ && !bytes.empty()) status_ = file_.write(directory.offset, bytes);
    return directory;
}

// Members of units that were copied keep their entries; the others are put among them.
Directory Writer::members(Members& added, Directory Contents::*which) {
    sort_by_id(added);
    if (!status_ || !previous_) return directory(added);
    const Directory& old = previous_->*which;
    Members kept(old.count);
    status_ = file_.read_previous(old.offset, std::as_writable_bytes(std::span(kept)));
    const auto gone = replaced();
    std::erase_if(kept, [&](const Member& each) { return contains(gone, each.unit); });
    Members all(kept.size() + added.size());
    std::merge(kept.begin(), kept.end(), added.begin(), added.end(), all.begin(), before);
    return directory(all);
}

Result<Contents> Writer::write(std::uint64_t build) {
    write_common();
    for (const auto& block : snapshot_.disks.blocks())
        write_disks(block);
    for (const auto& block : snapshot_.units.blocks())
        write_units(block);
    flush_copy();
    header_.units = directory(units_);
    header_.disks = directory(disks_);
    header_.read_times = directory(read_times_);
    header_.paths = contents_.paths = members(paths_, &Contents::paths);
    header_.groups = contents_.groups = members(groups_, &Contents::groups);
    header_.magic = kMagic;
    header_.layout = kLayout;
    header_.header_size = sizeof(Header);
    header_.build = build;
    header_.instance = snapshot_.instance;
    header_.generation = snapshot_.generation;
    header_.made_at = snapshot_.made_at > 0 ? static_cast<std::uint64_t>(snapshot_.made_at) : 0;
    header_.total_size = end_;
    if (status_) status_ = file_.write(0, std::as_bytes(std::span(&header_, 1)));
    if (!status_) return std::move(status_).error();
    return std::move(contents_);
}

} // namespace

Result<Contents> write(const model::Snapshot& snapshot, std::uint64_t build, File& file,
                       const Contents* previous) {
    return Writer(snapshot, file, previous).write(build);
}

} // namespace mpapi::flat
