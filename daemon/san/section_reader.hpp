// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the sections of a SAN file have in common: keys that must be given, texts in the character
// set of SCSI, names of a fixed form. Each returns something usable whatever it found; the
// document keeps the first mistake.
#pragma once

#include "common/settings/document.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mpapi::san {

using settings::Section;

inline void must_have(Section& section, std::string_view key) {
    if (!section.has(key)) section.complain(key, "expected this key, for it has no default");
}

inline bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// Printable ASCII, not empty, at most `longest`.
inline std::optional<std::string> optional_text(Section& section, std::string_view key,
                                                std::size_t longest) {
    auto text = section.text(key);
    if (!text) return std::nullopt;
    if (text->empty() || text->size() > longest || !printable(*text)) {
        section.complain(key, "expected 1 to " + std::to_string(longest) +
                                  " characters of printable ASCII");
        return std::nullopt;
    }
    return text;
}

inline std::string text(Section& section, std::string_view key, std::size_t longest) {
    must_have(section, key);
    return optional_text(section, key, longest).value_or("");
}

template <typename T = std::uint32_t>
T number(Section& section, std::string_view key, std::int64_t least, std::int64_t most,
         std::optional<std::int64_t> fallback = std::nullopt) {
    if (!fallback) must_have(section, key);
    return static_cast<T>(section.integer(key, least, most).value_or(fallback.value_or(least)));
}

// The index of the entry of that name.
template <typename List>
std::optional<std::uint32_t> find_name(const List& list, std::string_view name) {
    for (std::uint32_t i = 0; i < list.size(); ++i)
        if (list[i].name == name) return i;
    return std::nullopt;
}

} // namespace mpapi::san
