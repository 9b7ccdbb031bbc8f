// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/model/unit_table.hpp"

#include <algorithm>

namespace mpapi::model {

namespace {

constexpr std::size_t kBlockTarget = 64; // units; a block is split when it has twice as many

template <typename T>
const T* find_by_id(const std::vector<T>& sorted, Sequence id) {
    auto at = std::lower_bound(sorted.begin(), sorted.end(), id,
                               [](const T& value, Sequence wanted) { return value.id < wanted; });
    return at != sorted.end() && at->id == id ? &*at : nullptr;
}

auto position(const UnitTable::Block& block, Sequence id) {
    return std::lower_bound(
        block.begin(), block.end(), id,
        [](const UnitPtr& unit, Sequence wanted) { return unit->unit.id < wanted; });
}

// A block that is too large goes in as several.
void append_split(std::vector<std::shared_ptr<const UnitTable::Block>>& blocks,
                  UnitTable::Block units) {
    if (units.size() <= 2 * kBlockTarget) {
        blocks.push_back(std::make_shared<const UnitTable::Block>(std::move(units)));
        return;
    }
    for (auto from = units.begin(); from != units.end();) {
        const auto left = static_cast<std::size_t>(units.end() - from);
        const auto to = left <= 2 * kBlockTarget ? units.end() : from + kBlockTarget;
        blocks.push_back(std::make_shared<const UnitTable::Block>(from, to));
        from = to;
    }
}

} // namespace

const Path* Unit::path(Sequence id) const {
    return find_by_id(paths, id);
}

const TargetPortGroup* Unit::group(Sequence id) const {
    return find_by_id(groups, id);
}

const TargetPortGroup* Unit::group_numbered(std::uint16_t number) const {
    auto at = std::find_if(groups.begin(), groups.end(),
                           [number](const TargetPortGroup& g) { return g.number == number; });
    return at == groups.end() ? nullptr : &*at;
}

// The first block whose last unit is not before `id`; the last block where there is none.
std::size_t UnitTable::block_of(Sequence id) const {
    auto at = std::lower_bound(blocks_.begin(), blocks_.end(), id,
                               [](const std::shared_ptr<const Block>& block, Sequence wanted) {
                                   return block->back()->unit.id < wanted;
                               });
    if (at == blocks_.end()) --at;
    return static_cast<std::size_t>(at - blocks_.begin());
}

void UnitTable::put_all(std::vector<UnitPtr> units) {
    std::stable_sort(units.begin(), units.end(),
                     [](const UnitPtr& a, const UnitPtr& b) { return a->unit.id < b->unit.id; });
    if (blocks_.empty()) blocks_.push_back(std::make_shared<const Block>());
    std::vector<std::shared_ptr<const Block>> blocks;
    blocks.reserve(blocks_.size() + units.size() / kBlockTarget);
    auto next = units.begin();
    for (const auto& block : blocks_) {
        // A block takes what is not behind its last unit, the last block also the rest.
        const auto end = block == blocks_.back()
                             ? units.end()
                             : std::upper_bound(next, units.end(), block->back()->unit.id,
                                                [](Sequence last, const UnitPtr& u) {
                                                    return last < u->unit.id;
                                                });
        if (next == end) {
            if (!block->empty()) blocks.push_back(block);
            continue;
        }
        Block merged;
        merged.reserve(block->size() + static_cast<std::size_t>(end - next));
        auto old = block->begin();
        for (; next != end; ++next) {
            const Sequence id = (*next)->unit.id;
            while (old != block->end() && (*old)->unit.id < id)
                merged.push_back(*old++);
            if (old != block->end() && (*old)->unit.id == id) ++old;
            if (!merged.empty() && merged.back()->unit.id == id)
                merged.back() = std::move(*next);
            else
                merged.push_back(std::move(*next));
        }
        merged.insert(merged.end(), old, block->end());
        size_ += merged.size() - block->size();
        append_split(blocks, std::move(merged));
    }
    blocks_ = std::move(blocks);
}

void UnitTable::erase(Sequence id) {
    if (blocks_.empty()) return;
    const std::size_t at = block_of(id);
    auto place = position(*blocks_[at], id);
    if (place == blocks_[at]->end() || (*place)->unit.id != id) return;
    --size_;
    if (blocks_[at]->size() == 1) {
        blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(at));
        return;
    }
    auto block = std::make_shared<Block>(*blocks_[at]);
    block->erase(block->begin() + (place - blocks_[at]->begin()));
    blocks_[at] = std::move(block);
}

const Unit* UnitTable::find(Sequence id) const {
    if (blocks_.empty()) return nullptr;
    const Block& block = *blocks_[block_of(id)];
    auto place = position(block, id);
    return place != block.end() && (*place)->unit.id == id ? place->get() : nullptr;
}

} // namespace mpapi::model
