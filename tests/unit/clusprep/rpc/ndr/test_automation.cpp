// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/ndr/type_serialization.hpp"

#include "structures.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace structures;

namespace {

struct Text {
    Bstr text;
    std::uint32_t after = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("text", self.text);
        v("after", self.after);
    }
};

struct Data {
    SafeArrayOfBytes data;
    std::int32_t size = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("Data", self.data);
        v("pcbOut", self.size);
    }
};

template <typename T>
void assert_refused(const char* dump, const char* field, const char* reason) {
    const auto list = read<T>(bytes_of(dump));
    if (list) fail_msg("read as %s", text(*list).c_str());
    assert_text_equal(list.error().object, field);
    assert_contains(list.error().reason, reason);
}

void a_bstr_is_a_counted_blob_of_words(void**) {
    const auto stub = write(Text{Bstr(u"ab"), 7});
    assert_ok(stub);
    assert_bytes_equal(*stub, bytes_of("04000200 02000000 04000000 02000000 6100 6200 07000000"));
    const auto again = read<Text>(*stub);
    assert_ok(again);
    assert_true(again->text.text() == u"ab");
    assert_int_equal(again->after, 7);
}

void a_bstr_holds_any_bytes_also_an_odd_number(void**) {
    const std::vector<std::uint8_t> secret = {0, 1, 0xff};
    const auto stub = write(Text{Bstr::from_bytes(secret), 7});
    assert_ok(stub);
    assert_bytes_equal(*stub, bytes_of("04000200 02000000 03000000 02000000 0001 ff00 07000000"));
    const auto again = read<Text>(*stub);
    assert_ok(again);
    assert_bytes_equal(again->text.bytes(), secret);
}

void a_null_bstr_is_not_an_empty_one(void**) {
    const auto null = write(Text{Bstr(), 7});
    assert_ok(null);
    assert_bytes_equal(*null, bytes_of("04000200 00000000 ffffffff 00000000 07000000"));
    assert_true(read<Text>(*null)->text.is_null());
    const auto empty = write(Text{Bstr(u""), 7});
    assert_ok(empty);
    assert_bytes_equal(*empty, bytes_of("04000200 00000000 00000000 00000000 07000000"));
    assert_false(read<Text>(*empty)->text.is_null());
    assert_false(Bstr() == Bstr(u""));
    const auto pointer = read<Text>(bytes_of("00000000 07000000"));
    assert_ok(pointer);
    assert_true(pointer->text.is_null());
}

void a_bstr_whose_sizes_disagree_is_refused(void**) {
    assert_refused<Text>("04000200 02000000 06000000 02000000 6100 6200 07000000",
                         "text.FLAGGED_WORD_BLOB.clSize", "does not hold cBytes");
    assert_refused<Text>("04000200 02000000 ffffffff 02000000 6100 6200 07000000",
                         "text.FLAGGED_WORD_BLOB.clSize", "does not hold cBytes");
    assert_refused<Text>("04000200 02000000 04000000 03000000 6100 6200 07000000",
                         "text.FLAGGED_WORD_BLOB.asData", "size_is is 3, the array has 2");
}

void a_safearray_of_bytes_says_so_everywhere(void**) {
    const auto stub = write(Data{SafeArrayOfBytes({1, 2, 3, 4, 5}), 5});
    assert_ok(stub);
    assert_bytes_equal(*stub, bytes_of("04000200 01000000 0100 8000 01000000 00001100 10000000"
                                       "05000000 08000200 05000000 00000000"
                                       "05000000 0102030405 000000 05000000"));
    const auto again = read<Data>(*stub);
    assert_ok(again);
    assert_bytes_equal(again->data.bytes(), bytes_of("0102030405"));
    const auto null = write(Data{});
    assert_ok(null);
    assert_bytes_equal(*null, bytes_of("00000000 00000000"));
    assert_true(read<Data>(*null)->data.is_null());
}

void a_safearray_of_anything_else_is_refused(void**) {
    assert_refused<Data>("04000200 02000000 0200 8000 01000000 00001100 10000000"
                         "01000000 08000200 01000000 00000000 01000000 00000000"
                         "01000000 01 000000 05000000",
                         "Data.SAFEARRAY.cDims", "2 is not in the range 1 to 1");
    assert_refused<Data>("04000200 01000000 0100 8000 01000000 00000800 10000000"
                         "01000000 08000200 01000000 00000000 01000000 01 000000 05000000",
                         "Data.SAFEARRAY.cLocks", "is not of bytes");
    assert_refused<Data>("04000200 01000000 0100 8000 01000000 00001100 10000000"
                         "01000000 08000200 02000000 00000000 01000000 01 000000 05000000",
                         "Data.SAFEARRAY.rgsabound", "does not agree with clSize");
}

