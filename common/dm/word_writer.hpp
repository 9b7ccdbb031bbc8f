// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The other direction of WordReader: words with a blank behind each, as DMEMIT() leaves them.
#pragma once

#include "common/dm/words.hpp"
#include "common/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::dm {

// Keeps the first thing that cannot be written; text() then fails.
class WordWriter {
  public:
    explicit WordWriter(std::string_view action)
      : action_(action) {}

    void number(std::uint64_t value);
    void count(std::size_t value); // a number up to WordReader::largest_count
    void word(std::string_view word);
    void words(const Words& words);
    void list(const Words& words); // its count, then its words

    Error error(std::string_view reason) const {
        return Error{std::string(action_), {}, std::string(reason)};
    }
    Result<std::string> text() &&;

  private:
    std::string_view action_;
    std::string text_;
    std::optional<Error> first_error_;
};

} // namespace mpapi::dm
