// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The syntax of multipath.conf(5), as administrators write it and as `multipathd show config`
// prints it: sections of attributes, one attribute a line.
//
// The daemon that obeys these files is multipathd, so they are read as it reads them
// (multipath-tools 0.9.4, libmultipath/parser.c), its forgiving ways included:
//   - a value is one word, or one string in double quotes in which "" stands for a quote; what
//   comes
//     behind it is ignored; '#' and '!' outside of quotes start a comment; a character outside of
//     ASCII separates words like a blank;
//   - a section keyword opens its section even if the '{' is missing;
//   - an unknown keyword is skipped alone: in `foo {` the lines that follow belong to the section
//     around it, and the next '}' closes that section;
//   - at the end of the file every open section is closed.
// Each of these is reported as a problem with its line. Deviation: multipathd cuts lines at 1023
// characters and reads the rest as a line of its own; here a line has no such limit.
//
// Pure functions, any thread.
#pragma once

#include "common/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::multipath_conf {

struct Attribute {
    std::string key;
    std::string value;
    std::uint32_t line = 0; // from 1

    bool operator==(const Attribute&) const = default;
};

// "defaults", "blacklist", "blacklist_exceptions", "devices", "overrides" or "multipaths"; inside
// of them "device", "protocol" and "multipath".
struct Section {
    std::string name;
    std::uint32_t line = 0;
    std::vector<Attribute> attributes; // in file order, repeated keys included
    std::vector<Section> subsections;

    // The value that counts: of a repeated key the last one. nullptr if there is none.
    const Attribute* find(std::string_view key) const noexcept;

    bool operator==(const Section&) const = default;
};

struct Problem {
    std::uint32_t line = 0;
    std::string text;

    bool operator==(const Problem&) const = default;
};

struct ConfFile {
    std::string name; // "/etc/multipath.conf"
    std::vector<Section> sections;
    std::vector<Problem> problems; // the first hundred

    bool operator==(const ConfFile&) const = default;
};

// Larger texts are refused; `show config` of 0.9.4 with all its built-in devices has 23 kB, and 10
// 000 multipath sections have 1 to 2 MB.
inline constexpr std::size_t largest_text = std::size_t{32} << 20U;

// `name` is kept for messages and origins. Fails only for a text that is too large.
Result<ConfFile> parse(std::string name, std::string_view text);

// `value` as it is written in such a file, in quotes.
std::string quote(std::string_view value);

} // namespace mpapi::multipath_conf
