// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/presentation.hpp"

#include <algorithm>

namespace mpapi::rpc {

namespace {

// MS-RPCE 2.2.2.14. Its last eight bytes are the features that the client has.
constexpr SyntaxId feature_prefix = {"6cb71c2c-9812-4540-0000-000000000000"_guid, 1, 0};
constexpr std::uint8_t security_context_multiplexing = 0x01;
constexpr std::uint8_t keep_connection_on_orphan = 0x02;
constexpr std::uint8_t our_features = security_context_multiplexing | keep_connection_on_orphan;

bool asks_for_features(const SyntaxId& syntax) {
    return syntax.uuid.data1 == feature_prefix.uuid.data1 &&
           syntax.uuid.data2 == feature_prefix.uuid.data2 &&
           syntax.uuid.data3 == feature_prefix.uuid.data3 && syntax.major == feature_prefix.major;
}

ContextResult rejected(std::uint16_t reason) {
    return {ContextResult::provider_rejection, reason, {}};
}

} // namespace

std::vector<ContextResult> PresentationContexts::negotiate(const std::vector<ContextItem>& items) {
    std::vector<ContextResult> results;
    results.reserve(items.size());
    for (const auto& item : items)
        results.push_back(negotiate(item));
    return results;
}

ContextResult PresentationContexts::negotiate(const ContextItem& item) {
    if (!item.transfer.empty() && asks_for_features(item.transfer.front()))
        return {ContextResult::negotiate_ack,
                static_cast<std::uint16_t>(item.transfer.front().uuid.data4[0] & our_features),
                {}};
    Interface* const interface = find_(item.abstract);
    if (!interface) return rejected(ContextResult::abstract_syntax_unsupported);
    if (std::find(item.transfer.begin(), item.transfer.end(), ndr_syntax) == item.transfer.end())
        return rejected(ContextResult::transfer_syntaxes_unsupported);
    const auto known = contexts_.find(item.id);
    // A number keeps its meaning: a call under way may refer to it.
    if (known != contexts_.end() && known->second != interface)
        return rejected(ContextResult::reason_not_specified);
    if (known == contexts_.end()) {
        if (contexts_.size() >= most_) return rejected(ContextResult::local_limit_exceeded);
        contexts_.emplace(item.id, interface);
    }
    return {ContextResult::accepted, 0, ndr_syntax};
}

Interface* PresentationContexts::find(std::uint16_t id) const {
    const auto found = contexts_.find(id);
    return found == contexts_.end() ? nullptr : found->second;
}

} // namespace mpapi::rpc
