// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/device_inquiry.hpp"

#include "common/scsi/designator.hpp"
#include "common/scsi/inquiry.hpp"
#include "common/scsi/sense.hpp"
#include "common/scsi/vpd.hpp"
#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <map>

using namespace mpapi;
using namespace mpapi::daemon;
using namespace std::chrono_literals;
using Data = std::vector<std::uint8_t>;

namespace {

constexpr std::array<std::uint8_t, 16> kNaa = {0x60, 0x01, 0x40, 0x5a, 1, 2,  3,  4,
                                               5,    6,    7,    8,    9, 10, 11, 12};

// A device that answers by page, and first with whatever was put in its way.
class Device final : public ScsiDevice {
  public:
    std::deque<ScsiReply> first; // taken one for each command
    std::map<int, Data> pages;   // -1: standard data; otherwise VPD page
    Data groups;
    bool refuses_extended_header = false;
    bool forgets_extended_header = false; // in the length that it announces
    std::vector<Data> asked;

    ScsiReply read(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data,
                   std::chrono::milliseconds) override {
        asked.emplace_back(cdb.begin(), cdb.end());
        if (!first.empty()) {
            ScsiReply reply = first.front();
            first.pop_front();
            return reply;
        }
        if (cdb[0] == 0x12) return inquiry(cdb, data);
        if (cdb[0] == 0xa3) {
            if (refuses_extended_header && (cdb[1] >> 5) == 1)
                return check(scsi::SenseKey::IllegalRequest, 0x24, 0);
            if (forgets_extended_header) return give(without_extended_header(cdb[1] >> 5), data);
            return give(groups, data);
        }
        return check(scsi::SenseKey::IllegalRequest, 0x20, 0);
    }
    ScsiReply write(std::span<const std::uint8_t>, std::span<const std::uint8_t>,
                    std::chrono::milliseconds) override {
        fail_msg("%s", "an inquiry changes nothing");
        return {};
    }

    static ScsiReply check(scsi::SenseKey key, std::uint8_t asc, std::uint8_t ascq) {
        scsi::Sense sense;
        sense.key = key;
        sense.asc = asc;
        sense.ascq = ascq;
        ScsiReply reply;
        reply.status = 2;
        reply.sense = scsi::build_sense(sense);
        return reply;
    }

