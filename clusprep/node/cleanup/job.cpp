// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/cleanup/job.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace mpapi::node {

namespace {

constexpr std::string_view kFirstLine = "clusprep cleanup 1\n";

// "key value\n"; what follows it is left in `rest`.
std::string_view value_of(std::string_view& rest, std::string_view key) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    if (end == std::string_view::npos || line.size() <= key.size() || !line.starts_with(key) ||
        line[key.size()] != ' ')
        return {};
    rest.remove_prefix(end + 1);
    return line.substr(key.size() + 1);
}

} // namespace

std::string text(const CleanupJob& job) {
    return std::string(kFirstLine) + "due " + std::to_string(job.due) + "\nstop_service " +
           (job.stop_service ? "yes" : "no") + "\nwait_for_service " +
           (job.wait_for_service ? "yes" : "no") + "\n";
}

Result<CleanupJob> parse_cleanup_job(std::string_view text) {
    const Error wrong{"read", "cleanup job", "it is not one that this version wrote"};
    if (!text.starts_with(kFirstLine)) return wrong;
    text.remove_prefix(kFirstLine.size());
    CleanupJob job;
    const std::string_view due = value_of(text, "due");
    const auto [end, error] = std::from_chars(due.data(), due.data() + due.size(), job.due);
    if (due.empty() || error != std::errc() || end != due.data() + due.size() || job.due < 0)
        return wrong;
    const std::string_view stop = value_of(text, "stop_service");
    const std::string_view wait = value_of(text, "wait_for_service");
    for (const std::string_view word : {stop, wait})
        if (word != "yes" && word != "no") return wrong;
    if (!text.empty()) return wrong;
    job.stop_service = stop == "yes";
    job.wait_for_service = wait == "yes";
    return job;
}

CleanupJob joined(const CleanupJob& a, const CleanupJob& b) {
    CleanupJob both;
    both.due = std::min(a.due, b.due);
    both.stop_service = a.stop_service || b.stop_service;
    // Only who stops the service waits for it.
    both.wait_for_service =
        (a.stop_service && a.wait_for_service) || (b.stop_service && b.wait_for_service);
    return both;
}

} // namespace mpapi::node
