// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/secret/secret.hpp"

#include "clusprep/node/secret/wiped_memory.hpp"
#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <cerrno>

namespace mpapi::node {

namespace {

constexpr std::size_t kMostSealed = Secret::kMostBytes * 2; // base64, and what goes with it

csvp::Failure failed(Error error) {
    return {csvp::Hresult::Failed, std::move(error)};
}

} // namespace

Secret::Secret(std::string file, Sealer sealer)
  : file_(std::move(file))
  , sealer_(std::move(sealer)) {}

Secret::~Secret() = default;

void Secret::submit(Operation operation) {
    waiting_.push_back(std::move(operation));
    if (!busy_) next();
}

void Secret::next() {
    if (waiting_.empty()) return;
    busy_ = true;
    const Operation operation = std::move(waiting_.front());
    waiting_.pop_front();
    operation();
}

template <typename T>
void Secret::end(const csvp::Completion<T>& done, csvp::Outcome<T> outcome) {
    const std::weak_ptr<bool> alive = alive_; // who is told may destroy us
    done(std::move(outcome));
    if (alive.expired()) return;
    busy_ = false;
    next();
}

void Secret::store(std::span<const std::uint8_t> secret, csvp::Completion<Done> done) {
    wipe_freed_memory();
    if (secret.size() > kMostBytes)
        return done(csvp::Failure{csvp::Hresult::InvalidParameter,
                                  {"store", "cluster secret", "it is larger than 768 KiB"}});
    std::string bytes(secret.begin(), secret.end());
    submit([this, bytes = std::move(bytes), done = std::move(done)] {
        sealer_(Direction::Seal, bytes, [this, done](const Result<std::string>& sealed) {
            if (!sealed) return end<Done>(done, failed(sealed.error()));
            const Status written = replace_file(file_, *sealed, 0600);
            if (!written) return end<Done>(done, failed(written.error()));
            end<Done>(done, Done{});
        });
    });
}

void Secret::retrieve(csvp::Completion<std::optional<std::vector<std::uint8_t>>> done) {
    using Content = std::optional<std::vector<std::uint8_t>>;
    wipe_freed_memory();
    submit([this, done = std::move(done)] {
        const auto sealed = read_file(file_, kMostSealed);
        if (!sealed && sealed.error().errnum == ENOENT) return end<Content>(done, Content());
        if (!sealed) return end<Content>(done, failed(sealed.error()));
        sealer_(Direction::Unseal, *sealed, [this, done](const Result<std::string>& secret) {
            if (!secret) return end<Content>(done, failed(secret.error()));
            end<Content>(done, Content(std::in_place, secret->begin(), secret->end()));
        });
    });
}

void Secret::remove(csvp::Completion<Done> done) {
    submit([this, done = std::move(done)] {
        const Status removed = remove_file(file_);
        if (!removed) return end<Done>(done, failed(removed.error()));
        end<Done>(done, Done{});
    });
}

} // namespace mpapi::node
