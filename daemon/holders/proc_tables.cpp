// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/holders/proc_tables.hpp"

#include <algorithm>
#include <optional>

namespace mpapi::holders {

namespace {

// The text up to `end`, which is taken off `rest` with it; all of it where there is none.
std::string_view up_to(char end, std::string_view& rest) {
    const auto at = std::min(rest.find(end), rest.size());
    const auto front = rest.substr(0, at);
    rest.remove_prefix(std::min(at + 1, rest.size()));
    return front;
}

template <typename Take>
void for_each_line(std::string_view text, Take&& take) {
    while (!text.empty())
        take(up_to('\n', text));
}

// "36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/root rw": id, parent, number, root,
// point, options, any number of optional fields, a hyphen, type, source, options of the superblock.
std::optional<Mount> parse_mount(std::string_view line) {
    up_to(' ', line);
    up_to(' ', line);
    const auto number = dm::parse_device_number(up_to(' ', line));
    if (!number) return std::nullopt;
    up_to(' ', line);
    Mount mount;
    mount.number = *number;
    mount.point = unescape_octal(up_to(' ', line));
    up_to(' ', line);
    while (!line.empty() && up_to(' ', line) != "-") {
    }
    mount.type = unescape_octal(up_to(' ', line));
    mount.source = unescape_octal(up_to(' ', line));
    if (mount.point.empty() || mount.type.empty()) return std::nullopt;
    return mount;
}

// "/dev/dm-3                               partition\t8388604\t\t0\t\t-2" (mm/swapfile.c,
// swap_show()), below a line of headings.
std::optional<Swap> parse_swap(std::string_view line) {
    const auto end = line.find_first_of(" \t");
    if (end == 0 || end == std::string_view::npos || line.front() != '/') return std::nullopt;
    const auto type = line.find_first_not_of(" \t", end);
    if (type == std::string_view::npos) return std::nullopt;
    const auto type_end = line.find_first_of(" \t", type);
    return Swap{unescape_octal(line.substr(0, end)),
                line.substr(type, std::min(type_end, line.size()) - type) == "partition"};
}

} // namespace

std::string unescape_octal(std::string_view text) {
    const auto digit = [&](std::size_t at) {
        return at < text.size() && text[at] >= '0' && text[at] <= '7' ? text[at] - '0' : -1;
    };
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const int value = text[at] == '\\' && digit(at + 1) >= 0 && digit(at + 1) <= 3 &&
                                  digit(at + 2) >= 0 && digit(at + 3) >= 0
                              ? digit(at + 1) * 64 + digit(at + 2) * 8 + digit(at + 3)
                              : -1;
        plain += value < 0 ? text[at] : static_cast<char>(value);
        if (value >= 0) at += 3;
    }
    return plain;
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
    std::vector<Mount> mounts;
    for_each_line(text, [&](std::string_view line) {
        if (auto mount = parse_mount(line)) mounts.push_back(*std::move(mount));
    });
    return mounts;
}

std::vector<Swap> parse_swaps(std::string_view text) {
    std::vector<Swap> swaps;
    for_each_line(text, [&](std::string_view line) {
        if (auto swap = parse_swap(line)) swaps.push_back(*std::move(swap));
    });
    return swaps;
}

} // namespace mpapi::holders
