// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/device_inquiry.hpp"

#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/vpd.hpp"

#include <algorithm>

namespace mpapi::daemon {

namespace {

constexpr int kAttentionRetries = 5;         // each I_T nexus may have several queued (SAM-5 5.14)
constexpr std::size_t kLongestReply = 65535; // what a 16-bit page length can announce

model::NameType name_type(scsi::DesignatorType type) {
    switch (type) {
    case scsi::DesignatorType::T10VendorId:
        return model::NameType::T10VendorId;
    case scsi::DesignatorType::Eui64:
        return model::NameType::Eui64;
    case scsi::DesignatorType::Naa:
        return model::NameType::Naa;
    default:
        return model::NameType::DeviceSpecific;
    }
}

// One conversation with one device: it keeps the buffer and remembers the attentions.
class Conversation {
  public:
    Conversation(ScsiDevice& device, Progress& progress, std::chrono::milliseconds timeout)
      : device_(device)
      , progress_(progress)
      , timeout_(timeout) {}

    // What happened so far. Whoever fails after a reply did so because of what was in it.
    template <typename T>
    Answer<T> outcome(Result<T> result) const {
        const bool failed = !result.has_value();
        return {std::move(result), attentions_, failed ? failure_ : Failure::None};
    }

    // `cdb(n)` is the command for an allocation length of n; `needed(reply)` the length that the
    // reply's header announces. A reply that was cut is asked for once more, whole. The view is
    // good until the next question.
    template <typename Cdb, typename Needed>
    Result<scsi::Bytes> ask(const char* command, std::size_t allocation, Cdb cdb, Needed needed) {
        auto reply = send(command, cdb(allocation), allocation);
        if (!reply) return reply;
        const std::size_t whole = needed(*reply);
        if (whole <= allocation || reply->size() < allocation) return reply;
        if (whole > kLongestReply)
            return Error{command, "", "the reply would be " + std::to_string(whole) + " bytes"};
        return send(command, cdb(whole), whole);
    }

  private:
    template <typename Cdb>
    Result<scsi::Bytes> send(const char* command, const Cdb& cdb, std::size_t allocation) {
        buffer_.assign(allocation, 0);
        for (int tries = 0;; ++tries) {
            progress_.begin(command, timeout_);
            const ScsiReply reply = device_.read(cdb, buffer_, timeout_);
            if (reply.good()) {
                failure_ = Failure::Nonsense;
                return scsi::Bytes(buffer_).first(std::min(reply.received, buffer_.size()));
            }
            failure_ = reply.error ? Failure::NoStatus : Failure::Status;
            if (reply.error) return Error{command, "", reply.error->message()};
            const auto sense = scsi::parse_sense(reply.sense);
            if (reply.status != static_cast<std::uint8_t>(scsi::StatusCode::CheckCondition) ||
                !sense)
                return Error{command, "", "status " + scsi::hex8(reply.status)};
            attentions_.access_state |= scsi::is_access_state_change(*sense);
            attentions_.identity |= scsi::is_identity_change(*sense);
            if (scsi::is_unit_attention(*sense) && tries < kAttentionRetries) continue;
            return Error{command, "", scsi::sense_text(*sense)};
        }
    }

    ScsiDevice& device_;
    Progress& progress_;
    std::chrono::milliseconds timeout_;
    Attentions attentions_;
    Failure failure_ = Failure::None;
    std::vector<std::uint8_t> buffer_;
};

Error told_by(const char* command, const Error& parse) {
    return Error{command, "", parse.reason.empty() ? parse.message() : parse.reason};
}

// The first field that is not text makes the answer unusable: a value must not be half believed.
Status check_text(const char* command, const char* field, const scsi::Text& text) {
    if (text.valid()) return Done{};
    return Error{command, "", std::string(field) + ": " + text.reason};
}

class IdentityQuestion {
  public:
    explicit IdentityQuestion(Conversation& conversation)
      : conversation_(conversation) {}

    Result<PathIdentity> ask() {
        if (auto status = standard_data(); !status) return status.error();
        auto pages = supported_pages();
        if (!pages) return pages.error();
        if (pages->contains(scsi::device_identification_page))
            if (auto status = device_identification(); !status) return status.error();
        if (pages->contains(scsi::unit_serial_number_page))
            if (auto status = serial_number(); !status) return status.error();
        return std::move(identity_);
    }

