// SPDX-License-Identifier: LGPL-2.1-or-later
#include "plugin/change.hpp"

#include "daemon/publish/errors.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::plugin;

namespace {

namespace error = publish::error;

void each_error_of_the_daemon_is_one_status(void**) {
    const struct {
        const char* name;
        MP_STATUS status;
    } all[] = {
        {error::kInvalidParameter, MP_STATUS_INVALID_PARAMETER},
        {error::kUnknownFunction, MP_STATUS_UNKNOWN_FN},
        {error::kFailed, MP_STATUS_FAILED},
        {error::kInsufficientMemory, MP_STATUS_INSUFFICIENT_MEMORY},
        {error::kInvalidObjectType, MP_STATUS_INVALID_OBJECT_TYPE},
        {error::kObjectNotFound, MP_STATUS_OBJECT_NOT_FOUND},
        {error::kUnsupported, MP_STATUS_UNSUPPORTED},
        {error::kFunctionReplaced, MP_STATUS_FN_REPLACED},
        {error::kAccessStateInvalid, MP_STATUS_ACCESS_STATE_INVALID},
        {error::kInvalidWeight, MP_STATUS_INVALID_WEIGHT},
        {error::kPathNonoperational, MP_STATUS_PATH_NONOPERATIONAL},
        {error::kTryAgain, MP_STATUS_TRY_AGAIN},
        {error::kNotPermitted, MP_STATUS_NOT_PERMITTED},
        {error::kAccessDenied, MP_STATUS_NOT_PERMITTED},
        {error::kLimitsExceeded, MP_STATUS_TRY_AGAIN},
        {error::kTimedOut, MP_STATUS_FAILED},
        {error::kTooLarge, MP_STATUS_FAILED},
        {error::kResync, MP_STATUS_FAILED},
    };
    for (const auto& each : all)
        assert_int_equal(status_of({each.name, ""}), each.status);
}

void what_the_bus_answers_has_a_status_too(void**) {
    assert_int_equal(status_of({SD_BUS_ERROR_UNKNOWN_METHOD, ""}), MP_STATUS_UNSUPPORTED);
    assert_int_equal(status_of({SD_BUS_ERROR_UNKNOWN_INTERFACE, ""}), MP_STATUS_UNSUPPORTED);
    assert_int_equal(status_of({SD_BUS_ERROR_UNKNOWN_OBJECT, ""}), MP_STATUS_OBJECT_NOT_FOUND);
    assert_int_equal(status_of({SD_BUS_ERROR_ACCESS_DENIED, ""}), MP_STATUS_NOT_PERMITTED);
    assert_int_equal(status_of({SD_BUS_ERROR_SERVICE_UNKNOWN, ""}), MP_STATUS_FAILED);
    assert_int_equal(status_of({SD_BUS_ERROR_NO_REPLY, ""}), MP_STATUS_FAILED);
    assert_int_equal(status_of({"org.mpapi.Multipath1.Error.", ""}), MP_STATUS_FAILED);
    assert_int_equal(status_of({"", ""}), MP_STATUS_FAILED);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_error_of_the_daemon_is_one_status),
        cmocka_unit_test(what_the_bus_answers_has_a_status_too),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
