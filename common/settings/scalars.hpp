// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Durations and sizes as people write them in our files: a whole number with its unit, so that no
// one has to know which unit a bare number would mean.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpapi::settings {

// "250ms", "5s", "2min", "1h". nullopt for anything else and for what does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// "512B", "64KiB", "8MiB", "10GiB", "2TiB"; powers of 1024.
std::optional<std::uint64_t> parse_size(std::string_view text);

// In the largest unit that gives a whole number; the parsers above read them back.
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::uint64_t bytes);

} // namespace mpapi::settings