  private:
    ScsiReply inquiry(std::span<const std::uint8_t> cdb, std::span<std::uint8_t> data) {
        const auto page = pages.find(cdb[1] & 1 ? cdb[2] : -1);
        if (page == pages.end()) return check(scsi::SenseKey::IllegalRequest, 0x24, 0);
        return give(page->second, data);
    }
    // As LIO does: the four bytes more of the extended header are not counted, nor transferred.
    Data without_extended_header(int format) const {
        Data reply = groups;
        if (format == 1) {
            reply.resize(reply.size() - 4);
        } else {
            reply.erase(reply.begin() + 4, reply.begin() + 8);
        }
        const std::size_t length = reply.size() - 4;
        for (std::size_t i = 0; i < 4; ++i)
            reply[i] = static_cast<std::uint8_t>(length >> (8 * (3 - i)));
        return reply;
    }
    static ScsiReply give(const Data& from, std::span<std::uint8_t> to) {
        ScsiReply reply;
        reply.received = std::min(from.size(), to.size());
        std::copy_n(from.begin(), reply.received, to.begin());
        return reply;
    }
};

class Listener final : public Progress {
  public:
    std::vector<std::string> begun;
    void begin(const char* command, std::chrono::milliseconds) override {
        begun.emplace_back(command);
    }
};

template <typename T>
T unwrap(Result<T> result) {
    assert_ok(result);
    return std::move(*result);
}

Device healthy() {
    Device device;
    scsi::Inquiry inquiry;
    inquiry.tpgs = scsi::Tpgs::Both;
    inquiry.vendor.text = "ACME";
    inquiry.product.text = "Tank";
    inquiry.revision.text = "0001";
    device.pages[-1] = scsi::build_inquiry(inquiry);
    device.pages[0x00] = unwrap(scsi::build_supported_pages({{}, {0x00, 0x80, 0x83}}));
    device.pages[0x80] = unwrap(scsi::build_unit_serial_number({{}, {"S1", ""}}));
    const auto port = scsi::numbered_designator(7);
    const auto group = scsi::numbered_designator(300);
    scsi::DeviceIdentification page;
    page.designators = {
        {scsi::DesignatorType::Naa,
         scsi::CodeSet::Binary,
         scsi::Association::LogicalUnit,
         {},
         kNaa},
        {scsi::DesignatorType::RelativeTargetPort,
         scsi::CodeSet::Binary,
         scsi::Association::TargetPort,
         {},
         port},
        {scsi::DesignatorType::TargetPortGroup,
         scsi::CodeSet::Binary,
         scsi::Association::TargetPort,
         {},
         group},
    };
    device.pages[0x83] = unwrap(scsi::build_device_identification(page));
    scsi::TargetPortGroups groups;
    groups.format = scsi::GroupsFormat::Extended;
    groups.implicit_transition_time = 30;
    for (std::uint16_t i = 0; i < 40; ++i) {
        scsi::TargetPortGroup one;
        one.number = i;
        one.relative_ports.assign(20, 1);
        groups.groups.push_back(one);
    }
    device.groups = unwrap(scsi::build_target_port_groups(groups));
    return device;
}

Answer<PathIdentity> identity_of(Device& device) {
    Listener listener;
    return ask_identity(device, listener, 1s);
}

Answer<scsi::TargetPortGroups> groups_of(Device& device) {
    Listener listener;
    return ask_target_port_groups(device, listener, 1s);
}

void a_healthy_device_says_who_it_is(void**) {
    Device device = healthy();
    Listener listener;
    const auto answer = ask_identity(device, listener, 1s);
    assert_ok(answer.result);
    const PathIdentity& identity = *answer.result;
    assert_text_equal(identity.unit.vendor, "ACME");
    assert_text_equal(identity.unit.unit_name, "6001405a0102030405060708090a0b0c");
    assert_true(identity.unit.unit_name_type == model::NameType::Naa);
    assert_text_equal(identity.unit.serial_number, "S1");
    assert_true(identity.unit.explicit_alua && identity.unit.implicit_alua);
    assert_int_equal(*identity.target_port_group, 300);
    assert_int_equal(identity.relative_target_port, 7);
    assert_true((listener.begun == std::vector<std::string>{"INQUIRY", "INQUIRY VPD page 00h",
                                                            "INQUIRY VPD page 83h",
                                                            "INQUIRY VPD page 80h"}));
}

void pages_that_the_device_does_not_list_are_not_asked_for(void**) {
    Device device = healthy();
    device.pages[0x00] = unwrap(scsi::build_supported_pages({{}, {0x00, 0x83}}));
    device.pages.erase(0x80);
    const auto answer = identity_of(device);
    assert_ok(answer.result);
    assert_text_equal(answer.result->unit.serial_number, "");
}

void unit_attentions_are_sent_again_and_remembered(void**) {
    Device device = healthy();
    device.first = {Device::check(scsi::SenseKey::UnitAttention, 0x29, 0),
                    Device::check(scsi::SenseKey::UnitAttention, 0x2a, 6)};
    const auto answer = identity_of(device);
    assert_ok(answer.result);
    assert_true(answer.attentions.identity);
    assert_true(answer.attentions.access_state);
}

void a_device_that_only_ever_reports_attentions_is_given_up(void**) {
    Device device = healthy();
    for (int i = 0; i < 50; ++i)
        device.first.push_back(Device::check(scsi::SenseKey::UnitAttention, 0x29, 0));
    const auto answer = groups_of(device);
    assert_false(answer.result.has_value());
    assert_true(answer.failure == Failure::Status);
    assert_in_range(device.asked.size(), 2, 12);
}

void long_replies_are_asked_for_whole(void**) {
    Device device = healthy();
    assert_true(device.groups.size() > scsi::target_port_groups_allocation);
    const auto answer = groups_of(device);
    assert_ok(answer.result);
    assert_int_equal(answer.result->groups.size(), 40);
    assert_int_equal(answer.result->implicit_transition_time, 30);
    assert_int_equal(device.asked.size(), 2);
}

void devices_without_the_extended_header_are_asked_the_old_way(void**) {
    Device device = healthy();
    device.refuses_extended_header = true;
    scsi::TargetPortGroups groups;
    groups.groups.resize(1);
    device.groups = unwrap(scsi::build_target_port_groups(groups));
    const auto answer = groups_of(device);
    assert_ok(answer.result);
    assert_int_equal(answer.result->groups.size(), 1);
}

void devices_that_cannot_count_the_extended_header_are_asked_the_old_way(void**) {
    Device device = healthy();
    device.forgets_extended_header = true;
    const auto answer = groups_of(device);
    assert_ok(answer.result);
    assert_int_equal(answer.result->groups.size(), 40);
    assert_int_equal(answer.result->groups.back().relative_ports.size(), 20);
    assert_true(answer.failure == Failure::None);
}

void the_transport_and_the_device_and_nonsense_are_told_apart(void**) {
    Device lost = healthy();
    ScsiReply none;
    none.error = Error{"SG_IO", "/dev/sdc", "DID_NO_CONNECT"};
    lost.first = {none};
    assert_true(identity_of(lost).failure == Failure::NoStatus);

    Device busy = healthy();
    busy.first = {Device::check(scsi::SenseKey::NotReady, 0x04, 0x0b)};
    const auto refused = identity_of(busy);
    assert_true(refused.failure == Failure::Status);
    assert_text_equal(refused.result.error().action, "INQUIRY");
    assert_non_null(strstr(refused.result.error().reason.c_str(), "04h/0Bh"));

    Device liar = healthy();
    liar.pages[0x83][3] = 0xff;
    const auto nonsense = identity_of(liar);
    assert_true(nonsense.failure == Failure::Nonsense);
    assert_text_equal(nonsense.result.error().action, "INQUIRY VPD page 83h");

    Device strange = healthy();
    strange.pages[-1][10] = 0x9c; // in the vendor field
    const auto text = identity_of(strange);
    assert_true(text.failure == Failure::Nonsense);
    assert_non_null(strstr(text.result.error().reason.c_str(), "vendor"));
}

void a_lun_without_a_unit_is_no_identity(void**) {
    Device device = healthy();
    device.pages[-1][0] = 0x7f;
    const auto answer = identity_of(device);
    assert_false(answer.result.has_value());
    assert_non_null(strstr(answer.result.error().reason.c_str(), "no logical unit"));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_healthy_device_says_who_it_is),
        cmocka_unit_test(pages_that_the_device_does_not_list_are_not_asked_for),
        cmocka_unit_test(unit_attentions_are_sent_again_and_remembered),
        cmocka_unit_test(a_device_that_only_ever_reports_attentions_is_given_up),
        cmocka_unit_test(long_replies_are_asked_for_whole),
        cmocka_unit_test(devices_without_the_extended_header_are_asked_the_old_way),
        cmocka_unit_test(devices_that_cannot_count_the_extended_header_are_asked_the_old_way),
        cmocka_unit_test(the_transport_and_the_device_and_nonsense_are_told_apart),
        cmocka_unit_test(a_lun_without_a_unit_is_no_identity),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
