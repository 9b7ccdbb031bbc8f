// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/inquiry.hpp"

namespace mpapi::scsi {

namespace {

constexpr std::size_t mandatory_length = 36; // SPC-3 6.4.2

} // namespace

std::array<std::uint8_t, 6> inquiry_cdb(std::uint16_t allocation_length) {
    return {static_cast<std::uint8_t>(Opcode::Inquiry),
            0,
            0,
            static_cast<std::uint8_t>(allocation_length >> 8),
            static_cast<std::uint8_t>(allocation_length & 0xff),
            0};
}

std::array<std::uint8_t, 6> vpd_cdb(std::uint8_t page, std::uint16_t allocation_length) {
    auto cdb = inquiry_cdb(allocation_length);
    cdb[1] = 1;
    cdb[2] = page;
    return cdb;
}

Result<InquiryCommand> parse_inquiry_cdb(Bytes cdb) {
    if (cdb.size() < 6) return Error{"parse INQUIRY CDB", "", byte_count(cdb.size()) + ", not 6"};
    if (cdb[0] != static_cast<std::uint8_t>(Opcode::Inquiry))
        return Error{"parse INQUIRY CDB", "", "operation code " + hex8(cdb[0])};
    const InquiryCommand command{(cdb[1] & 1) != 0, cdb[2], load_u16(cdb, 3)};
    // SPC-3 6.4.1: a page code without EVPD is an invalid field in the CDB.
    if (!command.evpd && command.page != 0)
        return Error{"parse INQUIRY CDB", "", "page " + hex8(command.page) + " without EVPD"};
    return command;
}

std::size_t inquiry_length(Bytes reply) {
    return reply.size() < 5 ? 0 : std::size_t{5} + reply[4];
}

Result<Inquiry> parse_inquiry(Bytes reply) {
    if (reply.size() < mandatory_length)
        return Error{"parse INQUIRY data", "",
                     byte_count(reply.size()) + " received, 36 are mandatory"};
    if (inquiry_length(reply) < mandatory_length)
        return Error{"parse INQUIRY data", "",
                     "the header announces " + byte_count(inquiry_length(reply)) +
                         ", 36 are mandatory"};
    Inquiry inquiry;
    inquiry.peripheral = Peripheral::from(reply[0]);
    inquiry.removable = (reply[1] & 0x80) != 0;
    inquiry.version = reply[2];
    inquiry.response_format = reply[3] & 0x0f;
    inquiry.tpgs = static_cast<Tpgs>(reply[5] >> 4 & 3);
    inquiry.third_party_copy = (reply[5] & 0x08) != 0;
    inquiry.multi_port = (reply[6] & 0x10) != 0;
    inquiry.vendor = ascii_field(reply.subspan(8, 8));
    inquiry.product = ascii_field(reply.subspan(16, 16));
    inquiry.revision = ascii_field(reply.subspan(32, 4));
    return inquiry;
}

std::vector<std::uint8_t> build_inquiry(const Inquiry& inquiry) {
    Writer writer(inquiry_allocation);
    writer.u8(inquiry.peripheral.byte());
    writer.u8(inquiry.removable ? 0x80 : 0);
    writer.u8(inquiry.version);
    writer.u8(static_cast<std::uint8_t>(0x10 | (inquiry.response_format & 0x0f))); // HISUP
    writer.u8(inquiry_allocation - 5);
    writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(inquiry.tpgs) << 4 |
                                        (inquiry.third_party_copy ? 0x08u : 0u)));
    writer.u8(inquiry.multi_port ? 0x10 : 0);
    writer.u8(0x02); // CMDQUE: the full task management model, SPC-3 6.4.2
    writer.text(inquiry.vendor.text, 8);
    writer.text(inquiry.product.text, 16);
    writer.text(inquiry.revision.text, 4);
    writer.zeros(inquiry_allocation - writer.size());
    return std::move(writer).take();
}

} // namespace mpapi::scsi
