// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/names.hpp"

#include "tests/unit/cmocka.hpp"

#include <set>

using namespace mpapi::cli;

namespace {

template <typename Value>
std::string text(Value value) {
    return std::string(name_of(value).text);
}

void path_states_are_the_contract_s(void**) {
    const char* const texts[] = {"OK",
                                 "path error",
                                 "LU error",
                                 "reserved",
                                 "unavailable",
                                 "transitioning",
                                 "operational but closed",
                                 "invalid closed",
                                 "offline closed",
                                 "unknown"};
    for (int value = 0; value < 10; ++value)
        assert_text_equal(text(static_cast<MP_PATH_STATE>(value)), texts[value]);
}

void access_states_are_the_contract_s(void**) {
    assert_text_equal(text(MP_ACCESS_STATE_ACTIVE_OPTIMIZED), "active optimized");
    assert_text_equal(text(MP_ACCESS_STATE_ACTIVE_NONOPTIMIZED), "active not optimized");
    assert_text_equal(text(MP_ACCESS_STATE_STANDBY), "standby");
    assert_text_equal(text(MP_ACCESS_STATE_UNAVAILABLE), "unavailable");
    assert_text_equal(text(MP_ACCESS_STATE_TRANSITIONING), "transitioning");
    assert_text_equal(text(MP_ACCESS_STATE_ACTIVE), "active");
    assert_text_equal(text(static_cast<MP_ACCESS_STATE_TYPE>(4)), "unknown");
}

void transports_are_the_contract_s(void**) {
    const char* const texts[] = {"unknown",       "Logical Multipath Port",
                                 "Fibre Channel", "parallel SCSI",
                                 "iSCSI",         "InfiniBand-Fibre Channel"};
    for (int value = 0; value < 6; ++value)
        assert_text_equal(text(static_cast<MP_PORT_TRANSPORT_TYPE>(value)), texts[value]);
}

void name_types_are_the_contract_s(void**) {
    const char* const texts[] = {"unknown type", "SCSI Inquiry VPD Page83 Type1",
                                 "SCSI Inquiry VPD Page83 Type2", "SCSI Inquiry VPD Page83 Type3",
                                 "device specific type"};
    for (int value = 0; value < 5; ++value)
        assert_text_equal(text(static_cast<MP_LOGICAL_UNIT_NAME_TYPE>(value)), texts[value]);
    assert_text_equal(text(static_cast<MP_LOGICAL_UNIT_NAME_TYPE>(7)), "unknown type");
}

void every_status_has_a_text_and_token_of_its_own(void**) {
    std::set<std::string_view> texts;
    std::set<std::string_view> tokens;
    for (int value = 0; value <= MP_STATUS_NOT_PERMITTED; ++value) {
        const Name name = name_of(static_cast<MP_STATUS>(value));
        assert_true(texts.insert(name.text).second);
        assert_true(tokens.insert(name.token).second);
        assert_int_equal(name.token.find(' '), std::string_view::npos);
    }
    assert_false(texts.contains("unknown"));
}

void load_balance_types_and_names_are_one_to_one(void**) {
    const char* const names[] = {
        "unknown",       "round-robin",  "least-blocks", "least-used", "device-product-specific",
        "logical-block", "failover-only"};
    for (unsigned bit = 0; bit < 7; ++bit) {
        assert_text_equal(load_balance_name(1U << bit), names[bit]);
        assert_int_equal(load_balance_type(names[bit]), 1U << bit);
    }
    for (unsigned number = 1; number <= 16; ++number) {
        const std::string name = "proprietary" + std::to_string(number);
        assert_text_equal(load_balance_name(1U << (number + 15)), name);
        assert_int_equal(load_balance_type(name), 1U << (number + 15));
    }
    assert_text_equal(load_balance_name(0), "none");
    assert_int_equal(load_balance_type("none"), 0);
}

void other_texts_and_sets_are_unknown(void**) {
    for (const char* name :
         {"", "Round-Robin", "round-robi", "proprietary0", "proprietary17", "proprietary01"})
        assert_int_equal(load_balance_type(name), MP_LOAD_BALANCE_TYPE_UNKNOWN);
    assert_text_equal(load_balance_name(6), "unknown");
    assert_text_equal(load_balance_name(1U << 7), "unknown");
}

void a_set_lists_its_bits_the_last_one_too(void**) {
    const std::vector<std::string> expected = {"round-robin", "logical-block", "proprietary16"};
    assert_true(load_balance_names(0x80000022) == expected);
    assert_true(load_balance_names(0).empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(path_states_are_the_contract_s),
        cmocka_unit_test(access_states_are_the_contract_s),
        cmocka_unit_test(transports_are_the_contract_s),
        cmocka_unit_test(name_types_are_the_contract_s),
        cmocka_unit_test(every_status_has_a_text_and_token_of_its_own),
        cmocka_unit_test(load_balance_types_and_names_are_one_to_one),
        cmocka_unit_test(other_texts_and_sets_are_unknown),
        cmocka_unit_test(a_set_lists_its_bits_the_last_one_too),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
