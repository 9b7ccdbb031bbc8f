// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/answering.hpp"

namespace mpapi::dcom {

std::optional<std::span<const std::uint8_t>> object_parameters(std::span<const std::uint8_t> stub,
                                                               rpc::Reply& reply) {
    const auto request = split_request(stub);
    if (!request) {
        reply.fault(rpc::fault::bad_stub_data);
        return std::nullopt;
    }
    // Any minor version: what is newer than ours adds nothing that a server must understand.
    if (request->front.version.major != ComVersion().major) {
        reply.fault(kVersionMismatch);
        return std::nullopt;
    }
    return request->parameters;
}

} // namespace mpapi::dcom
