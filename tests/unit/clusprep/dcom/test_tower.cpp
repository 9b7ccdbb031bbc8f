// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/tower.hpp"

#include "bytes.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace mpapi::ndr::literals;

namespace {

const Tower tower{{"00000131-0000-0000-c000-000000000046"_guid, 0, 0},
                  {"8a885d04-1ceb-11c9-9fe8-08002b104860"_guid, 2, 0},
                  49152,
                  {192, 0, 2, 1}};

const char* const dump = "0500"
                         "1300 0d 3101000000000000c000000000000046 0000 0200 0000"
                         "1300 0d 045d888aeb1cc9119fe808002b104860 0200 0200 0000"
                         "0100 0b 0200 0000"
                         "0100 07 0200 c000"
                         "0100 09 0400 c0000201";

void a_tower_is_written_as_specified(void**) {
    assert_bytes_equal(build_tower(tower), bytes_of(dump));
}

void a_tower_is_read(void**) {
    const auto read = parse_tower(bytes_of(dump));
    assert_ok(read);
    assert_true(*read == tower);
}

void what_is_cut_off_or_too_long_is_refused(void**) {
    parse_every_prefix(bytes_of(dump), [](const Bytes& cut) {
        if (parse_tower(cut)) fail_msg("%zu bytes were read", cut.size());
    });
    auto longer = bytes_of(dump);
    longer.push_back(0);
    assert_contains(parse_tower(longer).error().message(), "bytes behind its floors");
}

void other_protocols_are_refused(void**) {
    const auto refused = [](std::size_t at, std::uint8_t byte, const char* reason) {
        auto bytes = bytes_of(dump);
        bytes[at] = byte;
        const auto read = parse_tower(bytes);
        if (read) fail_msg("byte %zu = %u was read", at, byte);
        assert_contains(read.error().message(), reason);
    };
    refused(0, 4, "has 4 floors");
    refused(1, 0xff, "floors");
    refused(4, 0x0c, "does not begin with two interface identifiers");
    refused(29, 0x0c, "does not begin with two interface identifiers");
    refused(54, 0x0a, "not of ncacn_ip_tcp"); // connectionless
    refused(61, 0x08, "not of ncacn_ip_tcp"); // UDP
    refused(68, 0x11, "not of ncacn_ip_tcp");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_tower_is_written_as_specified),
        cmocka_unit_test(a_tower_is_read),
        cmocka_unit_test(what_is_cut_off_or_too_long_is_refused),
        cmocka_unit_test(other_protocols_are_refused),
    };
    return cmocka_run_group_tests_name("protocol tower", tests, nullptr, nullptr);
}
