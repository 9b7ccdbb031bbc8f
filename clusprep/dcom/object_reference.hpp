// SPDX-License-Identifier: LGPL-2.1-or-later
//
// OBJREF (MS-DCOM 2.2.18): how a reference to an interface travels. Two of its four kinds are
// written here: OBJREF_STANDARD, which names an interface of an object of some exporter, and
// OBJREF_CUSTOM, in which activation properties are wrapped. A handler (2.2.18.5) and an extended
// (2.2.18.7) reference, which other servers may answer with (3.2.4.1.2), hold a standard one and
// are read as that: the handler's class and the context are of no use here.
#pragma once

#include "clusprep/dcom/dual_string_array.hpp"
#include "clusprep/rpc/ndr/guid.hpp"
#include "common/result.hpp"

#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace mpapi::dcom {

// STDOBJREF (MS-DCOM 2.2.18.2), as a declared structure: it stands in NDR as well.
struct StandardReference {
    std::uint32_t flags = 0; // SORF_NOPING 0x1000: never set by us
    std::uint32_t public_references = 0;
    std::uint64_t oxid = 0;
    std::uint64_t oid = 0;
    ndr::Guid ipid;

    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("flags", self.flags);
        v("cPublicRefs", self.public_references);
        v("oxid", self.oxid);
        v("oid", self.oid);
        v("ipid", self.ipid);
    }
    bool operator==(const StandardReference&) const = default;
};

struct StandardObject {
    StandardReference reference;
    DualStringArray resolver; // saResAddr: of the object resolver, not of the exporter
    bool operator==(const StandardObject&) const = default;
};

struct CustomObject {
    ndr::Guid clsid;                // of the unmarshaler
    std::vector<std::uint8_t> data; // pObjectData
    bool operator==(const CustomObject&) const = default;
};

struct ObjectReference {
    ndr::Guid iid;
    std::variant<StandardObject, CustomObject> object;
    bool operator==(const ObjectReference&) const = default;
};

std::vector<std::uint8_t> build_object_reference(const ObjectReference& reference);

// Fails on what is short, is none or is of another kind. Bytes behind the end of a standard
// reference are ignored: Windows rounds buffers up.
Result<ObjectReference> parse_object_reference(std::span<const std::uint8_t> bytes);

} // namespace mpapi::dcom
