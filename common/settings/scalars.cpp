// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/scalars.hpp"

#include <charconv>
#include <limits>
#include <span>

namespace mpapi::settings {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr Unit duration_units[] = {{"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr Unit size_units[] = {
    {"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units,
                                   std::uint64_t most) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view name(rest, static_cast<std::size_t>(end - rest));
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        if (number > most / unit.factor) return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

std::string text_of(std::uint64_t value, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        const bool whole = value != 0 && value % unit.factor == 0;
        if (whole || unit.factor == 1)
            return std::to_string(value / unit.factor) + std::string(unit.name);
    }
    return {};
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto most = static_cast<std::uint64_t>(std::chrono::milliseconds::max().count());
    const auto count = parse(text, duration_units, most);
    if (!count) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*count));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse(text, size_units, std::numeric_limits<std::uint64_t>::max());
}

std::string duration_text(std::chrono::milliseconds duration) {
    return text_of(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string size_text(std::uint64_t bytes) {
    return text_of(bytes, size_units);
}

} // namespace mpapi::settings
