// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A list of words kept in one string. The arguments of a feature list, a hardware handler or a
// path selector are nearly always short ("1 1"), so a list costs no allocation where a vector of
// strings would cost several: 80 000 paths are parsed at start.
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace mpapi::dm {

// What the kernel splits the parameters of a target at (isspace() in dm_split_args()).
constexpr bool is_blank(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// A value: words joined by one blank each. No word is empty or holds a blank.
class Words {
  public:
    class Iterator {
      public:
        using iterator_category = std::forward_iterator_tag;
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        using pointer = const std::string_view*;
        using reference = std::string_view;

        Iterator() = default;
        explicit Iterator(std::string_view rest) noexcept
          : rest_(rest) {}

        std::string_view operator*() const noexcept { return rest_.substr(0, rest_.find(' ')); }
        Iterator& operator++() noexcept {
            const auto blank = rest_.find(' ');
            rest_ = blank == std::string_view::npos ? std::string_view() : rest_.substr(blank + 1);
            return *this;
        }
        Iterator operator++(int) noexcept {
            Iterator before = *this;
            ++*this;
            return before;
        }
        // Only for iterators of one list: there the length of what is left says it all.
        bool operator==(const Iterator& other) const noexcept {
            return rest_.size() == other.rest_.size();
        }

      private:
        std::string_view rest_;
    };

    Words() = default;
    // Splits `text` at any run of blanks.
    explicit Words(std::string_view text);

    // Appends each word of `text`.
    void append(std::string_view text);

    bool empty() const noexcept { return text_.empty(); }
    // Linear, as is operator[]: lists are short and mostly iterated.
    std::size_t size() const noexcept;
    // The word at `index`, counted from 0; empty if there is none.
    std::string_view operator[](std::size_t index) const noexcept;

    Iterator begin() const noexcept { return Iterator(text_); }
    Iterator end() const noexcept { return Iterator(); }

    // All words, one blank between each two.
    const std::string& text() const noexcept { return text_; }

    bool operator==(const Words&) const = default;

  private:
    std::string text_;
};

} // namespace mpapi::dm
