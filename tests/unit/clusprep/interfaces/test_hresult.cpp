// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/outcome.hpp"
#include "tests/unit/cmocka.hpp"

#include <cerrno>

using namespace mpapi::csvp;

namespace {

void a_win32_error_is_an_hresult_of_facility_7(void**) {
    assert_int_equal(from_win32(0), Hresult::Ok);
    assert_int_equal(from_win32(2), Hresult::FileNotFound);
    assert_int_equal(from_win32(5023), Hresult::InvalidState);
    assert_int_equal(from_win32(1352), Hresult::InvalidServerState);
    assert_int_equal(from_win32(2014), Hresult::DuplicateTag);
    assert_int_equal(from_win32(258), Hresult::WaitTimeout);
}

void a_negative_one_is_a_failure(void**) {
    assert_true(succeeded(Hresult::Ok));
    assert_true(succeeded(static_cast<Hresult>(1))); // S_FALSE
    assert_false(succeeded(Hresult::Unexpected));
    assert_false(succeeded(Hresult::MoreData));
}

void an_errno_becomes_what_it_is_called_over_there(void**) {
    assert_int_equal(from_errno(ENOENT), Hresult::FileNotFound);
    assert_int_equal(from_errno(EBADE), Hresult::Busy);
    assert_int_equal(from_errno(ENOSPC), Hresult::DiskFull);
    assert_int_equal(from_errno(EPERM), Hresult::AccessDenied);
    assert_int_equal(from_errno(EDOM), Hresult::Failed);
    assert_int_equal(from_errno(0), Hresult::Failed); // never a success
}

void it_is_written_with_its_name_where_it_has_one(void**) {
    assert_text_equal(text(Hresult::InvalidState), "0x8007139F ERROR_INVALID_STATE");
    assert_text_equal(text(Hresult::Ok), "0x00000000 S_OK");
    assert_text_equal(text(static_cast<Hresult>(0x80071234)), "0x80071234");
}

void an_outcome_holds_a_value_or_a_failure(void**) {
    const Outcome<int> good = 3;
    assert_true(static_cast<bool>(good));
    assert_int_equal(*good, 3);
    const Outcome<int> bad = Failure{Hresult::Busy, {"reserve", "sda", "conflict"}};
    assert_false(static_cast<bool>(bad));
    assert_int_equal(bad.failure().code, Hresult::Busy);
    assert_text_equal(bad.failure().error.message(), "reserve sda: conflict");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_win32_error_is_an_hresult_of_facility_7),
        cmocka_unit_test(a_negative_one_is_a_failure),
        cmocka_unit_test(an_errno_becomes_what_it_is_called_over_there),
        cmocka_unit_test(it_is_written_with_its_name_where_it_has_one),
        cmocka_unit_test(an_outcome_holds_a_value_or_a_failure),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
