// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The objects of one type in a snapshot, in the order of their sequence numbers. A value whose
// copies share what did not change: copying costs one pointer per hundred rows, changing one row
// costs one block of pointers, and comparing two tables skips the blocks they share.
//
// id_of(row) says the number of a row.
#pragma once

#include "common/model/values.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <vector>

namespace mpapi::model {

template <typename T>
requires requires(const T& row) {
    row.id;
}
Sequence id_of(const T& row) {
    return row.id;
}

template <typename T>
class ChunkedTable {
  public:
    using Row = std::shared_ptr<const T>;
    using Block = std::vector<Row>;
    using Blocks = std::vector<std::shared_ptr<const Block>>;

    class Iterator {
      public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = const T*;
        using reference = const T&;

        Iterator() = default;
        Iterator(const ChunkedTable& table, std::size_t block)
          : table_(&table)
          , block_(block) {}

        const T& operator*() const { return *row(); }
        const T* operator->() const { return row(); }
        Iterator& operator++() {
            if (++index_ == table_->blocks_[block_]->size()) skip_block();
            return *this;
        }
        Iterator operator++(int) {
            Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator&) const = default;

      private:
        friend class ChunkedTable;
        const T* row() const { return (*table_->blocks_[block_])[index_].get(); }
        bool done() const { return block_ == table_->blocks_.size(); }
        const Block* whole_block() const {
            return index_ == 0 ? table_->blocks_[block_].get() : nullptr;
        }
        void skip_block() { ++block_, index_ = 0; }

        const ChunkedTable* table_ = nullptr;
        std::size_t block_ = 0;
        std::size_t index_ = 0;
    };

    // Adds each row or puts it in the place of the one with its id; of two with one id the later.
    void put_all(std::vector<Row> rows);
    void put(Row row) { put_all({std::move(row)}); }
    // Takes the row away; nothing happens where there is none.
    void erase(Sequence id);

    const T* find(Sequence id) const { return row(id).get(); }
    // Null where there is none; lives until the table is changed.
    const Row& row(Sequence id) const;
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, blocks_.size()}; }
    template <typename Visitor>
    void for_each(Visitor&& visit) const {
        for (const auto& block : blocks_)
            for (const auto& row : *block)
                visit(*row);
    }

    // Walks two tables in step and calls visit(before, after) where they may differ; either may be
    // null. Shared blocks and shared rows are passed over.
    template <typename Visitor>
    static void for_each_difference(const ChunkedTable& before, const ChunkedTable& after,
                                    Visitor&& visit);

    const Blocks& blocks() const { return blocks_; }

  private:
    static constexpr std::size_t kBlockTarget = 64; // rows; a block is split at twice as many

    static auto position(const Block& block, Sequence id) {
        return std::lower_bound(
            block.begin(), block.end(), id,
            [](const Row& row, Sequence wanted) { return id_of(*row) < wanted; });
    }
    std::size_t block_of(Sequence id) const;
    static void append_split(Blocks& blocks, Block rows);

    Blocks blocks_; // none of them empty
    std::size_t size_ = 0;
};

template <typename T>
const T* find(const ChunkedTable<T>& table, Sequence id) {
    return table.find(id);
}

// The first block whose last row is not before `id`; the last block where there is none.
template <typename T>
std::size_t ChunkedTable<T>::block_of(Sequence id) const {
    auto at = std::lower_bound(blocks_.begin(), blocks_.end(), id,
                               [](const std::shared_ptr<const Block>& block, Sequence wanted) {
                                   return id_of(*block->back()) < wanted;
                               });
    if (at == blocks_.end()) --at;
    return static_cast<std::size_t>(at - blocks_.begin());
}

// A block that is too large goes in as several.
template <typename T>
void ChunkedTable<T>::append_split(Blocks& blocks, Block rows) {
    if (rows.size() <= 2 * kBlockTarget) {
        blocks.push_back(std::make_shared<const Block>(std::move(rows)));
        return;
    }
    for (auto from = rows.begin(); from != rows.end();) {
        const auto left = static_cast<std::size_t>(rows.end() - from);
        const auto to = left <= 2 * kBlockTarget ? rows.end() : from + kBlockTarget;
        blocks.push_back(std::make_shared<const Block>(from, to));
        from = to;
    }
}

template <typename T>
void ChunkedTable<T>::put_all(std::vector<Row> rows) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return id_of(*a) < id_of(*b); });
    if (blocks_.empty()) blocks_.push_back(std::make_shared<const Block>());
    Blocks blocks;
    blocks.reserve(blocks_.size() + rows.size() / kBlockTarget);
    auto next = rows.begin();
    for (const auto& block : blocks_) {
        // A block takes what is not behind its last row, the last block also the rest.
        const auto end =
            block == blocks_.back()
                ? rows.end()
                : std::upper_bound(next, rows.end(), id_of(*block->back()),
                                   [](Sequence last, const Row& r) { return last < id_of(*r); });
        if (next == end) {
            if (!block->empty()) blocks.push_back(block);
            continue;
        }
        Block merged;
        merged.reserve(block->size() + static_cast<std::size_t>(end - next));
        auto old = block->begin();
        for (; next != end; ++next) {
            const Sequence id = id_of(**next);
            while (old != block->end() && id_of(**old) < id)
                merged.push_back(*old++);
            if (old != block->end() && id_of(**old) == id) ++old;
            if (!merged.empty() && id_of(*merged.back()) == id)
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

template <typename T>
void ChunkedTable<T>::erase(Sequence id) {
    if (blocks_.empty()) return;
    const std::size_t at = block_of(id);
    auto place = position(*blocks_[at], id);
    if (place == blocks_[at]->end() || id_of(**place) != id) return;
    --size_;
    if (blocks_[at]->size() == 1) {
        blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(at));
        return;
    }
    auto block = std::make_shared<Block>(*blocks_[at]);
    block->erase(block->begin() + (place - blocks_[at]->begin()));
    blocks_[at] = std::move(block);
}

template <typename T>
const typename ChunkedTable<T>::Row& ChunkedTable<T>::row(Sequence id) const {
    static const Row none;
    if (blocks_.empty()) return none;
    const Block& block = *blocks_[block_of(id)];
    auto place = position(block, id);
    return place != block.end() && id_of(**place) == id ? *place : none;
}

template <typename T>
template <typename Visitor>
void ChunkedTable<T>::for_each_difference(const ChunkedTable& before, const ChunkedTable& after,
                                          Visitor&& visit) {
    Iterator a = before.begin();
    Iterator b = after.begin();
    while (!a.done() && !b.done()) {
        if (a.whole_block() && a.whole_block() == b.whole_block()) {
            a.skip_block();
            b.skip_block();
        } else if (id_of(*a) < id_of(*b)) {
            visit(a.row(), static_cast<const T*>(nullptr));
            ++a;
        } else if (id_of(*b) < id_of(*a)) {
            visit(static_cast<const T*>(nullptr), b.row());
            ++b;
        } else {
            if (a.row() != b.row()) visit(a.row(), b.row());
            ++a;
            ++b;
        }
    }
    for (; !a.done(); ++a)
        visit(a.row(), static_cast<const T*>(nullptr));
    for (; !b.done(); ++b)
        visit(static_cast<const T*>(nullptr), b.row());
}

} // namespace mpapi::model
