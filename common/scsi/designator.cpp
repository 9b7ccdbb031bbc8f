// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/designator.hpp"

#include "common/scsi/text.hpp"
#include "common/scsi/vpd.hpp"

#include <limits>

namespace mpapi::scsi {

namespace {

constexpr std::size_t header_length = 4;

Error page_error(std::string reason) {
    return {"parse VPD page 83h", "", std::move(reason)};
}

// What is wrong with a value, "" when it may be used.
std::string flaw(const Designator& designator) {
    const Bytes value = designator.value;
    if (value.empty()) return "is empty";
    const auto wrong_length = [&] { return "has " + byte_count(value.size()); };
    const auto binary = designator.code_set == CodeSet::Binary;
    switch (designator.type) {
    case DesignatorType::Naa: {
        // SPC-3 7.6.3.6; every other value is reserved.
        if (!binary) return "has code set " + std::to_string(int(designator.code_set));
        const unsigned naa = value[0] >> 4;
        if (naa != 2 && naa != 3 && naa != 5 && naa != 6)
            return "has NAA " + std::to_string(naa) + ", which is no format";
        if (value.size() != (naa == 6 ? 16u : 8u)) return wrong_length();
        return {};
    }
    case DesignatorType::Eui64:
        if (!binary) return "has code set " + std::to_string(int(designator.code_set));
        if (value.size() != 8 && value.size() != 12 && value.size() != 16) return wrong_length();
        if (std::all_of(value.begin(), value.end(), [](auto byte) { return byte == 0; }))
            return "is all zeros";
        return {};
    case DesignatorType::T10VendorId:
        if (value.size() <= 8) return wrong_length(); // vendor alone names nothing
        return {};
    case DesignatorType::RelativeTargetPort:
    case DesignatorType::TargetPortGroup:
    case DesignatorType::LogicalUnitGroup:
        if (value.size() != 4) return wrong_length();
        return {};
    case DesignatorType::Md5LogicalUnit:
        if (value.size() != 16) return wrong_length();
        return {};
    case DesignatorType::ScsiNameString:
        if (designator.code_set != CodeSet::Utf8 && designator.code_set != CodeSet::Ascii)
            return "has code set " + std::to_string(int(designator.code_set));
        return {};
    case DesignatorType::Uuid:
        // SPC-5: a type nibble of 1h, a reserved byte, 16 bytes of UUID.
        if (value.size() != 18) return wrong_length();
        if (value[0] >> 4 != 1) return "has UUID type " + std::to_string(value[0] >> 4);
        return {};
    default:
        return {};
    }
}

std::string type_name(DesignatorType type) {
    switch (type) {
    case DesignatorType::Naa:
        return "NAA designator";
    case DesignatorType::Eui64:
        return "EUI-64 designator";
    case DesignatorType::T10VendorId:
        return "T10 vendor id designator";
    case DesignatorType::ScsiNameString:
        return "SCSI name string";
    case DesignatorType::Uuid:
        return "UUID designator";
    default:
        return "designator of type " + hex8(static_cast<std::uint8_t>(type));
    }
}

std::string uuid_text(Bytes uuid) {
    std::string text = to_hex(uuid);
    for (const std::size_t position : {20u, 16u, 12u, 8u})
        text.insert(position, 1, '-');
    return text;
}

// Smaller is better; the order is explained at lu_name(). Only looks at the value's first byte and
// length, so it ranks unusable ones too.
constexpr unsigned unranked = std::numeric_limits<unsigned>::max();

unsigned rank(const Designator& designator) {
    switch (designator.type) {
    case DesignatorType::Naa:
        switch (load_u8(designator.value, 0) >> 4) {
        case 6:
            return 0;
        case 5:
            return 1;
        case 2:
            return 2;
        case 3:
            return 3;
        default:
            return 9; // an NAA all the same: above whatever is not one
        }
    case DesignatorType::Eui64:
        return designator.value.size() == 16 ? 10 : designator.value.size() == 12 ? 11 : 12;
    case DesignatorType::T10VendorId:
        return 20;
    case DesignatorType::ScsiNameString:
        return 30;
    case DesignatorType::Uuid:
        return 40;
    default:
        return unranked;
    }
}

std::optional<std::uint16_t> numbered(const DeviceIdentification& page, DesignatorType type,
                                      Association association) {
    for (const auto& designator : page.designators) {
        if (designator.type != type || designator.association != association) continue;
        if (designator.value.size() == 4) return load_u16(designator.value, 2);
    }
    return std::nullopt;
}

} // namespace

bool operator==(const Designator& a, const Designator& b) {
    return a.type == b.type && a.code_set == b.code_set && a.association == b.association &&
           a.protocol == b.protocol &&
           std::equal(a.value.begin(), a.value.end(), b.value.begin(), b.value.end());
}

Result<DeviceIdentification> parse_device_identification(Bytes reply) {
    auto payload = vpd_payload(reply, device_identification_page);
    if (!payload) return std::move(payload).error();
    DeviceIdentification page;
    page.peripheral = Peripheral::from(reply[0]);
    page.designators.reserve(8);
    for (std::size_t offset = 0; offset < payload->size();) {
        const std::size_t number = page.designators.size() + 1;
        const Bytes rest = payload->subspan(offset);
        if (rest.size() < header_length)
            return page_error(byte_count(rest.size()) + " left at offset " +
                              std::to_string(offset + 4) + ", a designator has a header of 4");
        const std::size_t length = rest[3];
        if (rest.size() - header_length < length)
            return page_error("designator " + std::to_string(number) + " at offset " +
                              std::to_string(offset + 4) +
                              " ends beyond the page: " + byte_count(length) + " announced, " +
                              std::to_string(rest.size() - header_length) + " left");
        Designator designator;
        designator.code_set = static_cast<CodeSet>(rest[0] & 0x0f);
        designator.type = static_cast<DesignatorType>(rest[1] & 0x0f);
        designator.association = static_cast<Association>(rest[1] >> 4 & 3);
        if ((rest[1] & 0x80) != 0) designator.protocol = static_cast<Protocol>(rest[0] >> 4);
        designator.value = rest.subspan(header_length, length);
        page.designators.push_back(designator);
        offset += header_length + length;
    }
    return page;
}

Result<std::vector<std::uint8_t>> build_device_identification(const DeviceIdentification& page) {
    Writer writer(128);
    writer.u8(page.peripheral.byte());
    writer.u8(device_identification_page);
    writer.u16(0);
    for (const auto& designator : page.designators) {
        if (designator.value.size() > 0xff)
            return Error{"build VPD page 83h", type_name(designator.type),
                         byte_count(designator.value.size()) + " do not fit, 255 do"};
        const auto protocol =
            designator.protocol ? static_cast<unsigned>(*designator.protocol) & 0xf : 0u;
        writer.u8(static_cast<std::uint8_t>(protocol << 4 |
                                            (static_cast<unsigned>(designator.code_set) & 0xf)));
        writer.u8(
            static_cast<std::uint8_t>((designator.protocol ? 0x80u : 0u) |
                                      (static_cast<unsigned>(designator.association) & 3) << 4 |
                                      (static_cast<unsigned>(designator.type) & 0xf)));
        writer.u8(0);
        writer.u8(static_cast<std::uint8_t>(designator.value.size()));
        writer.bytes(designator.value);
    }
    const std::size_t length = writer.size() - 4;
    if (length > 0xffff)
        return Error{"build VPD page 83h", "", byte_count(length) + " do not fit, 65535 do"};
    writer.set_u16(2, static_cast<std::uint16_t>(length));
    return std::move(writer).take();
}

std::array<std::uint8_t, 4> numbered_designator(std::uint16_t number) {
    std::array<std::uint8_t, 4> value{};
    store_u16(value, 2, number);
    return value;
}

Result<std::string> designator_text(const Designator& designator) {
    if (std::string what = flaw(designator); !what.empty())
        return page_error(type_name(designator.type) + " " + what);
    if (designator.type == DesignatorType::Uuid) return uuid_text(designator.value.subspan(2));
    if (designator.code_set != CodeSet::Ascii && designator.code_set != CodeSet::Utf8)
        return to_hex(designator.value);
    Text text = designator.code_set == CodeSet::Ascii ? ascii_field(designator.value)
                                                      : utf8_field(designator.value);
    if (!text.valid()) return page_error(type_name(designator.type) + ": " + text.reason);
    if (text.text.empty()) return page_error(type_name(designator.type) + " is blank");
    return std::move(text.text);
}

Result<LuName> lu_name(const DeviceIdentification& page) {
    // One walk for the best usable one; what is better but unusable matters only without it.
    const Designator* best = nullptr;
    std::string best_text;
    unsigned best_rank = unranked;
    unsigned refused_rank = unranked;
    std::optional<Error> refused;
    for (const auto& designator : page.designators) {
        if (designator.association != Association::LogicalUnit) continue;
        const unsigned this_rank = rank(designator);
        if (this_rank == unranked || (best && this_rank >= best_rank)) continue;
        auto text = designator_text(designator);
        if (text) {
            best = &designator;
            best_rank = this_rank;
            best_text = std::move(*text);
        } else if (!best && this_rank < refused_rank) {
            refused_rank = this_rank;
            refused = std::move(text).error();
        }
    }
    if (best) return LuName{std::move(best_text), best->type};
    if (refused) return *std::move(refused);
    return page_error("no designator names the logical unit");
}

std::optional<std::uint16_t> relative_target_port(const DeviceIdentification& page) {
    const auto number = numbered(page, DesignatorType::RelativeTargetPort, Association::TargetPort);
    return number == 0 ? std::nullopt : number;
}

std::optional<std::uint16_t> target_port_group(const DeviceIdentification& page) {
    return numbered(page, DesignatorType::TargetPortGroup, Association::TargetPort);
}

std::optional<std::uint16_t> logical_unit_group(const DeviceIdentification& page) {
    return numbered(page, DesignatorType::LogicalUnitGroup, Association::LogicalUnit);
}

std::optional<LuName> target_port_name(const DeviceIdentification& page) {
    for (const auto type :
         {DesignatorType::Naa, DesignatorType::Eui64, DesignatorType::ScsiNameString}) {
        for (const auto& designator : page.designators) {
            if (designator.type != type || designator.association != Association::TargetPort)
                continue;
            auto text = designator_text(designator);
            if (text) return LuName{std::move(*text), type};
        }
    }
    return std::nullopt;
}

} // namespace mpapi::scsi
