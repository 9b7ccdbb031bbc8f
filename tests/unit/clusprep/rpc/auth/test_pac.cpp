// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Logon information as Samba's own NDR wrote it: alice (1105) of EXAMPLE (S-1-5-21-1-2-3), in the
// groups 513 and 1200, with S-1-18-1 besides, S-1-5-21-9-9-9-500 to deny only, and group 1300 of
// the resource domain S-1-5-21-7-7-7.
#include "clusprep/rpc/auth/kerberos/pac.hpp"

#include "tests/unit/clusprep/rpc/auth/hex.hpp"

#include <random>

using namespace mpapi::rpc;
using mpapi::rpc::test::bytes_of_hex;

namespace {

constexpr const char* kHeaders = "01100800cccccccc 08020000 00000000"; // MS-RPCE 2.2.6
constexpr const char* kLogonInfo =
    "0000020000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000a000a00040002000a000a0008000200000000000c000200000000001000020000000000"
    "140002000000000018000200000000005104000001020000020000001c000200200200000000000000000000"
    "000000000000000006000800200002000e001000240002002800020000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000020000002c000200300002000100000034000200"
    "05000000000000000500000061006c00690063006500000005000000000000000500000041006c0069006300"
    "6500000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000020000000102000007000000b00400000700000004000000000000000300000044004300"
    "310000000800000000000000070000004500580041004d0050004c0045000000040000000104000000000005"
    "150000000100000002000000030000000200000038000200070000003c000200100000000100000001010000"
    "000000120100000005000000010500000000000515000000090000000900000009000000f401000004000000"
    "010400000000000515000000070000000700000007000000010000001405000007000020";

std::vector<std::uint8_t> example() {
    return bytes_of_hex(std::string(kHeaders) + kLogonInfo);
}

void the_sids_are_read_in_order(void**) {
    const auto sids = sids_of_pac(example());
    assert_ok(sids);
    std::string text;
    for (const auto& sid : *sids)
        text += sid + " ";
    assert_text_equal(text, "S-1-5-21-1-2-3-1105 S-1-5-21-1-2-3-513 S-1-5-21-1-2-3-1200 S-1-18-1 "
                            "S-1-5-21-7-7-7-1300 ");
}

void no_prefix_is_taken_or_read_past_its_end(void**) {
    const auto bytes = example();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::vector<std::uint8_t> prefix(bytes.begin(),
                                               bytes.begin() + static_cast<std::ptrdiff_t>(size));
        assert_false(sids_of_pac(prefix).has_value());
    }
}

void changed_bytes_yield_sids_or_an_error(void**) {
    std::mt19937 random(11);
    unsigned good = 0, bad = 0;
    for (int round = 0; round < 5000; ++round) {
        auto bytes = example();
        for (unsigned i = 0; i < 1 + random() % 3; ++i)
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        const auto sids = sids_of_pac(bytes);
        ++(sids ? good : bad);
        if (!sids) continue;
        for (const auto& sid : *sids)
            assert_true(sid.starts_with("S-1-"));
    }
    assert_true(good > 0 && bad > 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_sids_are_read_in_order),
        cmocka_unit_test(no_prefix_is_taken_or_read_past_its_end),
        cmocka_unit_test(changed_bytes_yield_sids_or_an_error),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
