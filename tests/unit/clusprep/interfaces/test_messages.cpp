// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The bytes of MS-CSVP's messages, written out: sizes, offsets, 16-bit enums, what a failure
// carries.
#include "clusprep/interfaces/cluster_cleanup.hpp"
#include "clusprep/interfaces/cluster_firewall.hpp"
#include "clusprep/interfaces/cluster_log.hpp"
#include "clusprep/interfaces/cluster_network2.hpp"
#include "clusprep/interfaces/cluster_setup.hpp"
#include "clusprep/interfaces/cluster_storage2.hpp"
#include "clusprep/interfaces/fixed_text.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

// Writes `value`, compares with the dump, reads that back.
template <typename T>
void assert_bytes(const T& value, std::string_view dump, T expected = {}) {
    const auto stub = ndr::write(value);
    assert_ok(stub);
    assert_bytes_equal(*stub, bytes_of(dump));
    const auto read = ndr::read<T>(*stub, {}, 0, std::move(expected));
    assert_ok(read);
    assert_true(*read == value);
}

void a_diskid_is_8_bytes_and_20_with_a_guid(void**) {
    assert_bytes<DiskOnly>({DiskId::of_number(3)}, "a00f a00f 03000000");
    assert_bytes<DiskOnly>({DiskId::of_signature(0x1234abcd)}, "0000 0000 cdab3412");
    assert_bytes<DiskOnly>({DiskId()}, "8813 8813 00000000");
    assert_bytes<DiskOnly>({DiskId::of_guid("00112233-4455-6677-8899-aabbccddeeff"_guid)},
                           "0100 0100 33221100 5544 7766 8899 aabbccddeeff");
}

void a_diskid_with_two_types_or_none_of_them_is_refused(void**) {
    for (const char* dump : {"a00f 0000 03000000", "0200 0200 03000000",
                             // 32-bit enums, as in an IDL with v1_enum
                             "a00f0000 a00f0000 03000000"})
        assert_false(ndr::read<DiskOnly>(bytes_of(dump)).has_value());
}

DiskProps some_props(const DiskId& id) {
    DiskProps props;
    props.disk_number = 2;
    props.disk_id = id;
    props.bus_type = 9;
    props.stack_type = DiskStackType::StorPort;
    props.scsi_address = {8, 1, 2, 3, 4};
    props.is_clusterable = 1;
    props.adapter_description = fixed_text<260>("HBA");
    props.paths = 4;
    props.flags = 0x00080000;
    return props;
}

void disk_props_is_560_bytes_and_572_with_a_guid(void**) {
    CprepDiskGetProps::Out out;
    out.props = some_props(DiskId::of_number(2));
    const auto stub = ndr::write(out);
    assert_ok(stub);
    assert_int_equal(stub->size(), 560 + 4);
    const auto at = [&](std::size_t offset, std::size_t length) {
        return std::span(*stub).subspan(offset, length);
    };
    assert_bytes_equal(at(0, 32), bytes_of("02000000 a00f a00f 02000000 09000000 0100 0000 "
                                           "08000000 01 02 03 04 01000000"));
    assert_bytes_equal(at(32, 8), bytes_of("4800 4200 4100 0000"));
    assert_true(std::all_of(stub->begin() + 40, stub->begin() + 552,
                            [](std::uint8_t byte) { return byte == 0; }));
    assert_bytes_equal(at(552, 12), bytes_of("04000000 00000800 00000000"));
    out.props.disk_id = DiskId::of_guid("00112233-4455-6677-8899-aabbccddeeff"_guid);
    const auto with_guid = ndr::write(out);
    assert_ok(with_guid);
    assert_int_equal(with_guid->size(), 572 + 4);
    const auto read = ndr::read<CprepDiskGetProps::Out>(*with_guid);
    assert_ok(read);
    assert_true(*read == out);
}

void a_text_that_fills_its_field_ends_with_a_nul(void**) {
    const auto field = fixed_text<4>("abcdef");
    assert_true(field == (std::array<char16_t, 4>{u'a', u'b', u'c', 0}));
    // Never half of a pair: U+1F5A5 would be the third and the fourth unit.
    assert_true(fixed_text<4>("ab\U0001f5a5") == (std::array<char16_t, 4>{u'a', u'b', 0, 0}));
    assert_true(text_of(std::array<char16_t, 3>{u'a', u'b', u'c'}) == "abc");
    assert_false(text_of(std::array<char16_t, 2>{0xd800, 0}).has_value());
}

