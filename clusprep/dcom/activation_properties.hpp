// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The activation properties of IRemoteSCMActivator (MS-DCOM 2.2.22): a custom OBJREF whose data is
// a header and a row of properties, each serialized by itself (MS-RPCE 2.2.6).
//
// Of a request two properties count: InstantiationInfo (which class, which interfaces), without
// which there is nothing to do, and ScmRequestInfo (which protocols the client speaks). The others
// (security, location, context, special system properties) tell a Windows server about sessions,
// apartments and partitions that do not exist here; they are enclosed, not read. A reply has the
// two that clients look for, in the order in which the older ones expect them: PropsOutInfo, then
// ScmReplyInfo.
#pragma once

#include "clusprep/dcom/dual_string_array.hpp"
#include "clusprep/dcom/object_reference.hpp"
#include "clusprep/dcom/orpc.hpp"
#include "clusprep/dcom/status.hpp"
#include "clusprep/rpc/ndr/guid.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mpapi::dcom {

struct ActivationRequest {
    ndr::Guid clsid;
    ComVersion version;
    std::vector<ndr::Guid> iids;
    std::vector<std::uint16_t> protocols; // empty: the client named none
    bool operator==(const ActivationRequest&) const = default;
};

struct ActivationReply {
    struct Interface {
        ndr::Guid iid;
        HResult result = kOk;
        std::optional<StandardObject> object; // where `result` is kOk
        bool operator==(const Interface&) const = default;
    };
    std::vector<Interface> interfaces;
    std::uint64_t oxid = 0;
    DualStringArray bindings; // of the exporter, with its port
    ndr::Guid remote_unknown;
    std::uint32_t authentication_hint = 0;
    ComVersion version;
    bool operator==(const ActivationReply&) const = default;
};

// Of at most kMostInterfaces interfaces and kMostProperties properties: more is malformed.
constexpr std::uint32_t kMostInterfaces = 128;
constexpr std::uint32_t kMostProperties = 10; // MAX_ACTPROP_LIMIT, MS-DCOM 2.2.28.1

// The bytes are those of the OBJREF.
Result<std::vector<std::uint8_t>> build_activation_request(const ActivationRequest& request);
Result<ActivationRequest> parse_activation_request(std::span<const std::uint8_t> bytes);

Result<std::vector<std::uint8_t>> build_activation_reply(const ActivationReply& reply);
Result<ActivationReply> parse_activation_reply(std::span<const std::uint8_t> bytes);

} // namespace mpapi::dcom
