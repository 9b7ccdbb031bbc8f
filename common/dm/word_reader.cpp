// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/dm/word_reader.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace mpapi::dm {

std::string_view WordReader::next() noexcept {
    const auto start = std::find_if_not(rest_.begin(), rest_.end(), is_blank);
    const auto end = std::find_if(start, rest_.end(), is_blank);
    const auto skipped = static_cast<std::size_t>(start - rest_.begin());
    const auto length = static_cast<std::size_t>(end - start);
    const std::string_view word = rest_.substr(skipped, length);
    rest_.remove_prefix(skipped + length);
    return word;
}

Error WordReader::error(std::string_view reason) const {
    // Words come from outside: a journal line quotes only the start of one.
    constexpr std::size_t longest_quote = 40;
    std::string text = "word " + std::to_string(position_);
    if (!last_.empty()) {
        text += " \"";
        for (const char c : last_.substr(0, longest_quote))
            text += c > ' ' && c < 0x7f ? c : '?';
        text += last_.size() > longest_quote ? "...\"" : "\"";
    }
    return Error{std::string(action_), {}, text + ": " + std::string(reason)};
}

Result<std::string_view> WordReader::word(std::string_view what) {
    last_ = next();
    ++position_;
    if (last_.empty()) return error("the text ends where " + std::string(what) + " was expected");
    return last_;
}

Result<std::uint32_t> WordReader::number(std::string_view what, std::uint32_t largest) {
    const auto text = word(what);
    if (!text) return text.error();
    std::uint32_t value = 0;
    const char* const end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || value > largest)
        return error("expected " + std::string(what) + ", a number up to " +
                     std::to_string(largest));
    return value;
}

Result<std::uint32_t> WordReader::count(std::string_view what, std::uint32_t words_each) {
    auto value = number(what, largest_count);
    if (!value) return value;
    // A word and the blank before it take two characters, so what is left bounds the count
    // before anything is reserved for it.
    if (std::uint64_t{*value} * words_each * 2 > rest_.size())
        return error(std::string(what) + " says more than the text holds");
    return value;
}

Result<Words> WordReader::words(std::string_view what, std::uint32_t count) {
    if (count == 0) return Words();
    const char* start = nullptr;
    const char* end = nullptr;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto text = word(what);
        if (!text) return text.error();
        if (start == nullptr) start = text->data();
        end = text->data() + text->size();
    }
    return Words(std::string_view(start, static_cast<std::size_t>(end - start)));
}

Status WordReader::end() {
    last_ = next();
    ++position_;
    if (!last_.empty()) return error("the text goes on after its last priority group");
    return Done{};
}

} // namespace mpapi::dm
