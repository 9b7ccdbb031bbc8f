// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Device Identification, VPD page 83h (SPC-3 7.6.3; UUID designators SPC-5): the names of a logical
// unit, and which target port and target port group a reply came through.
//
// The page is refused whole when its lengths lie, for then nothing tells which bytes are names. A
// designator that is well enclosed but not what its type demands (an NAA of five bytes, text that
// is none) is kept as bytes, is never used as a name, and says why. Zero-length designators exist
// in the field and mean nothing. Pure functions, no state.
#pragma once

#include "common/result.hpp"
#include "common/scsi/bytes.hpp"
#include "common/scsi/commands.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::scsi {

enum class CodeSet : std::uint8_t { Reserved = 0, Binary = 1, Ascii = 2, Utf8 = 3 };

// Whose name it is.
enum class Association : std::uint8_t {
    LogicalUnit = 0,
    TargetPort = 1,
    TargetDevice = 2,
    Reserved = 3,
};

enum class DesignatorType : std::uint8_t {
    VendorSpecific = 0x0,
    T10VendorId = 0x1,
    Eui64 = 0x2,
    Naa = 0x3,
    RelativeTargetPort = 0x4,
    TargetPortGroup = 0x5,
    LogicalUnitGroup = 0x6,
    Md5LogicalUnit = 0x7,
    ScsiNameString = 0x8,
    ProtocolSpecificPort = 0x9,
    Uuid = 0xa,
    // Bh to Fh are reserved and kept as they are.
};

// One designation descriptor. `value` is a view: into the reply for a parsed one, into what the
// caller keeps alive for one to be built.
struct Designator {
    DesignatorType type = DesignatorType::VendorSpecific;
    CodeSet code_set = CodeSet::Binary;
    Association association = Association::LogicalUnit;
    std::optional<Protocol> protocol; // only there when PIV is set
    Bytes value;
};

bool operator==(const Designator& a, const Designator& b); // by the bytes of the value

struct DeviceIdentification {
    Peripheral peripheral;
    std::vector<Designator> designators; // in the order of the page
};

// The views in the result are into `reply`. See vpd_length() for replies that were cut.
Result<DeviceIdentification> parse_device_identification(Bytes reply);
// Fails when a value is over 255 bytes or all of them over 65535.
Result<std::vector<std::uint8_t>> build_device_identification(const DeviceIdentification& page);

// Designators of types 4h, 5h and 6h hold a 16-bit number behind two reserved bytes.
std::array<std::uint8_t, 4> numbered_designator(std::uint16_t number);

// The value as text: lower-case hexadecimal for binary ones, else the text without its fill; UUIDs
// as eight-four-four-four-twelve. Fails when the bytes are not what type and code set demand.
Result<std::string> designator_text(const Designator& designator);

struct LuName {
    std::string text; // as designator_text()
    DesignatorType type = DesignatorType::Naa;
    bool operator==(const LuName&) const = default;
};

// The name by which a logical unit is known: of the usable designators associated with it the first
// of NAA, EUI-64, T10 vendor id, SCSI name string, UUID; among NAAs 6h, 5h, 2h, then 3h (which is
// locally assigned, so unique in one place only); among EUI-64s 16, 12, then 8 bytes. Of two that
// rank the same the first on the page wins.
// Fails with the reason when there is none, naming what is wrong with the best unusable one.
Result<LuName> lu_name(const DeviceIdentification& page);

// Of the target port through which the reply came. Absent, or not what the type demands: nullopt.
// Relative target port identifier 0 is reserved (SPC-3 7.6.3.7) and therefore never returned.
std::optional<std::uint16_t> relative_target_port(const DeviceIdentification& page);
std::optional<std::uint16_t> target_port_group(const DeviceIdentification& page);
// Of the logical unit (SPC-3 7.6.3.9): units of one group share the state of their target port
// groups.
std::optional<std::uint16_t> logical_unit_group(const DeviceIdentification& page);
// The port's NAA, EUI-64 or SCSI name string (iSCSI: "iqn…,t,0x0001"), in this order.
std::optional<LuName> target_port_name(const DeviceIdentification& page);

} // namespace mpapi::scsi
