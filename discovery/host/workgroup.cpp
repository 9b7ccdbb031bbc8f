// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/host/workgroup.hpp"

#include "discovery/wire/ascii.hpp"

namespace mpapi::discovery {

namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Names of parameters are without case and without spaces.
std::string parameter(std::string_view text) {
    std::string name = upper(text);
    std::erase_if(name, [](char c) { return c == ' ' || c == '\t'; });
    return name;
}

} // namespace

std::string workgroup_in(std::string_view smb_conf) {
    std::string found;
    bool global = true; // before the first section, too
    while (!smb_conf.empty()) {
        const auto end = std::min(smb_conf.find('\n'), smb_conf.size());
        const std::string_view line = trim(smb_conf.substr(0, end));
        smb_conf.remove_prefix(std::min(end + 1, smb_conf.size()));
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        if (line.front() == '[') {
            global = same_name(trim(line.substr(1, line.find(']') - 1)), "global");
            continue;
        }
        const auto equals = line.find('=');
        if (!global || equals == std::string_view::npos) continue;
        if (parameter(line.substr(0, equals)) == "WORKGROUP")
            found = trim(line.substr(equals + 1)); // the last one counts
    }
    return found;
}

} // namespace mpapi::discovery
