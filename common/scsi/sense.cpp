// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/sense.hpp"

#include "common/scsi/text.hpp"

#include <array>
#include <limits>

namespace mpapi::scsi {

namespace {

constexpr std::uint8_t information_descriptor = 0x00; // SPC-3 4.5.2.2
constexpr std::size_t fixed_length = 18;
constexpr std::size_t descriptors_begin = 8;

Error sense_error(std::string reason) {
    return {"parse sense data", "", std::move(reason)};
}

// The additional length counts what follows byte 7. Zero there with more bytes behind it is common
// (a driver filled in the rest), so bytes are only taken away by it when it was set.
Bytes within_additional_length(Bytes sense) {
    if (sense.size() < 8 || sense[7] == 0) return sense;
    return slice(sense, 0, std::size_t{8} + sense[7]);
}

Sense parse_fixed(Bytes sense) {
    sense = within_additional_length(sense);
    Sense result;
    result.format = SenseFormat::Fixed;
    result.key = static_cast<SenseKey>(sense[2] & 0x0f);
    if (sense.size() >= 7 && (sense[0] & 0x80) != 0) result.information = load_u32(sense, 3);
    result.asc = load_u8(sense, 12);
    result.ascq = load_u8(sense, 13);
    return result;
}

Sense parse_descriptors(Bytes sense) {
    sense = within_additional_length(sense);
    Sense result;
    result.format = SenseFormat::Descriptor;
    result.key = static_cast<SenseKey>(sense[1] & 0x0f);
    result.asc = load_u8(sense, 2);
    result.ascq = load_u8(sense, 3);
    for (std::size_t offset = descriptors_begin; offset + 2 <= sense.size();) {
        const Bytes descriptor = slice(sense, offset, std::size_t{2} + sense[offset + 1]);
        if (descriptor[0] == information_descriptor && descriptor.size() >= 12 &&
            (descriptor[2] & 0x80) != 0) {
            result.information = load_u64(descriptor, 4);
            break;
        }
        offset += std::size_t{2} + sense[offset + 1];
    }
    return result;
}

struct AdditionalText {
    std::uint8_t asc;
    int ascq; // -1: any other
    std::string_view text;
};

// SPC-3 table 28, what a host of a multipath unit meets; T10 keeps the full list.
constexpr AdditionalText additional_texts[] = {
    {0x00, 0x00, "no additional sense information"},
    {0x04, 0x00, "not ready, cause not reportable"},
    {0x04, 0x01, "becoming ready"},
    {0x04, 0x02, "not ready, initializing command required"},
    {0x04, 0x03, "not ready, manual intervention required"},
    {0x04, 0x04, "not ready, format in progress"},
    {0x04, 0x07, "not ready, operation in progress"},
    {0x04, 0x09, "not ready, self-test in progress"},
    {0x04, 0x0a, "not accessible, asymmetric access state transition"},
    {0x04, 0x0b, "not accessible, target port in standby state"},
    {0x04, 0x0c, "not accessible, target port in unavailable state"},
    {0x04, 0x10, "not ready, auxiliary memory not accessible"},
    {0x04, 0x11, "not ready, enable spinup required"},
    {0x04, 0x12, "not ready, offline"},
    {0x04, 0x14, "not ready, space allocation in progress"},
    {0x04, 0x1b, "not ready, sanitize in progress"},
    {0x05, 0x00, "logical unit does not respond to selection"},
    {0x08, 0x00, "logical unit communication failure"},
    {0x08, 0x01, "logical unit communication timeout"},
    {0x0c, -1, "write error"}, // of several kinds
    {0x10, -1, "protection information error"},
    {0x11, -1, "unrecovered read error"},
    {0x1a, 0x00, "parameter list length error"},
    {0x20, 0x00, "invalid command operation code"},
    {0x20, -1, "access denied"},
    {0x21, 0x00, "logical block address out of range"},
    {0x24, 0x00, "invalid field in CDB"},
    {0x25, 0x00, "logical unit not supported"},
    {0x26, 0x00, "invalid field in parameter list"},
    {0x26, 0x01, "parameter not supported"},
    {0x26, 0x02, "parameter value invalid"},
    {0x26, 0x04, "invalid release of persistent reservation"},
    {0x27, 0x00, "write protected"},
    {0x27, 0x07, "space allocation failed, write protected"},
    {0x28, 0x00, "not ready to ready change, medium may have changed"},
    {0x29, 0x00, "power on, reset or bus device reset occurred"},
    {0x29, 0x01, "power on occurred"},
    {0x29, 0x02, "SCSI bus reset occurred"},
    {0x29, 0x03, "bus device reset function occurred"},
    {0x29, 0x04, "device internal reset"},
    {0x29, 0x05, "transceiver mode changed to single-ended"},
    {0x29, 0x06, "transceiver mode changed to LVD"},
    {0x29, 0x07, "I_T nexus loss occurred"},
    {0x29, -1, "reset occurred"},
    {0x2a, 0x01, "mode parameters changed"},
    {0x2a, 0x02, "log parameters changed"},
    {0x2a, 0x03, "reservations preempted"},
    {0x2a, 0x04, "reservations released"},
    {0x2a, 0x05, "registrations preempted"},
    {0x2a, 0x06, "asymmetric access state changed"},
    {0x2a, 0x07, "implicit asymmetric access state transition failed"},
    {0x2a, 0x08, "priority changed"},
    {0x2a, 0x09, "capacity data has changed"},
    {0x2a, 0x0a, "error history I_T nexus cleared"},
    {0x2a, -1, "parameters changed"},
    {0x2c, 0x00, "command sequence error"},
    {0x2f, 0x00, "commands cleared by another initiator"},
    {0x2f, 0x01, "commands cleared by power loss notification"},
    {0x2f, 0x02, "commands cleared by device server"},
    {0x31, 0x00, "medium format corrupted"},
    {0x35, -1, "enclosure services failure"},
    {0x37, 0x00, "rounded parameter"},
    {0x38, 0x07, "thin provisioning soft threshold reached"},
    {0x39, 0x00, "saving parameters not supported"},
    {0x3a, -1, "medium not present"},
    {0x3e, 0x00, "logical unit has not self-configured yet"},
    {0x3e, 0x01, "logical unit failure"},
    {0x3e, 0x02, "timeout on logical unit"},
    {0x3f, 0x00, "target operating conditions have changed"},
    {0x3f, 0x01, "microcode has been changed"},
    {0x3f, 0x02, "changed operating definition"},
    {0x3f, 0x03, "INQUIRY data has changed"},
    {0x3f, 0x05, "device identifier changed"},
    {0x3f, 0x0e, "reported LUNs data has changed"},
    {0x3f, -1, "target operating conditions have changed"},
    {0x44, 0x00, "internal target failure"},
    {0x44, 0x01, "persistent reservation information lost"},
    {0x47, -1, "SCSI parity error"},
    {0x48, 0x00, "initiator detected error message received"},
    {0x49, 0x00, "invalid message error"},
    {0x4b, -1, "data phase error"},
    {0x4e, 0x00, "overlapped commands attempted"},
    {0x53, 0x02, "medium removal prevented"},
    {0x55, 0x00, "system resource failure"},
    {0x55, 0x03, "insufficient resources"},
    {0x55, 0x04, "insufficient registration resources"},
    {0x5d, -1, "failure prediction threshold exceeded"},
    {0x67, 0x0a, "set target port groups command failed"},
    {0x67, 0x0b, "ATA device feature not enabled"},
    {0x74, -1, "security error"},
};

} // namespace

Result<Sense> parse_sense(Bytes sense) {
    if (sense.empty()) return sense_error("no bytes");
    const std::uint8_t response = sense[0] & 0x7f;
    const bool fixed = response == 0x70 || response == 0x71;
    const bool descriptor = response == 0x72 || response == 0x73;
    if (!fixed && !descriptor) return sense_error("response code " + hex8(response));
    const std::size_t needed = fixed ? 3 : 2;
    if (sense.size() < needed)
        return sense_error(byte_count(sense.size()) + ", the sense key is in byte " +
                           std::to_string(needed - 1));
    Sense result = fixed ? parse_fixed(sense) : parse_descriptors(sense);
    result.deferred = (response & 1) != 0;
    return result;
}

std::vector<std::uint8_t> build_sense(const Sense& sense) {
    const std::uint8_t deferred = sense.deferred ? 1 : 0;
    const auto key = static_cast<std::uint8_t>(static_cast<unsigned>(sense.key) & 0x0f);
    Writer writer(20);
    if (sense.format == SenseFormat::Descriptor) {
        writer.u8(static_cast<std::uint8_t>(0x72 | deferred));
        writer.u8(key);
        writer.u8(sense.asc);
        writer.u8(sense.ascq);
        writer.zeros(3);
        writer.u8(sense.information ? 12 : 0);
        if (sense.information) {
            writer.u8(information_descriptor);
            writer.u8(10);
            writer.u8(0x80);
            writer.u8(0);
            writer.u64(*sense.information);
        }
        return std::move(writer).take();
    }
    const bool valid =
        sense.information && *sense.information <= std::numeric_limits<std::uint32_t>::max();
    writer.u8(static_cast<std::uint8_t>((valid ? 0x80 : 0) | 0x70 | deferred));
    writer.u8(0);
    writer.u8(key);
    writer.u32(valid ? static_cast<std::uint32_t>(*sense.information) : 0);
    writer.u8(fixed_length - 8);
    writer.zeros(4);
    writer.u8(sense.asc);
    writer.u8(sense.ascq);
    writer.zeros(4);
    return std::move(writer).take();
}

std::string_view sense_key_text(SenseKey key) {
    static constexpr std::array<std::string_view, 16> texts{
        "NO SENSE",       "RECOVERED ERROR", "NOT READY",      "MEDIUM ERROR",
        "HARDWARE ERROR", "ILLEGAL REQUEST", "UNIT ATTENTION", "DATA PROTECT",
        "BLANK CHECK",    "VENDOR SPECIFIC", "COPY ABORTED",   "ABORTED COMMAND",
        "RESERVED",       "VOLUME OVERFLOW", "MISCOMPARE",     "COMPLETED",
    };
    return texts[static_cast<std::size_t>(key) & 0xf];
}

std::string_view additional_sense_text(std::uint8_t asc, std::uint8_t ascq) {
    // The entry for any other code stands behind the exact ones.
    for (const auto& entry : additional_texts)
        if (entry.asc == asc && (entry.ascq == ascq || entry.ascq == -1)) return entry.text;
    return {};
}

std::string sense_text(const Sense& sense) {
    std::string text(sense_key_text(sense.key));
    const auto additional = additional_sense_text(sense.asc, sense.ascq);
    if (!additional.empty()) text.append(": ").append(additional);
    // "6h": the key is one digit.
    text += " (" + hex8(static_cast<std::uint8_t>(sense.key)).substr(1) + " ";
    text += hex8(sense.asc) + "/" + hex8(sense.ascq) + ")";
    if (sense.deferred) text += ", deferred";
    return text;
}

} // namespace mpapi::scsi
