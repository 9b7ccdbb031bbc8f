// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/disabled_record.hpp"

#include "common/system/read_file.hpp"
#include "common/system/replace_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <optional>

namespace mpapi::paths {
namespace {

constexpr std::string_view kHeader =
    "# Paths that are kept out of use: udev reads this for each disk that appears.\n"
    "# Written by mpapid, which does not look at what others change here. To use a path again:\n"
    "#     mpathadm enable path -i INITIATOR-PORT -t TARGET-PORT -l LOGICAL-UNIT\n"
    "# Without mpapid: take its line out, then\n"
    "#     udevadm trigger --settle --subsystem-match=block && multipathd add path DISK\n"
    "#\n"
    "# unit (VPD 83h), initiator port, target port, LUN; %20 stands for a blank, and so on\n";

constexpr std::string_view kBlanks = " \t";

// `text` has the three characters of "%20".
std::optional<char> decoded(std::string_view text) {
    unsigned byte = 0;
    const auto* begin = text.data() + 1;
    const auto* end = text.data() + text.size();
    if (text.size() != 3) return std::nullopt;
    const auto parsed = std::from_chars(begin, end, byte, 16);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return static_cast<char>(byte);
}

bool stands_for_itself(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f && c != '%' && c != '#';
}

std::optional<std::string> take_field(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    const std::string_view raw = line.substr(0, line.find_first_of(kBlanks));
    line.remove_prefix(raw.size());
    if (raw.size() > 3 * kLongestDisabledField) return std::nullopt;
    std::string field;
    field.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size(); ++at) {
        if (raw[at] == '%') {
            const auto byte = decoded(raw.substr(at, 3));
            if (!byte) return std::nullopt;
            field += *byte;
            at += 2;
        } else if (stands_for_itself(raw[at])) {
            field += raw[at];
        } else {
            return std::nullopt;
        }
    }
    if (field.empty() || field.size() > kLongestDisabledField) return std::nullopt;
    return field;
}

std::optional<std::uint64_t> parse_lun(std::string_view text) {
    std::uint64_t lun = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, lun);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return lun;
}

std::optional<PathName> parse_line(std::string_view line) {
    auto unit = take_field(line);
    auto initiator = take_field(line);
    auto target = take_field(line);
    const auto last = take_field(line);
    const auto lun = last ? parse_lun(*last) : std::nullopt;
    const bool more = line.find_first_not_of(kBlanks) != std::string_view::npos;
    if (!unit || !initiator || !target || !lun || more) return std::nullopt;
    return PathName{std::move(*unit), std::move(*initiator), std::move(*target), *lun};
}

void append_field(std::string& text, std::string_view field) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : field) {
        if (stands_for_itself(c)) {
            text += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        text += '%';
        text += digits[byte >> 4];
        text += digits[byte & 0xf];
    }
    text += ' ';
}

} // namespace

DisabledRecord parse_disabled_record(std::string_view text) {
    DisabledRecord record;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (number > kMostRecordLines) {
            record.damaged_lines.push_back(number);
            break;
        }
        const auto first = line.find_first_not_of(kBlanks);
        if (first == std::string_view::npos || line[first] == '#') continue;
        const bool room = record.paths.size() < kMostDisabledPaths;
        auto path = room ? parse_line(line) : std::nullopt;
        if (path)
            record.paths.insert(record.paths.end(), std::move(*path));
        else
            record.damaged_lines.push_back(number);
    }
    return record;
}

Result<std::string> build_disabled_record(const std::set<PathName>& paths) {
    constexpr const char* action = "record disabled paths";
    if (paths.size() > kMostDisabledPaths)
        return Error{action, "", "more than " + std::to_string(kMostDisabledPaths) + " paths"};
    std::string text(kHeader);
    for (const PathName& path : paths) {
        for (const auto* field : {&path.unit_name, &path.initiator_port, &path.target_port}) {
            if (field->empty() || field->size() > kLongestDisabledField)
                return Error{action, path.initiator_port + ", " + path.target_port,
                             field->empty() ? "a part of the path's name is not known"
                                            : "a part of the path's name is too long"};
            append_field(text, *field);
        }
        text += std::to_string(path.lun) + "\n";
    }
    if (text.size() > kDisabledRecordLimit) return Error{action, "", "the record is too large"};
    return text;
}

Result<DisabledRecord> read_disabled_record(const std::string& path) {
    const auto text = read_file(path, kDisabledRecordLimit);
    if (text) return parse_disabled_record(*text);
    if (text.error().errnum == ENOENT) return DisabledRecord{};
    return text.error();
}

Status write_disabled_record(const std::string& path, const std::set<PathName>& paths) {
    if (paths.empty()) return remove_file(path);
    const auto text = build_disabled_record(paths);
    if (!text) return text.error();
    return replace_file(path, *text, 0644); // it keeps no secret
}

} // namespace mpapi::paths