void data_that_was_read_is_counted_three_times(void**) {
    CprepDiskRawRead::Out out;
    out.data_size.count = 512;
    out.data = {1, 2, 3};
    out.data_read = 3;
    out.latency = 7;
    assert_bytes(out, "00020000 00000000 03000000 010203 00 03000000 07000000 00000000");
}

void a_failure_carries_every_out_parameter(void**) {
    // max_count is what was asked for, offset and actual_count are 0.
    auto read = CprepDiskRawRead::answer_to({DiskId(), 0, 512});
    read.result = Hresult::FileNotFound;
    assert_bytes(read, "00020000 00000000 00000000 00000000 00000000 02000780");
    auto ids = CprepDiskGetUniqueIds::answer_to({DiskId(), 16});
    ids.needed = 64;
    ids.result = Hresult::InsufficientBuffer;
    assert_bytes(ids, "10000000 00000000 00000000 00000000 40000000 7a000780");
    auto dsms = CprepDiskGetDsms::answer_to({4096});
    dsms.result = Hresult::MoreData;
    assert_bytes(dsms, "00000000 00100000 00000000 00000000 ea000780");
    CprepDiskRawWrite::Out write;
    write.result = Hresult::Busy;
    assert_bytes(write, "00000000 00000000 aa000780");
}

void an_answer_of_another_size_than_was_asked_for_is_refused(void**) {
    const auto stub = bytes_of("00020000 00000000 00000000 00000000 00000000 00000000");
    const auto asked = [&](std::uint32_t size) {
        return ndr::read<CprepDiskRawRead::Out>(stub, {}, 0,
                                                CprepDiskRawRead::answer_to({DiskId(), 0, size}));
    };
    assert_true(asked(512).has_value());
    assert_false(asked(1024).has_value());
}

void dsms_sent_are_counted_in_p_reserved(void**) {
    auto out = CprepDiskGetDsms::answer_to({8});
    out.dsms = {1, 0, 0, 0};
    out.reserved = 4;
    assert_bytes(out, "04000000 08000000 00000000 04000000 01000000 00000000",
                 CprepDiskGetDsms::answer_to({8}));
}

void a_file_system_name_is_200_bytes(void**) {
    CprepDiskGetFSName::Out out;
    out.file_system = fixed_text<100>("NTFS");
    const auto stub = ndr::write(out);
    assert_ok(stub);
    assert_int_equal(stub->size(), 200 + 4);
    assert_bytes_equal(std::span(*stub).first(12), bytes_of("4e00 5400 4600 5300 0000 0000"));
}

void a_file_name_is_a_string_and_its_content_an_array(void**) {
    assert_bytes<FileContent>({DiskId::of_number(1), 2, u"ab", 3, {7, 8, 9}},
                              "a00f a00f 01000000 02000000"
                              "03000000 00000000 03000000 6100 6200 0000 0000"
                              "03000000 03000000 070809");
    assert_bytes<CprepDiskDeleteFile::In>(
        {DiskId::of_number(1), 2, u"a"},
        "a00f a00f 01000000 02000000 02000000 00000000 02000000 6100 0000");
}

void raw_data_is_as_long_as_it_says(void**) {
    assert_bytes<CprepDiskRawWrite::In>({DiskId::of_number(1), 9, 2, {0xab, 0xcd}},
                                        "a00f a00f 01000000 09000000 02000000 02000000 abcd");
    assert_false(ndr::read<CprepDiskRawWrite::In>(
                     bytes_of("a00f a00f 01000000 09000000 03000000 02000000 abcd"))
                     .has_value());
    // Absurd, and nothing behind it.
    assert_false(ndr::read<CprepDiskRawWrite::In>(
                     bytes_of("a00f a00f 01000000 09000000 ffffffff ffffffff abcd"))
                     .has_value());
}

void the_firewall_s_profile_is_16_bits_and_its_flags_are_single_bytes(void**) {
    GetNextAdapterFirewallConfiguration::Out out;
    out.adapter = "00112233-4455-6677-8899-aabbccddeeff"_guid;
    out.profile = NetworkProfile::DomainAuthenticated;
    out.server_rules_enabled = 1;
    out.common_rules_enabled = -1;
    assert_bytes(out, "33221100 5544 7766 8899 aabbccddeeff 0200 01 00 ff 000000 00000000");
    QueryFirewallConfiguration::Out sum;
    sum.management_rules_enabled = 1;
    assert_bytes(sum, "00 01 0000 00000000");
}

