// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/transport_id.hpp"

#include "bytes_of.hpp"
#include "initiators.hpp"

using namespace mpapi::scsi;

namespace {

const char* const fibre_channel = "00 00000000000000 21000024ff123456 0000000000000000";
const char* const sas = "06 000000 5000c50012345678 000000000000000000000000";
// "iqn.a:b" in format 00b.
const char* const iscsi_device = "05 00 0014 69716e2e613a6200 000000000000000000000000";
// "iqn.a:b,i,0x00023d000001" in format 01b.
const char* const iscsi_port =
    "45 00 001c 69716e2e613a622c692c3078303030323364303030303031 00000000";

std::string text_of(const char* dump) {
    const auto id = parse_transport_id(bytes_of(dump));
    return id ? transport_id_text(*id) : id.error().message();
}

void each_protocol_is_read(void**) {
    assert_text_equal(text_of(fibre_channel), "21000024ff123456");
    assert_text_equal(text_of(sas), "5000c50012345678");
    assert_text_equal(text_of(iscsi_device), "iqn.a:b");
    assert_text_equal(text_of(iscsi_port), "iqn.a:b,00023d000001");
    assert_text_equal(text_of("04 00000000000000 000102030405060708090a0b0c0d0e0f"),
                      "000102030405060708090a0b0c0d0e0f");
    assert_text_equal(text_of("0a 00 0102 0000000000000000000000000000000000000000"),
                      "0a0001020000000000000000000000000000000000000000");
}

void a_short_isid_is_filled_up(void**) {
    assert_text_equal(text_of("45 00 0014 69716e2e613a622c692c3078 31660000 00000000"),
                      "iqn.a:b,00000000001f");
}

void what_is_wrong_is_told(void**) {
    assert_contains(text_of("00 00 00"), "3 bytes, a header has 4");
    assert_contains(text_of("00 00000000000000 21000024ff123456 00"), "24 bytes announced, 17");
    assert_contains(text_of("05 00 ffff 69716e2e"), "65539 bytes announced, 8 received");
    assert_contains(text_of("80 00000000000000 21000024ff123456 0000000000000000"),
                    "format code 2 for protocol 0");
    assert_contains(text_of("85 00 0004 69716e00"), "format code 2 for protocol 5");
    assert_contains(text_of("05 00 0004 00000000"), "name is empty");
    assert_contains(text_of("05 00 0000"), "name is empty");
    assert_contains(text_of("05 00 0004 69ff6e00"), "byte 1 is FFh");
    assert_contains(text_of("45 00 0004 69716e00"), "without \",i,0x\"");
    assert_contains(text_of("45 00 0008 612c692c30780000"), "is not 1 to 12 digits");
    assert_contains(text_of("45 00 0008 612c692c3078672d"), "is not 1 to 12 digits");
    assert_contains(text_of("45 00 0014 612c692c3078 31323334353637383930313233 00"),
                    "is not 1 to 12 digits");
    std::string long_name = "05 00 00e0 ";
    for (int i = 0; i < 224; ++i)
        long_name += "61";
    assert_contains(text_of(long_name.c_str()), "an iSCSI name of 224 bytes");
}

void the_length_is_told_by_the_header(void**) {
    assert_int_equal(transport_id_length(bytes_of("00 00 00")), 0);
    assert_int_equal(transport_id_length(bytes_of("00 00 ffff")), 24);
    assert_int_equal(transport_id_length(bytes_of("45 00 001c")), 32);
}

void ids_are_built_as_the_tables_say(void**) {
    const auto built = [](const TransportId& id) {
        auto bytes = build_transport_id(id);
        assert_ok(bytes);
        return *bytes;
    };
    assert_bytes_equal(built(FibreChannelInitiator{0x21000024ff123456}), bytes_of(fibre_channel));
    assert_bytes_equal(built(SasInitiator{0x5000c50012345678}), bytes_of(sas));
    assert_bytes_equal(built(IscsiInitiator{"iqn.a:b", std::nullopt}), bytes_of(iscsi_device));
    assert_bytes_equal(built(IscsiInitiator{"iqn.a:b", 0x00023d000001}), bytes_of(iscsi_port));
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937_64 random(75);
    for (int round = 0; round < 2000; ++round) {
        const TransportId original = random_initiator(random);
        const auto built = build_transport_id(original);
        assert_ok(built);
        assert_int_equal(built->size() % 4, 0);
        assert_true(built->size() >= 24);
        assert_int_equal(transport_id_length(*built), built->size());
        const auto parsed = parse_transport_id(*built);
        assert_ok(parsed);
        assert_true(*parsed == original);
        assert_int_equal(transport_id_protocol(*parsed), (*built)[0] & 0xf);
    }
}

void what_is_no_name_is_not_built(void**) {
    assert_false(build_transport_id(IscsiInitiator{"", std::nullopt}).has_value());
    assert_false(build_transport_id(IscsiInitiator{std::string(224, 'a'), 1}).has_value());
    assert_false(build_transport_id(IscsiInitiator{"iqn.a:b", std::uint64_t{1} << 48}).has_value());
}

void no_prefix_is_read_past_its_end(void**) {
    for (const char* dump : {fibre_channel, sas, iscsi_device, iscsi_port}) {
        const auto whole = bytes_of(dump);
        parse_every_prefix(whole, [&](Bytes bytes) {
            assert_int_equal(parse_transport_id(bytes).has_value(), bytes.size() == whole.size());
        });
    }
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_protocol_is_read),
        cmocka_unit_test(a_short_isid_is_filled_up),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(the_length_is_told_by_the_header),
        cmocka_unit_test(ids_are_built_as_the_tables_say),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(what_is_no_name_is_not_built),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