  private:
    Status standard_data() {
        constexpr const char* command = "INQUIRY";
        auto reply = conversation_.ask(
            command, scsi::inquiry_allocation,
            [](std::size_t n) { return scsi::inquiry_cdb(static_cast<std::uint16_t>(n)); },
            [](scsi::Bytes) { return std::size_t(0); }); // what is read is always in the first part
        if (!reply) return reply.error();
        auto data = scsi::parse_inquiry(*reply);
        if (!data) return told_by(command, data.error());
        if (!data->peripheral.connected())
            return Error{command, "", "no logical unit is connected at this LUN"};
        if (auto ok = check_text(command, "vendor", data->vendor); !ok) return ok;
        if (auto ok = check_text(command, "product", data->product); !ok) return ok;
        if (auto ok = check_text(command, "revision", data->revision); !ok) return ok;
        UnitIdentity& unit = identity_.unit;
        unit.vendor = std::move(data->vendor.text);
        unit.product = std::move(data->product.text);
        unit.revision = std::move(data->revision.text);
        unit.implicit_alua = data->tpgs == scsi::Tpgs::Implicit || data->tpgs == scsi::Tpgs::Both;
        unit.explicit_alua = data->tpgs == scsi::Tpgs::Explicit || data->tpgs == scsi::Tpgs::Both;
        return Done{};
    }

    Result<scsi::Bytes> page(const char* command, std::uint8_t page) {
        return conversation_.ask(
            command, scsi::vpd_allocation,
            [page](std::size_t n) { return scsi::vpd_cdb(page, static_cast<std::uint16_t>(n)); },
            scsi::vpd_length);
    }

    Result<scsi::SupportedPages> supported_pages() {
        constexpr const char* command = "INQUIRY VPD page 00h";
        auto reply = page(command, scsi::supported_pages_page);
        if (!reply) return reply.error();
        auto pages = scsi::parse_supported_pages(*reply);
        if (!pages) return told_by(command, pages.error());
        return pages;
    }

    Status device_identification() {
        constexpr const char* command = "INQUIRY VPD page 83h";
        auto reply = page(command, scsi::device_identification_page);
        if (!reply) return reply.error();
        auto told = identity_of_page(*reply);
        if (!told) return told_by(command, told.error());
        identity_.unit.unit_name = std::move(told->unit.unit_name);
        identity_.unit.unit_name_type = told->unit.unit_name_type;
        identity_.unit.logical_unit_group = told->unit.logical_unit_group;
        identity_.target_port_group = told->target_port_group;
        identity_.relative_target_port = told->relative_target_port;
        return Done{};
    }

    Status serial_number() {
        constexpr const char* command = "INQUIRY VPD page 80h";
        auto reply = page(command, scsi::unit_serial_number_page);
        if (!reply) return reply.error();
        auto told = scsi::parse_unit_serial_number(*reply);
        if (!told) return told_by(command, told.error());
        if (auto ok = check_text(command, "serial number", told->serial); !ok) return ok;
        identity_.unit.serial_number = std::move(told->serial.text);
        return Done{};
    }

    Conversation& conversation_;
    PathIdentity identity_;
};

} // namespace

Result<PathIdentity> identity_of_page(std::span<const std::uint8_t> device_identification) {
    auto page = scsi::parse_device_identification(device_identification);
    if (!page) return page.error();
    PathIdentity identity;
    auto name = scsi::lu_name(*page);
    if (!name) return name.error();
    identity.unit.unit_name = std::move(name->text);
    identity.unit.unit_name_type = name_type(name->type);
    if (const auto group = scsi::logical_unit_group(*page))
        identity.unit.logical_unit_group = *group;
    identity.target_port_group = scsi::target_port_group(*page);
    identity.relative_target_port = scsi::relative_target_port(*page).value_or(0);
    return identity;
}

Answer<PathIdentity> ask_identity(ScsiDevice& device, Progress& progress,
                                  std::chrono::milliseconds timeout) {
    Conversation conversation(device, progress, timeout);
    return conversation.outcome(IdentityQuestion(conversation).ask());
}

Answer<scsi::TargetPortGroups> ask_target_port_groups(ScsiDevice& device, Progress& progress,
                                                      std::chrono::milliseconds timeout) {
    constexpr const char* command = "REPORT TARGET PORT GROUPS";
    Conversation conversation(device, progress, timeout);
    auto ask = [&](scsi::GroupsFormat format) {
        return conversation.ask(
            command, scsi::target_port_groups_allocation,
            [format](std::size_t n) {
                return scsi::report_target_port_groups_cdb(format, static_cast<std::uint32_t>(n));
            },
            scsi::target_port_groups_length);
    };
    // The extended header tells how long a transition may take. SPC-3 devices refuse the field or
    // ignore it; LIO (Linux 6.12) leaves those four bytes out of RETURN DATA LENGTH, so that the
    // last port is cut off. Both are asked again in the plain format.
    Result<scsi::TargetPortGroups> groups = Error{};
    for (const auto format : {scsi::GroupsFormat::Extended, scsi::GroupsFormat::LengthOnly}) {
        const auto reply = ask(format);
        groups = reply ? scsi::parse_target_port_groups(*reply)
                       : Result<scsi::TargetPortGroups>(reply.error());
        if (groups) break;
        if (reply) groups = told_by(command, groups.error());
    }
    return conversation.outcome(std::move(groups));
}

} // namespace mpapi::daemon
