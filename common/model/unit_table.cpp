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

void UnitTable::put(UnitPtr unit) {
    if (blocks_.empty()) {
        blocks_.push_back(std::make_shared<const Block>(Block{std::move(unit)}));
        size_ = 1;
        return;
    }
    const Sequence id = unit->unit.id;
    const std::size_t at = block_of(id);
    auto block = std::make_shared<Block>(*blocks_[at]);
    auto place = block->begin() + (position(*block, id) - block->cbegin());
    if (place != block->end() && (*place)->unit.id == id) {
        *place = std::move(unit);
    } else {
        block->insert(place, std::move(unit));
        ++size_;
    }
    if (block->size() <= 2 * kBlockTarget) {
        blocks_[at] = std::move(block);
        return;
    }
    auto middle = block->begin() + kBlockTarget;
    auto tail = std::make_shared<const Block>(middle, block->end());
    block->erase(middle, block->end());
    blocks_[at] = std::move(block);
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(tail));
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
