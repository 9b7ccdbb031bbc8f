// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The logical units of a snapshot, in the order of their sequence numbers. A value whose copies
// share what did not change: copying costs one pointer per hundred units, changing one unit costs
// one block of pointers, and comparing two tables skips the blocks they share.
#pragma once

#include "common/model/values.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace mpapi::model {

// A logical unit with everything that belongs to it alone: the unit of sharing. `paths` and
// `groups` are ordered by their ids.
struct Unit {
    LogicalUnit unit;
    std::vector<Path> paths;
    std::vector<TargetPortGroup> groups;
    std::shared_ptr<ReadTimes> read_times; // never null

    const Path* path(Sequence id) const;
    const TargetPortGroup* group(Sequence id) const;
    const TargetPortGroup* group_numbered(std::uint16_t number) const;

    // Read times are left out: confirmation is no change.
    bool operator==(const Unit& other) const {
        return unit == other.unit && paths == other.paths && groups == other.groups;
    }
};

using UnitPtr = std::shared_ptr<const Unit>;

class UnitTable {
  public:
    using Block = std::vector<UnitPtr>;

    // Adds each unit or puts it in the place of the one with its id; of two with one id the later.
    void put_all(std::vector<UnitPtr> units);
    void put(UnitPtr unit) { put_all({std::move(unit)}); }
    // Takes the unit away; nothing happens where there is none.
    void erase(Sequence id);

    const Unit* find(Sequence id) const;
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    template <typename Visitor>
    void for_each(Visitor&& visit) const {
        for (const auto& block : blocks_)
            for (const auto& unit : *block)
                visit(*unit);
    }

    // Walks two tables in step and calls visit(before, after) where they may differ; either may be
    // null. Shared blocks and shared units are passed over.
    template <typename Visitor>
    static void for_each_difference(const UnitTable& before, const UnitTable& after,
                                    Visitor&& visit);

    const std::vector<std::shared_ptr<const Block>>& blocks() const { return blocks_; }

  private:
    std::size_t block_of(Sequence id) const;

    std::vector<std::shared_ptr<const Block>> blocks_; // none of them empty
    std::size_t size_ = 0;
};

template <typename Visitor>
void UnitTable::for_each_difference(const UnitTable& before, const UnitTable& after,
                                    Visitor&& visit) {
    struct Cursor {
        const UnitTable& table;
        std::size_t block = 0;
        std::size_t index = 0;

        bool done() const { return block == table.blocks_.size(); }
        bool at_block_start() const { return index == 0; }
        const Unit* unit() const { return (*table.blocks_[block])[index].get(); }
        void skip_block() { ++block, index = 0; }
        void next() {
            if (++index == table.blocks_[block]->size()) skip_block();
        }
    };
    Cursor a{before}, b{after};
    while (!a.done() && !b.done()) {
        if (a.at_block_start() && b.at_block_start() &&
            a.table.blocks_[a.block] == b.table.blocks_[b.block]) {
            a.skip_block();
            b.skip_block();
            continue;
        }
        const Unit* old_unit = a.unit();
        const Unit* new_unit = b.unit();
        if (old_unit->unit.id < new_unit->unit.id) {
            visit(old_unit, nullptr);
            a.next();
        } else if (new_unit->unit.id < old_unit->unit.id) {
            visit(nullptr, new_unit);
            b.next();
        } else {
            if (old_unit != new_unit) visit(old_unit, new_unit);
            a.next();
            b.next();
        }
    }
    for (; !a.done(); a.next())
        visit(a.unit(), nullptr);
    for (; !b.done(); b.next())
        visit(nullptr, b.unit());
}

} // namespace mpapi::model
