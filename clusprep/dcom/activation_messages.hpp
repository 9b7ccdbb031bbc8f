// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two activation interfaces: IActivation (MS-DCOM 3.1.2.5.2.3.1) of older clients, and
// IRemoteSCMActivator (3.1.2.5.2.3.2), whose requests and answers are wrapped as activation
// properties (activation_properties.hpp). Both are no object interfaces and yet have ORPCTHIS and
// ORPCTHAT as parameters; both fronts are left to orpc.hpp, as for object calls.
#pragma once

#include "clusprep/dcom/object_exporter_messages.hpp"
#include "clusprep/dcom/orpc.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::dcom {

inline constexpr ndr::Guid kActivationId = {
    0x4d9f4ab8, 0x7d1c, 0x11cf, {0x86, 0x1e, 0x00, 0x20, 0xaf, 0x6e, 0x7c, 0x57}};
inline constexpr ndr::Guid kScmActivatorId = {0x1a0, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};

// RPC_C_AUTHN_LEVEL_PKT_PRIVACY: what our objects ask for (pAuthnHint, authnHint).
inline constexpr std::uint32_t kAuthenticationHint = 6;

struct RemoteActivation {
    static constexpr std::uint16_t opnum = 0;
    static constexpr std::uint32_t kGetClassObject = 0xffffffff; // mode
    struct In {
        ndr::Guid clsid;
        std::optional<std::u16string> object_name;
        std::optional<InterfacePointer> object_storage;
        std::uint32_t impersonation = 0;
        std::uint32_t mode = 0;
        std::uint32_t count = 0;
        std::optional<std::vector<ndr::Guid>> iids;
        std::uint16_t protocol_count = 0;
        std::vector<std::uint16_t> protocols;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("Clsid", self.clsid);
            v("pwszObjectName", self.object_name);
            v("pObjectStorage", self.object_storage);
            v("ClientImpLevel", self.impersonation);
            v("Mode", self.mode);
            v("Interfaces", self.count);
            v.unique_conformant("pIIDs", self.iids, self.count);
            v("cRequestedProtseqs", self.protocol_count);
            v.conformant("aRequestedProtseqs", self.protocols, self.protocol_count);
        }
    };
    struct Out {
        ndr::Asked count;
        std::uint64_t oxid = 0;
        std::optional<DualStringStructure> bindings;
        ndr::Guid remote_unknown;
        std::uint32_t authentication_hint = 0;
        ComVersion version;
        std::uint32_t result = 0;
        std::vector<std::optional<InterfacePointer>> interfaces;
        std::vector<std::uint32_t> results;
        std::uint32_t error = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pOxid", self.oxid);
            v("ppdsaOxidBindings", self.bindings);
            v("pipidRemUnknown", self.remote_unknown);
            v("pAuthnHint", self.authentication_hint);
            v("pServerVersion", self.version);
            v("phr", self.result);
            v.conformant("ppInterfaceData", self.interfaces, self.count);
            v.conformant("pResults", self.results, self.count);
            v("error", self.error);
        }
    };
};

struct ActivatorOut {
    std::optional<InterfacePointer> properties;
    std::uint32_t result = 0;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("ppActProperties", self.properties);
        v("result", self.result);
    }
};

struct RemoteGetClassObject {
    static constexpr std::uint16_t opnum = 3;
    struct In {
        std::optional<InterfacePointer> properties;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pActProperties", self.properties);
        }
    };
    using Out = ActivatorOut;
};

struct RemoteCreateInstance {
    static constexpr std::uint16_t opnum = 4;
    struct In {
        std::optional<InterfacePointer> outer;
        std::optional<InterfacePointer> properties;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pUnkOuter", self.outer);
            v("pActProperties", self.properties);
        }
    };
    using Out = ActivatorOut;
};

} // namespace mpapi::dcom
