// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What changed lately, for a client that wants to bring its own picture up to date. A bounded ring:
// who asks for more than it remembers has to read everything again.
#pragma once

#include "common/model/diff.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace mpapi::publish {

enum class ChangeKind : std::uint8_t { Added, Removed, Changed };
const char* name_of(ChangeKind kind);

struct Change {
    std::uint64_t generation = 0; // the first in which it is so
    ChangeKind kind = ChangeKind::Changed;
    model::ObjectId object;
};

class Changes {
  public:
    // `generation` is the one at which remembering begins.
    Changes(std::size_t kept, std::uint64_t generation)
      : kept_(kept)
      , complete_since_(generation)
      , generation_(generation) {}

    void record(std::uint64_t generation, const std::vector<model::Event>& events);

    // Whether all that changed after this generation is still known.
    bool reaches(std::uint64_t since) const {
        return since >= complete_since_ && since <= generation_;
    }
    // The changes after this generation, oldest first.
    void for_each_after(std::uint64_t since, const std::function<void(const Change&)>& visit) const;

  private:
    std::size_t kept_;
    std::uint64_t complete_since_;
    std::uint64_t generation_;
    std::deque<Change> ring_;
};

} // namespace mpapi::publish
