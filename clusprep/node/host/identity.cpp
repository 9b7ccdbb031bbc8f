// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/host/identity.hpp"

#include "common/system/full_name.hpp"
#include "common/system/read_file.hpp"
#include "common/text/lines.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace mpapi::node {

namespace {

constexpr std::size_t kMostBytes = 65536; // of each file

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
    if (!configured_.empty()) return done(tidy_name(configured_));
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return done(csvp::Failure{csvp::Hresult::Failed, {"look up", "host name", "", errno}});
    done(mpapi::full_name(name.data(), read_file(files_.hosts, kMostBytes).value_or(""),
                          read_file(files_.resolv, kMostBytes).value_or("")));
}

} // namespace mpapi::node
