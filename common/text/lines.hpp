// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Lines and words of the files that administrators write, as views of their text. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace mpapi {

// Calls for each line without its comment, until one says that it was the one.
template <typename Use>
void each_line(std::string_view text, const Use& use) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (use(line.substr(0, line.find('#')))) return;
    }
}

inline std::string_view next_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = std::min(line.find_first_not_of(blanks), line.size());
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

} // namespace mpapi
