// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_reference.hpp"

#include "bytes.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace mpapi::ndr::literals;

namespace {

constexpr auto iid = "12108a88-6858-4467-b92f-e6cf4568dfb6"_guid;
constexpr auto ipid = "00010203-0405-0607-0809-0a0b0c0d0e0f"_guid;

ObjectReference standard() {
    return {iid, StandardObject{{0, 5, 0x1122334455667788, 0x99aabbccddeeff00, ipid},
                                {{{kTcpTower, "a"}}, {}}}};
}

const char* const standard_dump = "4d454f57 01000000 888a1012 5868 6744 b92fe6cf4568dfb6"
                                  "00000000 05000000 8877665544332211 00ffeeddccbbaa99"
                                  "03020100 0504 0706 08090a0b0c0d0e0f"
                                  "0500 0400 0700 6100 0000 0000 0000";

void a_standard_reference_is_written_as_specified(void**) {
    assert_bytes_equal(build_object_reference(standard()), bytes_of(standard_dump));
}

void a_standard_reference_is_read_and_what_follows_is_ignored(void**) {
    auto bytes = bytes_of(standard_dump);
    bytes.resize(bytes.size() + 6);
    const auto read = parse_object_reference(bytes);
    assert_ok(read);
    assert_true(*read == standard());
}

// MS-DCOM 2.2.18.5: a class before the bindings. 2.2.18.7: a signature there, and an element
// behind.
const char* const handler_dump = "4d454f57 02000000 888a1012 5868 6744 b92fe6cf4568dfb6"
                                 "00000000 05000000 8877665544332211 00ffeeddccbbaa99"
                                 "03020100 0504 0706 08090a0b0c0d0e0f"
                                 "db092bc7 534d 414f 8dcc2d752ab56f7c"
                                 "0500 0400 0700 6100 0000 0000 0000";
const char* const extended_dump = "4d454f57 08000000 888a1012 5868 6744 b92fe6cf4568dfb6"
                                  "00000000 05000000 8877665544332211 00ffeeddccbbaa99"
                                  "03020100 0504 0706 08090a0b0c0d0e0f"
                                  "5659534e"
                                  "0500 0400 0700 6100 0000 0000 0000";

void a_handler_and_an_extended_reference_are_read_as_the_standard_one_in_them(void**) {
    for (const char* const dump : {handler_dump, extended_dump}) {
        auto bytes = bytes_of(dump);
        parse_every_prefix(bytes, [](const Bytes& cut) {
            if (parse_object_reference(cut)) fail_msg("%zu bytes were read", cut.size());
        });
        bytes.resize(bytes.size() + 80);
        const auto read = parse_object_reference(bytes);
        assert_ok(read);
        assert_true(*read == standard());
    }
}

void a_custom_reference_goes_there_and_back(void**) {
    const ObjectReference custom{iid, CustomObject{ipid, {1, 2, 3}}};
    const auto bytes = build_object_reference(custom);
    assert_bytes_equal(bytes, bytes_of("4d454f57 04000000 888a1012 5868 6744 b92fe6cf4568dfb6"
                                       "03020100 0504 0706 08090a0b0c0d0e0f 00000000 0b000000"
                                       "010203"));
    const auto read = parse_object_reference(bytes);
    assert_ok(read);
    assert_true(*read == custom);
}

void what_is_cut_off_is_refused(void**) {
    parse_every_prefix(bytes_of(standard_dump), [](const Bytes& cut) {
        if (parse_object_reference(cut)) fail_msg("%zu bytes were read", cut.size());
    });
    const auto custom = build_object_reference({iid, CustomObject{ipid, {}}});
    parse_every_prefix(custom, [](const Bytes& cut) {
        if (parse_object_reference(cut)) fail_msg("%zu bytes were read", cut.size());
    });
}

void other_kinds_and_other_bytes_are_refused(void**) {
    auto bytes = bytes_of(standard_dump);
    for (const int kind : {0, 3, 5, 9}) {
        bytes[4] = static_cast<std::uint8_t>(kind);
        const auto read = parse_object_reference(bytes);
        assert_false(read.has_value());
        assert_contains(read.error().message(), "is of kind " + std::to_string(kind));
    }
    bytes[0] = 'm';
    assert_contains(parse_object_reference(bytes).error().message(), "no signature");
    auto extended = build_object_reference({iid, CustomObject{ipid, {}}});
    extended[40] = 1;
    assert_contains(parse_object_reference(extended).error().message(), "with an extension");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_standard_reference_is_written_as_specified),
        cmocka_unit_test(a_standard_reference_is_read_and_what_follows_is_ignored),
        cmocka_unit_test(a_handler_and_an_extended_reference_are_read_as_the_standard_one_in_them),
        cmocka_unit_test(a_custom_reference_goes_there_and_back),
        cmocka_unit_test(what_is_cut_off_is_refused),
        cmocka_unit_test(other_kinds_and_other_bytes_are_refused),
    };
    return cmocka_run_group_tests_name("object reference", tests, nullptr, nullptr);
}
