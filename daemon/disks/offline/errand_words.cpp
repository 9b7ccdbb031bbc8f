// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/offline/errand_words.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr std::array<std::pair<holders::Kind, std::string_view>, 4> kKinds{{
    {holders::Kind::Mount, "mount"},
    {holders::Kind::Swap, "swap"},
    {holders::Kind::Process, "process"},
    {holders::Kind::Device, "device"},
}};

std::string_view word_of(holders::Kind kind) {
    for (const auto& [each, word] : kKinds)
        if (each == kind) return word;
    return "device";
}

std::optional<holders::Kind> kind_of(std::string_view word) {
    for (const auto& [kind, each] : kKinds)
        if (each == word) return kind;
    return std::nullopt;
}

} // namespace

Words disk_words(const std::string& verb, const BlockDisk& disk) {
    Words words{verb, to_string(disk.number), disk.map ? "map" : "disk"};
    for (const auto path : disk.paths)
        words.push_back(to_string(path));
    return words;
}

std::optional<BlockDisk> read_disk(const Words& words) {
    if (words.size() < 3 || words.size() > 3 + kMostPaths) return std::nullopt;
    BlockDisk disk;
    const auto number = dm::parse_device_number(words[1]);
    if (!number || (words[2] != "map" && words[2] != "disk")) return std::nullopt;
    disk.number = *number;
    disk.map = words[2] == "map";
    if (!disk.map && words.size() > 3) return std::nullopt;
    for (auto word = words.begin() + 3; word != words.end(); ++word) {
        const auto path = dm::parse_device_number(*word);
        if (!path) return std::nullopt;
        disk.paths.push_back(*path);
    }
    return disk;
}

Lines failure_lines(const OfflineFailure& failure) {
    Lines lines{failure_words(failure.why)};
    for (const auto& holder : failure.holders) {
        if (lines.size() == kMostLines / 2) break;
        lines.push_back({"holder", std::string(word_of(holder.kind)), holder.name, holder.detail,
                         holder.remedy});
    }
    for (const auto& text : failure.remains)
        if (lines.size() < kMostLines) lines.push_back({"remains", text});
    return lines;
}

std::optional<OfflineFailure> read_failure_lines(const Lines& lines) {
    OfflineFailure failure;
    if (lines.empty() || !read_failure(lines.front(), failure.why)) return std::nullopt;
    for (auto line = lines.begin() + 1; line != lines.end(); ++line) {
        const auto& words = *line;
        if (words.size() == 5 && words[0] == "holder") {
            const auto kind = kind_of(words[1]);
            if (!kind) return std::nullopt;
            failure.holders.push_back({*kind, words[2], words[3], words[4]});
        } else if (words.size() == 2 && words[0] == "remains") {
            failure.remains.push_back(words[1]);
        } else {
            return std::nullopt;
        }
    }
    return failure;
}

} // namespace mpapi::disks
