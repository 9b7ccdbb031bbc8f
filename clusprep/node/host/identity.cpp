// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/host/identity.hpp"

#include "common/system/read_file.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace mpapi::node {

namespace {

constexpr std::size_t kMostBytes = 65536; // of each file
constexpr std::size_t kLongestName = 253; // RFC 1035 2.3.4

// Calls for each line without its comment, until one says that it was the one.
template <typename Use>
void each_line(std::string_view text, const Use& use) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (use(line.substr(0, line.find('#')))) return;
    }
}

std::string_view next_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r";
    const std::size_t begin = std::min(line.find_first_not_of(blanks), line.size());
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(blanks), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

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

std::string tidy(std::string_view name) {
    std::string made(name);
    while (made.ends_with('.'))
        made.pop_back();
    for (char& c : made)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return made;
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

std::optional<csvp::Versions> two_numbers(std::string_view text) {
    csvp::Versions versions;
    const char* end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, versions.major);
    if (error != std::errc()) return std::nullopt;
    if (after != end && *after == '.')
        std::from_chars(after + 1, end, versions.minor); // 0 where there is no number
    return versions;
}

} // namespace

std::optional<csvp::Versions> version_of_release(std::string_view os_release) {
    std::optional<csvp::Versions> found;
    each_line(os_release, [&](std::string_view line) {
        constexpr std::string_view key = "VERSION_ID=";
        if (!line.starts_with(key)) return false;
        line.remove_prefix(key.size());
        if (line.starts_with('"') || line.starts_with('\'')) line.remove_prefix(1);
        found = two_numbers(line);
        return false; // the last one counts
    });
    return found;
}

std::optional<csvp::Versions> version_of_kernel(std::string_view release) {
    return two_numbers(release);
}

std::string full_name(std::string_view name, std::string_view hosts, std::string_view resolv) {
    if (tidy(name).find('.') != std::string::npos) return tidy(name);
    if (const std::string found = name_in_hosts(name, hosts); !found.empty()) return tidy(found);
    const std::string domain = domain_in_resolv(resolv);
    return tidy(domain.empty() ? std::string(name) : std::string(name) + "." + domain);
}

HostIdentity::HostIdentity(Files files, std::string configured)
  : files_(std::move(files))
  , configured_(std::move(configured)) {
    auto found = version_of_release(read_file(files_.os_release, kMostBytes).value_or(""));
    utsname kernel{};
    if (!found && ::uname(&kernel) == 0) found = version_of_kernel(kernel.release);
    versions_ = found.value_or(csvp::Versions());
}

csvp::Versions HostIdentity::versions() const {
    return versions_;
}

void HostIdentity::full_name(csvp::Completion<std::string> done) {
    if (!configured_.empty()) return done(tidy(configured_));
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return done(csvp::Failure{csvp::Hresult::Failed, {"look up", "host name", "", errno}});
    done(node::full_name(name.data(), read_file(files_.hosts, kMostBytes).value_or(""),
                         read_file(files_.resolv, kMostBytes).value_or("")));
}

} // namespace mpapi::node
