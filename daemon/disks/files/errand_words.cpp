// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/files/errand_words.hpp"

#include "daemon/disks/files/file_path.hpp"

#include <charconv>
#include <utility>

namespace mpapi::disks {

namespace {

constexpr std::size_t kLongestText = 256;

template <typename T>
std::optional<T> number_of(const std::string& text) {
    T value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return value;
}

std::optional<FileErrand::Kind> kind_of(const std::string& word) {
    if (word == "write") return FileErrand::Kind::Write;
    if (word == "verify") return FileErrand::Kind::Verify;
    if (word == "delete") return FileErrand::Kind::Delete;
    return std::nullopt;
}

const char* word_of(FileErrand::Kind kind) {
    switch (kind) {
    case FileErrand::Kind::Write:
        return "write";
    case FileErrand::Kind::Delete:
        return "delete";
    case FileErrand::Kind::Verify:
        break;
    }
    return "verify";
}

} // namespace

Lines file_lines(const FileErrand& errand) {
    Words path{"path"};
    path.insert(path.end(), errand.path.begin(), errand.path.end());
    Lines lines{{word_of(errand.kind), to_string(errand.disk), std::to_string(errand.partition),
                 errand.owned ? "owned" : "unowned"},
                std::move(path)};
    if (errand.kind != FileErrand::Kind::Delete) lines.push_back({"data", errand.data});
    return lines;
}

std::optional<FileErrand> read_file_errand(const Lines& lines) {
    if (lines.size() < 2 || lines[0].size() != 4 || lines[1][0] != "path") return std::nullopt;
    const auto kind = kind_of(lines[0][0]);
    const auto disk = dm::parse_device_number(lines[0][1]);
    const auto partition = number_of<std::uint32_t>(lines[0][2]);
    const std::string& owned = lines[0][3];
    if (!kind || !disk || !partition || (owned != "owned" && owned != "unowned"))
        return std::nullopt;
    FileErrand errand{
        *kind, *disk, *partition, owned == "owned", {lines[1].begin() + 1, lines[1].end()}, ""};
    if (!check_file_path(errand.path)) return std::nullopt;
    if (!errand.owned && errand.kind != FileErrand::Kind::Verify) return std::nullopt;
    if (errand.kind == FileErrand::Kind::Delete)
        return lines.size() == 2 ? std::optional(std::move(errand)) : std::nullopt;
    if (lines.size() != 3 || lines[2].size() != 2 || lines[2][0] != "data" ||
        lines[2][1].size() > kMostFileData)
        return std::nullopt;
    errand.data = lines[2][1];
    return errand;
}

Lines partition_lines(const std::vector<DiskPartition>& partitions) {
    Lines lines;
    for (const auto& each : partitions)
        lines.push_back({"partition", std::to_string(each.number), std::to_string(each.start),
                         std::to_string(each.size), each.file_system, each.content, each.label});
    return lines;
}

std::optional<std::string> read_content_lines(const Lines& lines) {
    if (lines.size() != 1 || lines[0].size() != 2 || lines[0][0] != "content" ||
        lines[0][1].size() > kLongestText)
        return std::nullopt;
    return lines[0][1];
}

std::optional<std::vector<DiskPartition>> read_partition_lines(const Lines& lines) {
    constexpr std::size_t longest = kLongestText;
    if (lines.size() > kMostPartitions + 1) return std::nullopt;
    std::vector<DiskPartition> partitions;
    for (const auto& words : lines) {
        if (words.size() != 7 || words[0] != "partition") return std::nullopt;
        const auto number = number_of<std::uint32_t>(words[1]);
        const auto start = number_of<std::uint64_t>(words[2]);
        const auto size = number_of<std::uint64_t>(words[3]);
        if (!number || !start || !size || words[4].size() > longest || words[5].size() > longest ||
            words[6].size() > longest)
            return std::nullopt;
        partitions.push_back({*number, *start, *size, words[4], words[5], words[6]});
    }
    return partitions;
}

} // namespace mpapi::disks