void a_bstr_is_a_pointer_to_counted_words(void**) {
    RetrieveHostLabel::Out out;
    out.label = ndr::Bstr(u"n1");
    assert_bytes(out, "04000200 02000000 04000000 02000000 6e00 3100 00000000");
    out.label = {};
    out.result = Hresult::Failed;
    assert_bytes(out, "04000200 00000000 ffffffff 00000000 05400080"); // null: cBytes tells it
    ConfigSvcSecret::In odd;
    odd.secret = ndr::Bstr::from_bytes(bytes_of("0100ff"));
    assert_bytes(odd, "04000200 02000000 03000000 02000000 0100ff00");
}

void a_round_trip_names_two_addresses(void**) {
    SendRTMessage::In in;
    in.source = ndr::Bstr(u"::1");
    in.destination = ndr::Bstr(u"::");
    in.port = 3343;
    in.family = 0x17;
    in.size = 64;
    in.timeout = 500;
    assert_bytes(in, "04000200 03000000 06000000 03000000 3a00 3a00 3100 0000"
                     "08000200 02000000 04000000 02000000 3a00 3a00"
                     "0f0d 1700 40000000 f4010000");
}

void the_adapter_list_comes_in_a_safearray(void**) {
    GetIpConfigSerialized::Out out;
    out.data = ndr::SafeArrayOfBytes({0xaa, 0xbb, 0xcc});
    out.size = 3;
    assert_bytes(out, "04000200"                    // LPSAFEARRAY
                      "01000000"                    // cDims, the conformance
                      "0100 8000 01000000 00001100" // cDims, fFeatures, cbElements, VT_UI1 << 16
                      "10000000 03000000 08000200"  // SF_I1, clSize, pData
                      "03000000 00000000"           // cElements, lLbound
                      "03000000 aabbcc 00"          // the bytes
                      "03000000 00000000");         // pcbOut, HRESULT
    out = {};
    out.result = Hresult::AccessDenied;
    assert_bytes(out, "00000000 00000000 05000780");
}

void the_small_ones_are_what_the_idl_says(void**) {
    assert_bytes<CprepPrepareNode::Out>({6, 1, 3, Hresult::Ok},
                                        "06000000 01000000 03000000 00000000");
    assert_bytes<CprepPrepareNodePhase2::In>({1}, "01000000");
    assert_bytes<CprepDiskGetArbSectors::Out>({11, 12, Hresult::Ok}, "0b000000 0c000000 00000000");
    assert_bytes<InitializeNode::Out>({3343, 6, 1, 3, Hresult::Ok},
                                      "0f0d 0000 06000000 01000000 03000000 00000000");
    assert_bytes<GetIpConfigSerialized::In>({-1}, "ff");
    assert_bytes<CleanUpEvictedNode::In>({1000, 60000, 2}, "e8030000 60ea0000 02000000");
    assert_bytes<ClearPR::In>({5}, "05000000");
    assert_bytes<GenerateTimeSpanLog::In>({90}, "5a000000");
    assert_bytes<InitializeAdapterConfiguration::Out>({2, Hresult::Ok}, "02000000 00000000");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_diskid_is_8_bytes_and_20_with_a_guid),
        cmocka_unit_test(a_diskid_with_two_types_or_none_of_them_is_refused),
        cmocka_unit_test(disk_props_is_560_bytes_and_572_with_a_guid),
        cmocka_unit_test(a_text_that_fills_its_field_ends_with_a_nul),
        cmocka_unit_test(data_that_was_read_is_counted_three_times),
        cmocka_unit_test(a_failure_carries_every_out_parameter),
        cmocka_unit_test(an_answer_of_another_size_than_was_asked_for_is_refused),
        cmocka_unit_test(dsms_sent_are_counted_in_p_reserved),
        cmocka_unit_test(a_file_system_name_is_200_bytes),
        cmocka_unit_test(a_file_name_is_a_string_and_its_content_an_array),
        cmocka_unit_test(raw_data_is_as_long_as_it_says),
        cmocka_unit_test(the_firewall_s_profile_is_16_bits_and_its_flags_are_single_bytes),
        cmocka_unit_test(a_bstr_is_a_pointer_to_counted_words),
        cmocka_unit_test(a_round_trip_names_two_addresses),
        cmocka_unit_test(the_adapter_list_comes_in_a_safearray),
        cmocka_unit_test(the_small_ones_are_what_the_idl_says),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
