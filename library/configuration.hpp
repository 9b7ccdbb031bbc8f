// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The text of mpapi.conf(5): one plugin a line, "<id><blanks><absolute path>". Bytes in, values
// out; every text has a meaning.
//
// Blanks are spaces, tabs and a carriage return. They may lead and trail; inside the path they
// belong to it. A line whose first other character is '#' is a comment. A line without an absolute
// path, or with a NUL, names no plugin. Ids are compared byte by byte and as a whole; of several
// lines with one id the first counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::library {

struct Entry {
    std::string id;
    std::string file;
    bool operator==(const Entry&) const = default;
};

std::vector<Entry> entries_of(std::string_view text);

// The text with that plugin: its line is replaced, or one is added at the end. An empty text gets
// its opening comment. All other lines stay as they are.
std::string with_entry(std::string_view text, const Entry& entry);

// The text without the lines of that id; nothing if there is none.
std::optional<std::string> without_entry(std::string_view text, std::string_view id);

// What MP_RegisterPlugin takes, as UTF-8. At most 256 elements are read. Nothing if it does not end
// by then, is empty, is not Unicode, or if a line with it would not be read back as written.
std::optional<std::string> id_of(const wchar_t* name);
std::optional<std::string> file_of(const char* name);

} // namespace mpapi::library
