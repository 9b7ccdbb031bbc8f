// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CPREP_DISKID and DISK_PROPS (MS-CSVP 2.2.1 to 2.2.5). No enum of this IDL is v1_enum, so each is
// 16 bits on the wire, the union's tag too: a DISKID takes 8 bytes, 20 with a GUID.
#pragma once

#include "clusprep/rpc/ndr/vocabulary.hpp"

#include <array>
#include <cstdint>

namespace mpapi::csvp {

enum class DiskIdType : std::uint16_t { Signature = 0, Guid = 1, Number = 0xfa0, Unknown = 0x1388 };

struct DiskId {
    DiskIdType type = DiskIdType::Unknown;
    std::uint32_t number = 0; // signature or device number, as `type` says
    ndr::Guid guid;           // only for DiskIdType::Guid

    static DiskId of_number(std::uint32_t number) { return {DiskIdType::Number, number, {}}; }
    static DiskId of_signature(std::uint32_t signature) {
        return {DiskIdType::Signature, signature, {}};
    }
    static DiskId of_guid(const ndr::Guid& guid) { return {DiskIdType::Guid, 0, guid}; }

    bool operator==(const DiskId&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("DiskIdType", self.type);
        v.choice("DiskId", self.type, ndr::arm(DiskIdType::Signature, "DiskSignature", self.number),
                 ndr::arm(DiskIdType::Guid, "DiskGuid", self.guid),
                 ndr::arm(DiskIdType::Number, "DeviceNumber", self.number),
                 ndr::arm(DiskIdType::Unknown, "Junk", self.number));
    }
};

enum class DiskStackType : std::uint16_t { ScsiPort = 0, StorPort = 1, FullPort = 2 };

struct ScsiAddress {
    std::uint32_t length = 0;
    std::uint8_t port = 0, path = 0, target = 0, lun = 0;

    bool operator==(const ScsiAddress&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Length", self.length);
        v("PortNumber", self.port);
        v("PathId", self.path);
        v("TargetId", self.target);
        v("Lun", self.lun);
    }
};

struct DiskProps {
    std::uint32_t disk_number = 0;
    DiskId disk_id;
    std::uint32_t bus_type = 0; // BusType
    DiskStackType stack_type = DiskStackType::StorPort;
    ScsiAddress scsi_address;
    std::int32_t is_clusterable = 0;
    std::array<char16_t, 260> adapter_description{};
    std::uint32_t paths = 0;
    std::uint32_t flags = 0; // of DiskFlag

    bool operator==(const DiskProps&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("DiskNumber", self.disk_number);
        v("DiskId", self.disk_id);
        v("DiskBusType", self.bus_type);
        v("StackType", self.stack_type);
        v("ScsiAddress", self.scsi_address);
        v("DiskIsClusterable", self.is_clusterable);
        v("AdapterDesc", self.adapter_description);
        v("NumPaths", self.paths);
        v("Flags", self.flags);
    }
};

} // namespace mpapi::csvp
