// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/system/full_name.hpp"

#include "common/text/lines.hpp"

#include <algorithm>

namespace mpapi {

namespace {

constexpr std::size_t kLongestName = 253; // RFC 1035 2.3.4

bool same(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kLongestName && text.front() != '.' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_';
           });
}

std::string name_in_hosts(std::string_view name, std::string_view hosts) {
    std::string found;
    each_line(hosts, [&](std::string_view line) {
        next_word(line); // the address
        bool ours = false;
        std::string_view full;
        for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
            const bool dotted = word.find('.') != std::string_view::npos;
            ours =
                ours || same(word, name) || (dotted && same(word.substr(0, word.find('.')), name));
            if (full.empty() && dotted && is_name(word) &&
                same(word.substr(0, word.find('.')), name))
                full = word;
        }
        if (ours && !full.empty()) found = full;
        return !found.empty();
    });
    return found;
}

std::string domain_in_resolv(std::string_view resolv) {
    std::string found;
    each_line(resolv, [&](std::string_view line) {
        const std::string_view keyword = next_word(line);
        if (keyword != "search" && keyword != "domain") return false;
        const std::string_view domain = next_word(line);
        if (is_name(domain) && domain != ".") found = domain; // the last one counts
        return false;
    });
    return found;
}

} // namespace

std::string tidy_name(std::string_view name) {
    std::string made(name);
    while (made.ends_with('.'))
        made.pop_back();
    for (char& c : made)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return made;
}

std::string full_name(std::string_view name, std::string_view hosts, std::string_view resolv) {
    if (tidy_name(name).find('.') != std::string::npos) return tidy_name(name);
    if (const std::string found = name_in_hosts(name, hosts); !found.empty())
        return tidy_name(found);
    const std::string domain = domain_in_resolv(resolv);
    return tidy_name(domain.empty() ? std::string(name) : std::string(name) + "." + domain);
}

} // namespace mpapi
