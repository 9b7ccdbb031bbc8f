// SPDX-License-Identifier: LGPL-2.1-or-later
#include "library/configuration.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace mpapi::library {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::size_t longest_name = 256; // with its end

constexpr std::string_view opening = "# Plugins of the Multipath Management API: an id, a tab, the "
                                     "absolute path of a shared object.\n"
                                     "# Programs change this file with MP_RegisterPlugin and "
                                     "MP_DeregisterPlugin; see mpapi.conf(5).\n";

// The first line of `text`, which loses it.
std::string_view take_line(std::string_view& text) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

struct Line {
    std::string_view id;
    std::string_view file; // may be empty or no path at all
};

// Nothing for a comment, an empty line and one that is not text.
std::optional<Line> parse(std::string_view line) {
    if (line.find('\0') != std::string_view::npos) return std::nullopt;
    const auto begin = line.find_first_not_of(blanks);
    if (begin == std::string_view::npos || line[begin] == '#') return std::nullopt;
    line = line.substr(begin, line.find_last_not_of(blanks) + 1 - begin);
    const auto id_end = line.find_first_of(blanks);
    if (id_end == std::string_view::npos) return Line{line, {}};
    return Line{line.substr(0, id_end), line.substr(line.find_first_not_of(blanks, id_end))};
}

bool is_of(std::string_view line, std::string_view id) {
    const auto parsed = parse(line);
    return parsed && parsed->id == id;
}

bool control(char32_t character) {
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

bool append_utf8(std::string& text, char32_t character) {
    if (character > 0x10ffff || (character >= 0xd800 && character < 0xe000)) return false;
    const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
    const auto follow = [&](int shift) { put(0x80 | ((character >> shift) & 0x3f)); };
    if (character < 0x80) {
        put(character);
    } else if (character < 0x800) {
        put(0xc0 | (character >> 6));
        follow(0);
    } else if (character < 0x10000) {
        put(0xe0 | (character >> 12));
        follow(6);
        follow(0);
    } else {
        put(0xf0 | (character >> 18));
        follow(12);
        follow(6);
        follow(0);
    }
    return true;
}

} // namespace

std::vector<Entry> entries_of(std::string_view text) {
    std::vector<Entry> entries;
    while (!text.empty()) {
        const auto line = parse(take_line(text));
        if (!line || !line->file.starts_with('/')) continue;
        const bool known = std::any_of(entries.begin(), entries.end(),
                                       [&](const Entry& entry) { return entry.id == line->id; });
        if (!known) entries.push_back({std::string(line->id), std::string(line->file)});
    }
    return entries;
}

std::string with_entry(std::string_view text, const Entry& entry) {
    const std::string line = entry.id + '\t' + entry.file + '\n';
    std::string edited(text.empty() ? opening : std::string_view());
    bool placed = false;
    while (!text.empty()) {
        const auto old = take_line(text);
        if (!is_of(old, entry.id))
            edited.append(old) += '\n';
        else if (!std::exchange(placed, true))
            edited += line;
    }
    return placed ? edited : edited + line;
}

std::optional<std::string> without_entry(std::string_view text, std::string_view id) {
    std::string edited;
    bool found = false;
    while (!text.empty()) {
        const auto line = take_line(text);
        if (is_of(line, id))
            found = true;
        else
            edited.append(line) += '\n';
    }
    if (!found) return std::nullopt;
    return edited;
}

std::optional<std::string> id_of(const wchar_t* name) {
    std::string id;
    std::size_t length = 0;
    for (; name[length] != L'\0'; ++length) {
        if (length + 1 == longest_name) return std::nullopt;
        const auto character = static_cast<char32_t>(name[length]);
        if (character == ' ' || control(character) || !append_utf8(id, character))
            return std::nullopt;
    }
    if (id.empty() || id.front() == '#') return std::nullopt;
    return id;
}

std::optional<std::string> file_of(const char* name) {
    const auto* const end = std::find(name, name + longest_name, '\0');
    if (end == name + longest_name) return std::nullopt;
    const std::string_view file(name, static_cast<std::size_t>(end - name));
    const auto is_control = [](char byte) {
        const auto value = static_cast<unsigned char>(byte);
        return value < 0x20 || value == 0x7f; // beyond: bytes of whatever encoding the file has
    };
    if (!file.starts_with('/') || file.ends_with(' ')) return std::nullopt;
    if (std::any_of(file.begin(), file.end(), is_control)) return std::nullopt;
    return std::string(file);
}

} // namespace mpapi::library
