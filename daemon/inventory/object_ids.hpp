// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sequence numbers that outlive the daemon. The file `objects` in the state directory is a text of
// one record a line, written before what it records is published:
//
//   mpapi-objects 1
//   reserve 8192 <check>             numbers below this may have been given to somebody
//   4 17 <check> 36001405…           type, sequence number, key
//
// New records are appended, so an object costs its own line and not the file. Things that are gone
// keep their numbers for the case that they return, but only so many of them as exist (10 000 at
// least): beyond that, those that went first are forgotten and the whole is written anew (beside
// it, flushed, renamed), in the order in which things were there last. A record whose
// check does not fit, or that nobody could have written, makes the file damaged: it is set aside
// under another name and reported, what could be read of it goes on in a new one. The last line may
// be torn by a power cut; that is no damage.
#pragma once

#include "common/model/values.hpp"
#include "common/result.hpp"
#include "common/system/handle.hpp"

#include <array>
#include <chrono>
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

    // Reads `directory`/objects; there may be none. Fails when there is no such
    // directory; one that cannot be written is a notice.
    static Result<ObjectIds> open(const std::string& directory, std::size_t gone_kept = kGoneKept);

    // What was found wrong when the file was read, for the journal; empty as a rule.
    const std::vector<std::string>& notices() const { return notices_; }

    // The object's number; a new one for a key not seen before.
    model::Sequence id(model::ObjectType type, std::string_view key);

    // Makes the numbers given so far survive the end of this process. To be called before they
    // are shown to anybody. Fails once where it cannot: they are given all the same, in memory, and
    // the whole file is tried again a minute after each failure, in silence.
    Status save(std::chrono::steady_clock::time_point now);

    // Whether so many numbers were given since forget_gone() that it is worth its cost again.
    bool crowded() const { return size_ >= crowded_at_; }
    // `living` are the numbers of all that exists.
    Status forget_gone(std::vector<model::Sequence> living);

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

    Status read(int directory);
    void take_line(std::string_view line, bool& damaged);
    Status rewrite();
    Status append(std::string_view text, bool durable);

    static constexpr std::size_t kTypes = 10;

    std::string directory_;
    Fd file_; // not open: in memory only, for good or for now
    std::optional<std::chrono::steady_clock::time_point> again_at_; // after a failure
    std::size_t gone_kept_;
    std::array<Records, kTypes> records_;
    std::size_t size_ = 0;
    std::size_t crowded_at_ = 0;
    std::uint64_t turns_ = 0; // orders what was there last
    model::Sequence next_ = 1;
    model::Sequence reserved_ = 1;
    std::string unsaved_;
    std::vector<std::string> notices_;
};

} // namespace mpapi::daemon