struct Serialized {
    std::uint32_t number = 0;
    std::optional<std::u16string> text;
    bool operator==(const Serialized&) const = default;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("number", self.number);
        v("text", self.text);
    }
};

void a_structure_by_itself_has_two_headers_and_is_padded(void**) {
    const Serialized value = {9, u"a"};
    const auto bytes = serialize(value);
    assert_ok(bytes);
    assert_bytes_equal(*bytes, bytes_of("01 10 0800 cccccccc 18000000 00000000"
                                        "09000000 04000200 02000000 00000000 02000000 6100 0000"));
    const auto again = deserialize<Serialized>(*bytes);
    assert_ok(again);
    assert_true(*again == value);
    const auto padded = serialize(Serialized{9, u"abc"});
    assert_ok(padded);
    assert_int_equal(padded->size(), 48);
    assert_int_equal((*padded)[8], 32);
}

void padding_may_be_counted_or_not(void**) {
    const char* const header = "01 10 0800 cccccccc";
    const auto read_with = [&](const char* rest) {
        return deserialize<Serialized>(concatenated(bytes_of(header), bytes_of(rest)));
    };
    assert_ok(read_with("08000000 00000000 09000000 00000000"));
    assert_ok(read_with("08000000 00000000 09000000 00000000 fafafafa"));
    assert_ok(read_with("0c000000 00000000 09000000 00000000 fafafafa"));
    assert_false(read_with("10000000 00000000 09000000 00000000 0000000000000000").has_value());
    assert_false(read_with("08000000 00000000 09000000 00000000 0000000000000000").has_value());
}

void a_header_that_lies_is_refused(void**) {
    const auto refused = [](const char* dump, const char* reason) {
        const auto value = deserialize<Serialized>(bytes_of(dump));
        assert_false(value.has_value());
        assert_contains(value.error().message(), reason);
    };
    refused("01 10 0800 cccccccc 08000000 000000", "15 bytes, the headers have 16");
    refused("02 10 0800 cccccccc 08000000 00000000 0900000000000000", "version 2");
    refused("01 00 0008 cccccccc 00000008 00000000 0000000900000000", "not little-endian");
    refused("01 10 0900 cccccccc 08000000 00000000 0900000000000000", "its length is not 8");
    refused("01 10 0800 cccccccc 09000000 00000000 0900000000000000", "announces 9 bytes, 8 are");
    refused("01 10 0800 cccccccc 04000000 00000000 09000000", "4 bytes are wanted at offset 4");
}

void a_uuid_has_numbers_in_front(void**) {
    constexpr Guid guid = "12108A88-6858-4467-B92F-E6CF4568DFB6"_guid;
    assert_text_equal(guid.text(), "12108a88-6858-4467-b92f-e6cf4568dfb6");
    assert_bytes_equal(guid_bytes(guid), bytes_of("888a1012 5868 6744 b92fe6cf4568dfb6"));
    assert_true(guid_from_bytes(guid_bytes(guid)) == guid);
    const auto braced = parse_guid("{12108a88-6858-4467-b92f-e6cf4568dfb6}");
    assert_ok(braced);
    assert_true(*braced == guid);
    assert_false(parse_guid("12108a88-6858-4467-b92f-e6cf4568dfb").has_value());
    assert_false(parse_guid("12108a88-6858-4467-b92f+e6cf4568dfb6").has_value());
    assert_false(parse_guid("12108a88-6858-4467-b92f-e6cf4568dfbg").has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_bstr_is_a_counted_blob_of_words),
        cmocka_unit_test(a_bstr_holds_any_bytes_also_an_odd_number),
        cmocka_unit_test(a_null_bstr_is_not_an_empty_one),
        cmocka_unit_test(a_bstr_whose_sizes_disagree_is_refused),
        cmocka_unit_test(a_safearray_of_bytes_says_so_everywhere),
        cmocka_unit_test(a_safearray_of_anything_else_is_refused),
        cmocka_unit_test(a_structure_by_itself_has_two_headers_and_is_padded),
        cmocka_unit_test(padding_may_be_counted_or_not),
        cmocka_unit_test(a_header_that_lies_is_refused),
        cmocka_unit_test(a_uuid_has_numbers_in_front),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
