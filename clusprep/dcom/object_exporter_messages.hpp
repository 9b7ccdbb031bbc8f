// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IObjectExporter (MS-DCOM 3.1.2.5.1), the object resolver's interface: no object interface, so
// without ORPCTHIS, and each method ends with a Win32 error code. Its parameters in opnum order.
#pragma once

#include "clusprep/dcom/dual_string_array.hpp"
#include "clusprep/dcom/orpc.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace mpapi::dcom {

inline constexpr ndr::Guid kObjectExporterId = {
    0x99fcfec4, 0x5260, 0x101b, {0xbb, 0xcb, 0x00, 0xaa, 0x00, 0x21, 0x34, 0x7a}};

// DUALSTRINGARRAY as a structure of NDR (MS-DCOM 2.2.19.2).
struct DualStringStructure {
    std::uint16_t count = 0;
    std::uint16_t security_offset = 0;
    std::vector<std::uint16_t> entries;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("wNumEntries", self.count);
        v("wSecurityOffset", self.security_offset);
        v.conformant("aStringArray", self.entries, self.count);
    }
    bool operator==(const DualStringStructure&) const = default;
};

inline DualStringStructure to_structure(const DualStringArray& bindings) {
    DualStringEntries entries = to_entries(bindings);
    return {static_cast<std::uint16_t>(entries.entries.size()), entries.security_offset,
            std::move(entries.entries)};
}

inline Result<DualStringArray> from_structure(const DualStringStructure& structure) {
    return from_entries(structure.entries, structure.security_offset);
}

// Parameters without any.
struct Nothing {
    template <typename Visitor, typename Self>
    static void ndr(Visitor&, Self&) {}
};

struct ResolveOxidIn {
    std::uint64_t oxid = 0;
    std::uint16_t protocol_count = 0;
    std::vector<std::uint16_t> protocols;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("pOxid", self.oxid);
        v("cRequestedProtseqs", self.protocol_count);
        v.conformant("arRequestedProtseqs", self.protocols, self.protocol_count);
    }
};

struct ResolveOxid {
    static constexpr std::uint16_t opnum = 0;
    using In = ResolveOxidIn;
    struct Out {
        std::optional<DualStringStructure> bindings;
        ndr::Guid remote_unknown;
        std::uint32_t authentication_hint = 0;
        std::uint32_t error = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("ppdsaOxidBindings", self.bindings);
            v("pipidRemUnknown", self.remote_unknown);
            v("pAuthnHint", self.authentication_hint);
            v("error", self.error);
        }
    };
};

struct SimplePing {
    static constexpr std::uint16_t opnum = 1;
    struct In {
        std::uint64_t set = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pSetId", self.set);
        }
    };
    struct Out {
        std::uint32_t error = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("error", self.error);
        }
    };
};

struct ComplexPing {
    static constexpr std::uint16_t opnum = 2;
    struct In {
        std::uint64_t set = 0;
        std::uint16_t sequence = 0;
        std::uint16_t add_count = 0;
        std::uint16_t remove_count = 0;
        std::optional<std::vector<std::uint64_t>> add;
        std::optional<std::vector<std::uint64_t>> remove;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pSetId", self.set);
            v("SequenceNum", self.sequence);
            v("cAddToSet", self.add_count);
            v("cDelFromSet", self.remove_count);
            v.unique_conformant("AddToSet", self.add, self.add_count);
            v.unique_conformant("DelFromSet", self.remove, self.remove_count);
        }
    };
    struct Out {
        std::uint64_t set = 0;
        std::uint16_t backoff = 0; // pPingBackoffFactor: 0, each period
        std::uint32_t error = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pSetId", self.set);
            v("pPingBackoffFactor", self.backoff);
            v("error", self.error);
        }
    };
};

struct ServerAlive {
    static constexpr std::uint16_t opnum = 3;
    using In = Nothing;
    using Out = SimplePing::Out;
};

struct ResolveOxid2 {
    static constexpr std::uint16_t opnum = 4;
    using In = ResolveOxidIn;
    struct Out {
        std::optional<DualStringStructure> bindings;
        ndr::Guid remote_unknown;
        std::uint32_t authentication_hint = 0;
        ComVersion version;
        std::uint32_t error = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("ppdsaOxidBindings", self.bindings);
            v("pipidRemUnknown", self.remote_unknown);
            v("pAuthnHint", self.authentication_hint);
            v("pComVersion", self.version);
            v("error", self.error);
        }
    };
};

struct ServerAlive2 {
    static constexpr std::uint16_t opnum = 5;
    using In = Nothing;
    struct Out {
        ComVersion version;
        std::optional<DualStringStructure> bindings; // ppdsaOrBindings
        std::uint32_t reserved = 0;
        std::uint32_t error = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("pComVersion", self.version);
            v("ppdsaOrBindings", self.bindings);
            v("pReserved", self.reserved);
            v("error", self.error);
        }
    };
};

} // namespace mpapi::dcom
