// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The endpoint mapper's interface, ept (C706 appendix O), version 3.0: the methods that a client
// calls over the wire. Its [ptr] pointers are read as unique ones, for no client sends aliases.
#pragma once

#include "clusprep/rpc/ndr/ndr.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace mpapi::dcom {

inline constexpr ndr::Guid kEndpointMapId = {
    0xe1af8308, 0x5d1f, 0x11c9, {0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}};

// Statuses of C706 appendix E.
inline constexpr std::uint32_t kEndpointNotRegistered = 0x16c9a0d6; // ept_s_not_registered
inline constexpr std::uint32_t kInvalidContext = 0x16c9a0d5;        // ept_s_invalid_context

// twr_t: build_tower()'s bytes.
struct TowerOctets {
    std::uint32_t length = 0;
    std::vector<std::uint8_t> octets;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("tower_length", self.length);
        v.conformant("tower_octet_string", self.octets, self.length);
    }
};

// ept_lookup_handle_t on the wire: a context handle.
struct LookupHandle {
    std::uint32_t attributes = 0;
    ndr::Guid uuid;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("context_handle_attributes", self.attributes);
        v("context_handle_uuid", self.uuid);
    }
    bool operator==(const LookupHandle&) const = default;
};

// rpc_if_id_t
struct InterfaceId {
    ndr::Guid uuid;
    std::uint16_t major = 0;
    std::uint16_t minor = 0;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("uuid", self.uuid);
        v("vers_major", self.major);
        v("vers_minor", self.minor);
    }
};

// ept_entry_t. Its annotation is a string in a fixed array of 64, so without a conformance; ours
// are all empty, which makes them one byte.
struct EndpointEntry {
    ndr::Guid object;
    std::optional<TowerOctets> tower;
    std::uint32_t annotation_offset = 0;
    std::uint32_t annotation_length = 1;
    std::array<char, 1> annotation{};

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("object", self.object);
        v("tower", self.tower);
        v("annotation_offset", self.annotation_offset);
        v("annotation_length", self.annotation_length);
        v("annotation", self.annotation);
    }
};

struct EptLookup {
    static constexpr std::uint16_t opnum = 2;
    struct In {
        std::uint32_t inquiry = 0; // 0 all, 1 by interface, 2 by object, 3 by both
        std::optional<ndr::Guid> object;
        std::optional<InterfaceId> interface;
        std::uint32_t version_option = 0; // 1 all, 2 compatible, 3 exact, 4 major, 5 up to
        LookupHandle handle;
        std::uint32_t most = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("inquiry_type", self.inquiry);
            v("object", self.object);
            v("interface_id", self.interface);
            v("vers_option", self.version_option);
            v("entry_handle", self.handle);
            v("max_ents", self.most);
        }
    };
    struct Out {
        ndr::Asked most;
        LookupHandle handle;
        std::uint32_t count = 0;
        std::vector<EndpointEntry> entries;
        std::uint32_t status = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("entry_handle", self.handle);
            v("num_ents", self.count);
            v.varying("entries", self.entries, self.most, self.count);
            v("status", self.status);
        }
    };
};

struct EptMap {
    static constexpr std::uint16_t opnum = 3;
    struct In {
        std::optional<ndr::Guid> object;
        std::optional<TowerOctets> tower;
        LookupHandle handle;
        std::uint32_t most = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("object", self.object);
            v("map_tower", self.tower);
            v("entry_handle", self.handle);
            v("max_towers", self.most);
        }
    };
    struct Out {
        ndr::Asked most;
        LookupHandle handle;
        std::uint32_t count = 0;
        std::vector<std::optional<TowerOctets>> towers;
        std::uint32_t status = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("entry_handle", self.handle);
            v("num_towers", self.count);
            v.varying("towers", self.towers, self.most, self.count);
            v("status", self.status);
        }
    };
};

struct EptLookupHandleFree {
    static constexpr std::uint16_t opnum = 4;
    struct In {
        LookupHandle handle;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("entry_handle", self.handle);
        }
    };
    struct Out {
        LookupHandle handle;
        std::uint32_t status = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("entry_handle", self.handle);
            v("status", self.status);
        }
    };
};

} // namespace mpapi::dcom
