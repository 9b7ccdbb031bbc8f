// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/vpd.hpp"

namespace mpapi::scsi {

namespace {

std::string action_for(std::uint8_t page) {
    return "parse VPD page " + hex8(page);
}

Result<std::vector<std::uint8_t>> build_page(Peripheral peripheral, std::uint8_t page,
                                             Bytes payload) {
    if (payload.size() > 0xffff)
        return Error{"build VPD page " + hex8(page), "",
                     byte_count(payload.size()) + " do not fit"};
    Writer writer(payload.size() + 4);
    writer.u8(peripheral.byte());
    writer.u8(page);
    writer.u16(static_cast<std::uint16_t>(payload.size()));
    writer.bytes(payload);
    return std::move(writer).take();
}

} // namespace

std::size_t vpd_length(Bytes reply) {
    return reply.size() < 4 ? 0 : std::size_t{4} + load_u16(reply, 2);
}

Result<Bytes> vpd_payload(Bytes reply, std::uint8_t page) {
    if (reply.size() < 4)
        return Error{action_for(page), "", byte_count(reply.size()) + " received, a header has 4"};
    if (reply[1] != page) return Error{action_for(page), "", "the reply is page " + hex8(reply[1])};
    const std::size_t length = vpd_length(reply);
    if (reply.size() < length)
        return Error{action_for(page), "",
                     "the header announces " + byte_count(length) + ", " +
                         std::to_string(reply.size()) + " received"};
    return reply.subspan(4, length - 4);
}

bool SupportedPages::contains(std::uint8_t page) const {
    return std::find(pages.begin(), pages.end(), page) != pages.end();
}

Result<SupportedPages> parse_supported_pages(Bytes reply) {
    auto payload = vpd_payload(reply, supported_pages_page);
    if (!payload) return std::move(payload).error();
    return SupportedPages{Peripheral::from(reply[0]), {payload->begin(), payload->end()}};
}

Result<std::vector<std::uint8_t>> build_supported_pages(const SupportedPages& pages) {
    return build_page(pages.peripheral, supported_pages_page, pages.pages);
}

Result<UnitSerialNumber> parse_unit_serial_number(Bytes reply) {
    auto payload = vpd_payload(reply, unit_serial_number_page);
    if (!payload) return std::move(payload).error();
    Text serial = ascii_field(*payload);
    serial.text.erase(0, serial.text.find_first_not_of(' ')); // may be aligned to the right
    return UnitSerialNumber{Peripheral::from(reply[0]), std::move(serial)};
}

Result<std::vector<std::uint8_t>> build_unit_serial_number(const UnitSerialNumber& serial) {
    Writer writer;
    writer.text(serial.serial.text);
    const auto payload = std::move(writer).take();
    return build_page(serial.peripheral, unit_serial_number_page, payload);
}

} // namespace mpapi::scsi
