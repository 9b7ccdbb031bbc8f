// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/failures.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi::node;
using mpapi::csvp::Hresult;

namespace {

Hresult code(const char* member, const char* name) {
    return disk_failure(member, "/disk", name, "text").code;
}

void each_refusal_has_its_code(void**) {
    assert_true(code("RawRead", "org.mpapi.Multipath1.Error.NotAllowed") == Hresult::AccessDenied);
    assert_true(code("RawRead", "org.freedesktop.DBus.Error.AccessDenied") ==
                Hresult::AccessDenied);
    assert_true(code("RawWrite", "org.mpapi.Multipath1.Error.NotScratch") == Hresult::AccessDenied);
    assert_true(code("TakeOffline", "org.mpapi.Multipath1.Error.NeededBySystem") ==
                Hresult::AccessDenied);
    assert_true(code("ReservationReserve", "org.mpapi.Multipath1.Error.ReservationConflict") ==
                Hresult::Busy);
    assert_true(code("RawRead", "org.mpapi.Multipath1.Error.TimedOut") ==
                Hresult::SemaphoreTimeout);
    assert_true(code("RawRead", "org.mpapi.Multipath1.Error.ObjectNotFound") ==
                Hresult::DeviceGone);
}

void a_disk_in_use_is_busy_for_who_takes_it_offline(void**) {
    assert_true(code("TakeOffline", "org.mpapi.Multipath1.Error.InUse") == Hresult::Busy);
    assert_true(code("RawRead", "org.mpapi.Multipath1.Error.InUse") == Hresult::AccessDenied);
}

void an_unknown_error_is_an_error_of_the_device(void**) {
    assert_true(code("RawRead", "org.mpapi.Multipath1.Error.Failed") == Hresult::IoDevice);
    assert_true(code("RawRead", "com.example.Other") == Hresult::IoDevice);
    assert_true(code("RawRead", "") == Hresult::IoDevice);
}

void an_mpapid_that_does_not_know_the_method_is_told_apart(void**) {
    const auto failure =
        disk_failure("RawReadFile", "/disk", "org.freedesktop.DBus.Error.UnknownMethod",
                     "Unknown method RawReadFile");
    assert_true(failure.code == Hresult::NotSupported);
    assert_contains(failure.error.message(), "Unknown method RawReadFile");
    assert_contains(failure.error.message(), "systemctl restart mpapid");
}

void the_log_has_what_was_tried_on_what_and_why(void**) {
    const auto failure =
        disk_failure("RawRead", "/disk", "org.mpapi.Multipath1.Error.Failed", "READ(10) failed.");
    assert_text_equal(failure.error.message(), "RawRead /disk: READ(10) failed.");
    assert_text_equal(disk_failure("RawRead", "/disk", "com.example.Other", "").error.message(),
                      "RawRead /disk: com.example.Other");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_refusal_has_its_code),
        cmocka_unit_test(a_disk_in_use_is_busy_for_who_takes_it_offline),
        cmocka_unit_test(an_unknown_error_is_an_error_of_the_device),
        cmocka_unit_test(an_mpapid_that_does_not_know_the_method_is_told_apart),
        cmocka_unit_test(the_log_has_what_was_tried_on_what_and_why),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
