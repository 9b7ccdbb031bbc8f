// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/scsi_device.hpp"
#include "tests/unit/cmocka.hpp"

#include <array>
#include <cerrno>

using namespace mpapi;
using namespace mpapi::kernel;

namespace {

constexpr std::array<std::uint8_t, 32> sense_data{0x70, 0, 0x06, 0, 0, 0,    0,
                                                  0x0a, 0, 0,    0, 0, 0x2a, 0x06};

void good_status_counts_what_arrived(void**) {
    SgAnswer answer;
    answer.asked = 96;
    answer.residual = 60;
    const auto reply = read_sg_answer(answer, sense_data, "/dev/sdc");
    assert_true(reply.good());
    assert_int_equal(reply.received, 36);
    assert_true(reply.sense.empty());
}

void sense_data_are_kept_with_their_status(void**) {
    SgAnswer answer;
    answer.status = 0x02;
    answer.sense_written = 18;
    const auto reply = read_sg_answer(answer, sense_data, "/dev/sdc");
    assert_false(reply.error.has_value());
    assert_int_equal(reply.status, 0x02);
    assert_int_equal(reply.sense.size(), 18);
    assert_int_equal(reply.sense[12], 0x2a);
}

void a_host_without_a_connection_is_no_answer(void**) {
    SgAnswer answer;
    answer.host_status = 0x01;
    answer.asked = 96;
    answer.residual = 96;
    const auto reply = read_sg_answer(answer, sense_data, "/dev/sdc");
    assert_true(reply.error.has_value());
    assert_text_equal(reply.error->message(),
                      "SG_IO /dev/sdc: no status came back: DID_NO_CONNECT");
    assert_int_equal(reply.received, 0);
    assert_false(reply.good());
}

void host_and_driver_codes_that_nobody_knows_are_numbers(void**) {
    SgAnswer answer;
    answer.host_status = 0x77;
    assert_text_equal(read_sg_answer(answer, sense_data, "/dev/sdc").error->reason,
                      "no status came back: host status 119");
    answer.host_status = 0;
    answer.driver_failed = true;
    assert_text_equal(read_sg_answer(answer, sense_data, "/dev/sdc").error->reason,
                      "no status came back: the driver failed");
}

void a_status_that_came_back_counts_whatever_the_host_says(void**) {
    SgAnswer answer;
    answer.host_status = 0x11; // DID_NEXUS_FAILURE goes with RESERVATION CONFLICT
    answer.status = 0x18;
    const auto reply = read_sg_answer(answer, sense_data, "/dev/sdc");
    assert_false(reply.error.has_value());
    assert_int_equal(reply.status, 0x18);
}

void lengths_that_lie_are_not_believed(void**) {
    SgAnswer answer;
    answer.asked = 96;
    answer.residual = 97;
    assert_int_equal(read_sg_answer(answer, sense_data, "/dev/sdc").received, 0);
    answer.residual = -1;
    assert_int_equal(read_sg_answer(answer, sense_data, "/dev/sdc").received, 0);
    answer.residual = 0;
    answer.status = 2;
    answer.sense_written = 4000;
    assert_int_equal(read_sg_answer(answer, sense_data, "/dev/sdc").sense.size(),
                     sense_data.size());
}

void what_is_no_disk_of_that_number_is_refused(void**) {
    const auto missing = open_scsi_device("/dev/sd-is-not-there", {8, 0});
    assert_false(missing.has_value());
    assert_int_equal(missing.error().errnum, ENOENT);
    const auto another = open_scsi_device("/dev/null", {8, 0});
    assert_false(another.has_value());
    assert_int_equal(another.error().errnum, ENODEV);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(good_status_counts_what_arrived),
        cmocka_unit_test(sense_data_are_kept_with_their_status),
        cmocka_unit_test(a_host_without_a_connection_is_no_answer),
        cmocka_unit_test(host_and_driver_codes_that_nobody_knows_are_numbers),
        cmocka_unit_test(a_status_that_came_back_counts_whatever_the_host_says),
        cmocka_unit_test(lengths_that_lie_are_not_believed),
        cmocka_unit_test(what_is_no_disk_of_that_number_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
