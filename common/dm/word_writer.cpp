// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/word_writer.hpp"

#include "common/dm/word_reader.hpp"

#include <algorithm>

namespace mpapi::dm {

void WordWriter::number(std::uint64_t value) {
    text_ += std::to_string(value);
    text_ += ' ';
}

void WordWriter::count(std::size_t value) {
    if (value > WordReader::largest_count && !first_error_)
        first_error_ = error("a count above the kernel's limit of 1024");
    number(value);
}

void WordWriter::word(std::string_view word) {
    if ((word.empty() || std::any_of(word.begin(), word.end(), is_blank)) && !first_error_)
        first_error_ = error("a word that is empty or holds a blank");
    text_ += word;
    text_ += ' ';
}

void WordWriter::words(const Words& words) {
    if (words.empty()) return;
    text_ += words.text();
    text_ += ' ';
}

void WordWriter::list(const Words& words) {
    count(words.size());
    this->words(words);
}

Result<std::string> WordWriter::text() && {
    if (first_error_) return *std::move(first_error_);
    return std::move(text_);
}

} // namespace mpapi::dm
