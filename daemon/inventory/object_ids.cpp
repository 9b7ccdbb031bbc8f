// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/object_ids.hpp"

#include <algorithm>

namespace mpapi::daemon {

namespace {

constexpr model::Sequence kReserveAhead = 65536;
constexpr std::chrono::minutes kAgain{1}; // after a failure

} // namespace

Result<ObjectIds> ObjectIds::open(const std::string& directory, std::size_t gone_kept) {
    ObjectIdsFile file(directory);
    auto content = file.read();
    if (!content) return std::move(content).error();
    ObjectIds ids(gone_kept);
    ids.notices_ = std::move(content->notices);
    ids.next_ = content->reserved;
    for (ObjectIdsRecord& record : content->records) {
        ids.next_ = std::max(ids.next_, record.sequence + 1);
        ids.size_ +=
            ids.records_[record.type]
                .insert_or_assign(std::move(record.key), Record{record.sequence, ++ids.turns_})
                .second;
    }
    ids.reserve();
    const Status reserved = content->whole
                                ? file.append(ObjectIdsFile::reserve_line(ids.reserved_), true)
                                : file.replace(ids.all(), ids.reserved_);
    ids.writer_ = std::make_unique<ObjectIdsWriter>(std::move(file), reserved);
    // A full or read-only disk is no reason to leave the administrator alone.
    if (!reserved) {
        ids.notices_.push_back(reserved.error().message() +
                               "; object numbers are kept in memory until it can be written");
        ids.told_ = true;
        ids.again_at_.emplace();
    }
    return ids;
}

void ObjectIds::reserve() {
    reserved_ = std::max(reserved_, next_ + kReserveAhead);
}

std::vector<ObjectIdsRecord> ObjectIds::all() const {
    std::vector<ObjectIdsRecord> all;
    all.reserve(size_);
    for (std::size_t type = 0; type < records_.size(); ++type)
        for (const auto& [key, record] : records_[type])
            all.push_back({type, record.sequence, record.last_seen, key});
    return all;
}

model::Sequence ObjectIds::id(model::ObjectType type, std::string_view key) {
    const auto index = static_cast<std::size_t>(type);
    Records& records = records_[index];
    key = key.substr(0, ObjectIdsFile::kKeyLimit);
    if (auto known = records.find(key); known != records.end()) {
        known->second.last_seen = turns_;
        return known->second.sequence;
    }
    const model::Sequence sequence = next_++;
    records.emplace(std::string(key), Record{sequence, ++turns_});
    ++size_;
    if (writer_) unsaved_ += ObjectIdsFile::record_line(index, sequence, key);
    return sequence;
}

Status ObjectIds::save(std::chrono::steady_clock::time_point now) {
    if (!writer_) return Done{};
    const auto [state, failure] = writer_->condition();
    if (state == ObjectIdsWriter::State::Failed) {
        unsaved_.clear(); // the whole file has them too
        if (!again_at_) again_at_ = now + kAgain;
        if (now >= *again_at_) {
            again_at_.reset();
            reserve();
            writer_->replace(all(), reserved_);
        }
        if (std::exchange(told_, true)) return Done{};
        return failure;
    }
    if (state == ObjectIdsWriter::State::Sound) told_ = false;
    if (unsaved_.empty()) return Done{};
    const bool reserves = next_ + kReserveAhead / 2 > reserved_;
    if (reserves) {
        reserve();
        unsaved_ = ObjectIdsFile::reserve_line(reserved_) + unsaved_;
    }
    writer_->append(std::exchange(unsaved_, {}), reserves);
    return Done{};
}

Status ObjectIds::written(std::chrono::milliseconds timeout) const {
    return writer_ ? writer_->written(timeout) : Done{};
}

void ObjectIds::forget_gone(std::vector<model::Sequence> living) {
    std::sort(living.begin(), living.end());
    ++turns_;
    using Seen = std::pair<std::uint64_t, model::Sequence>;
    std::vector<Seen> gone;
    for (Records& records : records_)
        for (auto& [key, record] : records)
            if (std::binary_search(living.begin(), living.end(), record.sequence))
                record.last_seen = turns_;
            else
                gone.emplace_back(record.last_seen, record.sequence);
    const std::size_t kept = std::max(gone_kept_, living.size());
    const bool some = gone.size() > kept;
    if (some) {
        const auto first_kept = gone.end() - static_cast<std::ptrdiff_t>(kept);
        std::nth_element(gone.begin(), first_kept, gone.end());
        const Seen oldest_kept = *first_kept;
        for (Records& records : records_)
            size_ -= std::erase_if(records, [&](const auto& entry) {
                return Seen(entry.second.last_seen, entry.second.sequence) < oldest_kept;
            });
    }
    crowded_at_ = size_ + kept;
    if (!some || !writer_ || writer_->condition().state == ObjectIdsWriter::State::Failed) return;
    unsaved_.clear(); // the whole file has them too
    reserve();
    writer_->replace(all(), reserved_);
}

} // namespace mpapi::daemon
