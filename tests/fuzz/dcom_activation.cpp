// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Activation properties, a client's and a server's: what was read is built to bytes that read the
// same, and nothing is longer than its limits.
#include "clusprep/dcom/activation_properties.hpp"

#include <cstdlib>

using namespace mpapi::dcom;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (const auto request = parse_activation_request({data, size})) {
        if (request->iids.empty() || request->iids.size() > kMostInterfaces) std::abort();
        const auto built = build_activation_request(*request);
        if (!built) std::abort();
        const auto again = parse_activation_request(*built);
        if (!again || !(*again == *request)) std::abort();
    }
    if (const auto reply = parse_activation_reply({data, size})) {
        if (reply->interfaces.empty() || reply->interfaces.size() > kMostInterfaces) std::abort();
        const auto built = build_activation_reply(*reply);
        if (!built) std::abort();
        const auto again = parse_activation_reply(*built);
        if (!again || !(*again == *reply)) std::abort();
    }
    return 0;
}
