// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/files.hpp"

#include "common/system/read_file.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include <dirent.h>

namespace mpapi::multipathd {

namespace {

constexpr std::size_t largest_file = std::size_t{8} << 20U;
constexpr std::size_t largest_sum = std::size_t{32} << 20U;
constexpr std::size_t most_files = 512;
constexpr std::size_t most_entries = 65536;

std::vector<std::string> entries(const std::string& directory, std::size_t most) {
    const auto close = [](DIR* open) { ::closedir(open); };
    const std::unique_ptr<DIR, decltype(close)> open(::opendir(directory.c_str()), close);
    std::vector<std::string> names;
    while (open != nullptr && names.size() < most) {
        const dirent* entry = ::readdir(open.get());
        if (entry == nullptr) break;
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    return names;
}

// Calls take(word) for each piece between the separators that is not empty.
template <typename Take>
void for_each_piece(std::string_view text, std::string_view separators, Take take) {
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(separators), text.size());
        if (end > 0) take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

} // namespace

std::vector<TextFile> read_configuration(const std::string& root) {
    const std::string directory = "/etc/multipath/conf.d/";
    std::vector<std::string> names;
    for (std::string& name : entries(root + directory, most_entries))
        if (name.ends_with(".conf")) names.push_back(directory + name);
    std::sort(names.begin(), names.end());
    names.insert(names.begin(), "/etc/multipath.conf");

    std::vector<TextFile> files;
    std::size_t sum = 0;
    for (const std::string& name : names) {
        if (files.size() >= most_files) break;
        auto text = read_file(root + name, largest_file);
        if (!text) continue;
        sum += text->size();
        if (sum > largest_sum) break;
        files.push_back({name, *std::move(text)});
    }
    return files;
}

std::optional<std::set<std::string, std::less<>>> read_known_wwids(const std::string& root) {
    const auto text = read_file(root + "/etc/multipath/wwids", largest_file);
    if (!text) return std::nullopt;
    std::set<std::string, std::less<>> wwids;
    // "/36001405…/" on a line; comments start with '#'.
    for_each_piece(*text, "\n", [&](std::string_view line) {
        if (line.front() != '/' || wwids.size() >= most_entries) return;
        line.remove_prefix(1);
        const auto end = line.find('/');
        if (end != std::string_view::npos && end > 0) wwids.emplace(line.substr(0, end));
    });
    return wwids;
}

std::set<std::string, std::less<>> read_failed_wwids(const std::string& root) {
    auto names = entries(root + "/run/multipath/failed_wwids", most_entries);
    return {std::make_move_iterator(names.begin()), std::make_move_iterator(names.end())};
}

bool disabled_on_command_line(const std::string& root) {
    const auto text = read_file(root + "/proc/cmdline", largest_file);
    bool disabled = false;
    if (text)
        for_each_piece(*text, " \t\n", [&](std::string_view word) {
            disabled = disabled || word == "nompath" || word == "multipath=off";
        });
    return disabled;
}

} // namespace mpapi::multipathd
