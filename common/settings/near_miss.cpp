// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/near_miss.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace mpapi::settings {
namespace {

// Longer words are no typing mistake, and the bound keeps hostile input from costing n².
constexpr std::size_t longest_word = 64;

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (exchanged) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        std::swap(before_last, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

} // namespace

std::string_view near_miss(std::string_view word, const std::vector<std::string_view>& known) {
    if (word.size() > longest_word) return {};
    std::string_view best;
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const std::string_view candidate : known) {
        if (candidate.size() > longest_word) continue;
        const std::size_t allowed = std::clamp<std::size_t>(candidate.size() / 3, 1, 3);
        const std::size_t changes = distance(word, candidate);
        if (changes <= allowed && changes < least) {
            least = changes;
            best = candidate;
        }
    }
    return best;
}

} // namespace mpapi::settings
