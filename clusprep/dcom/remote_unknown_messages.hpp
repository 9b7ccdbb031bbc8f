// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IRemUnknown and IRemUnknown2 (MS-DCOM 3.1.1.5.6 and .7): interfaces and references of the objects
// of one exporter. Parameters in opnum order, behind ORPCTHIS and ORPCTHAT.
#pragma once

#include "clusprep/dcom/object_reference.hpp"
#include "clusprep/dcom/orpc.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace mpapi::dcom {

inline constexpr ndr::Guid kRemUnknownId = {0x131, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
inline constexpr ndr::Guid kRemUnknown2Id = {0x143, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};

struct RemQueryInterface {
    static constexpr std::uint16_t opnum = 3;
    struct In {
        ndr::Guid ipid;
        std::uint32_t references = 0;
        std::uint16_t count = 0;
        std::vector<ndr::Guid> iids;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("ripid", self.ipid);
            v("cRefs", self.references);
            v("cIids", self.count);
            v.conformant("iids", self.iids, self.count);
        }
    };
    // REMQIRESULT, MS-DCOM 2.2.24
    struct Found {
        std::uint32_t result = 0;
        StandardReference reference;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("hResult", self.result);
            v("std", self.reference);
        }
    };
    struct Out {
        ndr::Asked count;
        std::optional<std::vector<Found>> found;
        std::uint32_t result = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v.unique_conformant("ppQIResults", self.found, self.count);
            v("result", self.result);
        }
    };
};

// REMINTERFACEREF, MS-DCOM 2.2.23
struct RemoteReferences {
    ndr::Guid ipid;
    std::uint32_t open = 0;   // cPublicRefs
    std::uint32_t secure = 0; // cPrivateRefs

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("ipid", self.ipid);
        v("cPublicRefs", self.open);
        v("cPrivateRefs", self.secure);
    }
};

struct ReferencesIn {
    std::uint16_t count = 0;
    std::vector<RemoteReferences> interfaces;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("cInterfaceRefs", self.count);
        v.conformant("InterfaceRefs", self.interfaces, self.count);
    }
};

struct RemAddRef {
    static constexpr std::uint16_t opnum = 4;
    using In = ReferencesIn;
    struct Out {
        ndr::Asked count;
        std::vector<std::uint32_t> results;
        std::uint32_t result = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v.conformant("pResults", self.results, self.count);
            v("result", self.result);
        }
    };
};

struct RemRelease {
    static constexpr std::uint16_t opnum = 5;
    using In = ReferencesIn;
    struct Out {
        std::uint32_t result = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("result", self.result);
        }
    };
};

struct RemQueryInterface2 {
    static constexpr std::uint16_t opnum = 6;
    struct In {
        ndr::Guid ipid;
        std::uint16_t count = 0;
        std::vector<ndr::Guid> iids;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("ripid", self.ipid);
            v("cIids", self.count);
            v.conformant("iids", self.iids, self.count);
        }
    };
    struct Out {
        ndr::Asked count;
        std::vector<std::uint32_t> results;
        std::vector<std::optional<InterfacePointer>> interfaces;
        std::uint32_t result = 0;

        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v.conformant("phr", self.results, self.count);
            v.conformant("ppMIF", self.interfaces, self.count);
            v("result", self.result);
        }
    };
};

} // namespace mpapi::dcom
