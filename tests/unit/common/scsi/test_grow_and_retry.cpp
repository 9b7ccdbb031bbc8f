// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/grow_and_retry.hpp"

#include "bytes_of.hpp"
#include "common/scsi/vpd.hpp"

using namespace mpapi;
using namespace mpapi::scsi;

namespace {

// A device with a VPD page, which it cuts at the allocation length as SPC-3 4.3.4.6 says.
struct Device {
    std::vector<std::uint8_t> page;
    std::vector<std::size_t> asked;
    std::size_t grows_by = 0; // with each command

    explicit Device(std::size_t length) { resize(length); }

    void resize(std::size_t length) {
        page.assign(length, 'x');
        page[0] = 0;
        page[1] = 0x80;
        store_u16(page, 2, static_cast<std::uint16_t>(length - 4));
    }

    Result<std::vector<std::uint8_t>> operator()(std::size_t allocation) {
        asked.push_back(allocation);
        auto reply = page;
        if (reply.size() > allocation) reply.resize(allocation);
        if (grows_by != 0) resize(page.size() + grows_by);
        return reply;
    }
};

void a_reply_that_fits_is_asked_for_once(void**) {
    Device device(100);
    const auto reply = grow_and_retry({100, 65535}, device, vpd_length);
    assert_ok(reply);
    assert_int_equal(reply->size(), 100);
    assert_int_equal(device.asked.size(), 1);
}

void a_reply_that_was_cut_is_asked_for_again_with_what_it_needs(void**) {
    Device device(1000);
    const auto reply = grow_and_retry({252, 65535}, device, vpd_length);
    assert_ok(reply);
    assert_int_equal(reply->size(), 1000);
    assert_true((device.asked == std::vector<std::size_t>{252, 1000}));
}

void a_reply_over_the_bound_is_refused_without_asking(void**) {
    Device device(1000);
    const auto reply = grow_and_retry({252, 999}, device, vpd_length);
    assert_false(reply.has_value());
    assert_contains(reply.error().message(), "would have 1000 bytes, 999 are allowed");
    assert_int_equal(device.asked.size(), 1);
}

void a_reply_that_keeps_growing_is_given_up(void**) {
    Device device(300);
    device.grows_by = 10;
    const auto reply = grow_and_retry({252, 65535}, device, vpd_length);
    assert_false(reply.has_value());
    assert_contains(reply.error().message(), "still grew after 4 rounds");
    assert_int_equal(device.asked.size(), 4);
}

void a_header_that_lies_is_left_to_the_parser(void**) {
    Device device(20);
    store_u16(device.page, 2, 60000);
    const auto reply = grow_and_retry({252, 65535}, device, vpd_length);
    assert_ok(reply);
    assert_int_equal(device.asked.size(), 1);
    const auto serial = parse_unit_serial_number(*reply);
    assert_false(serial.has_value());
    assert_contains(serial.error().message(), "announces 60004 bytes, 20 received");
}

void a_failure_is_handed_on(void**) {
    const auto reply = grow_and_retry(
        {252, 65535},
        [](std::size_t) -> Result<std::vector<std::uint8_t>> {
            return Error{"INQUIRY", "/dev/sdc", "no answer after 5 s"};
        },
        vpd_length);
    assert_false(reply.has_value());
    assert_text_equal(reply.error().message(), "INQUIRY /dev/sdc: no answer after 5 s");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_that_fits_is_asked_for_once),
        cmocka_unit_test(a_reply_that_was_cut_is_asked_for_again_with_what_it_needs),
        cmocka_unit_test(a_reply_over_the_bound_is_refused_without_asking),
        cmocka_unit_test(a_reply_that_keeps_growing_is_given_up),
        cmocka_unit_test(a_header_that_lies_is_left_to_the_parser),
        cmocka_unit_test(a_failure_is_handed_on),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
