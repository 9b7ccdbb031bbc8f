// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reads the parameters of a device-mapper target word by word, as dm_split_args() and
// dm_read_arg() do in the kernel: decimal counts announce how many words follow. A count is
// believed only as far as the kernel's own limit and the rest of the text allow.
#pragma once

#include "common/dm/words.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <string_view>

namespace mpapi::dm {

class WordReader {
  public:
    // The limit of dm-mpath.c's constructor for arguments, groups and paths of a group.
    static constexpr std::uint32_t largest_count = 1024;

    // `action` names the text for errors ("parse multipath table"). Both must outlive the reader.
    WordReader(std::string_view text, std::string_view action) noexcept
      : action_(action)
      , text_(text)
      , rest_(text) {}

    // The next word; `what` says what was expected if there is none.
    Result<std::string_view> word(std::string_view what);

    // An unsigned decimal number up to `largest`, with nothing behind its digits.
    Result<std::uint32_t> number(std::string_view what, std::uint32_t largest = UINT32_MAX);

    // A count of things of which each takes `words_each` words at least.
    Result<std::uint32_t> count(std::string_view what, std::uint32_t words_each = 1);

    // `count` words as they are.
    Result<Words> words(std::string_view what, std::uint32_t count);

    // Fails if a word is left.
    Status end();

    // An error at the last word that was read.
    Error error(std::string_view reason) const;

  private:
    std::string_view next() noexcept;

    std::string_view action_;
    std::string_view text_;
    std::string_view rest_;
    std::string_view last_;
    std::uint32_t position_ = 0;
};

} // namespace mpapi::dm
