// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/bulk.hpp"

#include <optional>

namespace mpapi::publish {

Bulk::Bulk(Background& background, Current current, Make make, bool keep,
           std::function<void()> tidy)
  : background_(background)
  , current_(std::move(current))
  , make_(std::move(make))
  , keep_(keep)
  , tidy_(std::move(tidy)) {}

Bulk::~Bulk() {
    *alive_ = false;
}

std::shared_ptr<const Bulk::File> Bulk::ready() const {
    return file_ && file_->generation == current_()->generation ? file_ : nullptr;
}

void Bulk::get(Taker taker) {
    if (auto file = ready()) return taker(std::move(file));
    if (running_ && running_generation_ < current_()->generation) {
        later_.push_back(std::move(taker));
        return;
    }
    takers_.push_back(std::move(taker));
    if (!running_) start();
}

void Bulk::start() {
    auto snapshot = current_();
    const auto generation = snapshot->generation;
    auto result = std::make_shared<std::optional<Result<Fd>>>();
    running_ = true;
    running_generation_ = generation;
    background_.submit(
        [make = make_, snapshot = std::move(snapshot), result] { *result = make(*snapshot); },
        [this, alive = alive_, generation, result] {
            if (*alive) finished(std::move(**result), generation);
        });
}

void Bulk::finished(Result<Fd> fd, std::uint64_t generation) {
    running_ = false;
    std::vector<Taker> takers;
    takers.swap(takers_);
    takers_.swap(later_);
    if (!takers_.empty()) start();
    if (!fd) {
        const Result<std::shared_ptr<const File>> failure = std::move(fd).error();
        for (const auto& taker : takers)
            taker(failure);
        return;
    }
    auto file = std::make_shared<const File>(File{generation, std::move(*fd)});
    if (keep_ && generation == current_()->generation) file_ = file;
    const Result<std::shared_ptr<const File>> success = std::move(file);
    for (const auto& taker : takers)
        taker(success);
    if (tidy_) background_.submit(tidy_, [] {});
}

} // namespace mpapi::publish
