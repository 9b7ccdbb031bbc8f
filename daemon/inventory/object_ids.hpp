// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sequence numbers that outlive the daemon, by type and key. They are given at once and written to
// the state directory by a thread: what is published never waits for a disk. A number that was
// given is not given again even if its line was lost with the power, for numbers are reserved many
// ahead of their use. Only while the disk takes nothing for longer than the reservation lasts, and
// the daemon does not end in peace then, might one return.
//
// Things that are gone keep their numbers for the case that they return, but only so many of them
// as exist (10 000 at least): beyond that, those that went first are forgotten.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"
#include "daemon/inventory/object_ids_writer.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mpapi::daemon {

class ObjectIds {
  public:
    static constexpr std::size_t kGoneKept = 10'000;

    // Numbers in memory only: for tests and one-shot runs.
    explicit ObjectIds(std::size_t gone_kept = kGoneKept)
      : gone_kept_(gone_kept) {}

    // Reads what `directory` has, and reserves; waits for the disk. Fails when there is no such
    // directory; one that cannot be written is a notice.
    static Result<ObjectIds> open(const std::string& directory, std::size_t gone_kept = kGoneKept);

    // What was found wrong when the file was read, for the journal; empty as a rule.
    const std::vector<std::string>& notices() const { return notices_; }

    // The object's number; a new one for a key not seen before.
    model::Sequence id(model::ObjectType type, std::string_view key);

    // Has the numbers given so far written. Tells of a failure once: the whole file is tried again
    // a minute after each, in silence.
    Status save(std::chrono::steady_clock::time_point now);

    // Waits until what was to be saved is on its way to the disk.
    Status written(std::chrono::milliseconds timeout) const;

    // Whether so many numbers were given since forget_gone() that it is worth its cost again.
    bool crowded() const { return size_ >= crowded_at_; }
    // `living` are the numbers of all that exists.
    void forget_gone(std::vector<model::Sequence> living);

  private:
    struct Record {
        model::Sequence sequence = 0;
        std::uint64_t last_seen = 0; // of turns_
    };
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    using Records = std::unordered_map<std::string, Record, TextHash, std::equal_to<>>;

    std::vector<ObjectIdsRecord> all() const;
    void reserve();

    std::unique_ptr<ObjectIdsWriter> writer_;                       // null: in memory only
    bool told_ = false;                                             // that it fails
    std::optional<std::chrono::steady_clock::time_point> again_at_; // after a failure
    std::size_t gone_kept_;
    std::array<Records, ObjectIdsFile::kTypes> records_;
    std::size_t size_ = 0;
    std::size_t crowded_at_ = 0;
    std::uint64_t turns_ = 0; // orders what was there last
    model::Sequence next_ = 1;
    model::Sequence reserved_ = 1;
    std::string unsaved_;
    std::vector<std::string> notices_;
};

} // namespace mpapi::daemon
