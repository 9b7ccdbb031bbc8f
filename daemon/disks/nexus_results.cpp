// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/nexus_results.hpp"

#include <algorithm>
#include <cerrno>

namespace mpapi::disks {

namespace {

// Without the text of an errno that says less than the reason.
std::string text_of(const Error& why) {
    return Error{why.action, why.object, why.reason, why.reason.empty() ? why.errnum : 0}.message();
}

template <typename Counts>
std::string told(const std::vector<NexusResult>& results, Counts counts) {
    std::string text;
    for (const auto& each : results)
        if (!each.status && counts(each))
            text += (text.empty() ? "" : "; ") + each.nexus.device + " (" +
                    each.nexus.initiator_port + " to " + each.nexus.target_port +
                    "): " + text_of(each.status.error());
    return text;
}

} // namespace

Status outcome_of(const std::vector<NexusResult>& results) {
    if (results.empty()) return Error{"use disk", "", "it has no path", ENODEV};
    const bool some =
        std::any_of(results.begin(), results.end(), [](const auto& each) { return !!each.status; });
    const auto counts = [some](const NexusResult& each) { return each.nexus.usable || !some; };
    const NexusResult* worst = nullptr;
    for (const auto& each : results) {
        if (each.status || !counts(each)) continue;
        const bool conflict = each.status.error().errnum == EBADE;
        if (!worst || (conflict && worst->status.error().errnum != EBADE)) worst = &each;
    }
    if (!worst) return Done{};
    return Error{"reach every path", "", told(results, counts), worst->status.error().errnum};
}

std::string failures_of(const std::vector<NexusResult>& results) {
    return told(results, [](const NexusResult&) { return true; });
}

} // namespace mpapi::disks
