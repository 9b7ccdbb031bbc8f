// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/ndr/ndr.hpp"

#include "structures.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace structures;

namespace {

template <typename T>
void assert_written(const T& list, const char* dump) {
    const auto stub = write(list);
    assert_ok(stub);
    assert_bytes_equal(*stub, bytes_of(dump));
}

template <typename T>
void assert_refused(const char* dump, const char* field, const char* reason) {
    const auto list = read<T>(bytes_of(dump));
    if (list) fail_msg("read as %s", text(*list).c_str());
    assert_text_equal(list.error().object, field);
    assert_contains(list.error().reason, reason);
}

template <typename T>
void assert_not_written(const T& list, const char* field, const char* reason) {
    std::vector<std::uint8_t> stub = {1, 2, 3};
    const auto written = append(stub, list);
    assert_false(written.has_value());
    assert_text_equal(written.error().object, field);
    assert_contains(written.error().reason, reason);
    assert_int_equal(stub.size(), 3);
}

void an_enum_has_16_bits_and_a_union_repeats_it(void**) {
    RawRead::In in;
    in.disk = {IdType::Number, 3, {}};
    in.sector = 0x11;
    in.size = 512;
    assert_written(in, "a00f a00f 03000000 11000000 00020000");
    in.disk = {IdType::Guid, 0, "00112233-4455-6677-8899-aabbccddeeff"_guid};
    assert_written(in, "0100 0100 33221100 5544 7766 8899aabbccddeeff 11000000 00020000");
}

void a_tag_that_disagrees_with_its_discriminant_is_refused(void**) {
    assert_refused<RawRead::In>("a00f 0000 03000000 11000000 00020000", "DiskId.Id",
                                "its tag is 0, its discriminant 4000");
}

void a_tag_that_no_arm_has_is_refused_and_not_written(void**) {
    assert_refused<RawRead::In>("0700 0700 03000000 11000000 00020000", "DiskId.Id",
                                "no arm has the tag 7");
    RawRead::In in;
    in.disk.type = static_cast<IdType>(7);
    assert_not_written(in, "DiskId.Id", "no arm has the tag 7");
}

void a_stub_cut_anywhere_is_refused(void**) {
    const auto whole = write(everything());
    assert_ok(whole);
    for (std::size_t size = 0; size < whole->size(); ++size) {
        const std::vector<std::uint8_t> cut(whole->begin(),
                                            whole->begin() + static_cast<int>(size));
        if (read<Everything>(cut)) fail_msg("read when cut to %zu bytes", size);
    }
}

void bytes_left_over_are_refused(void**) {
    assert_refused<RawRead::In>("a00f a00f 03000000 11000000 00020000 00", "",
                                "1 bytes are left over");
}

void everything_is_read_as_it_was_written(void**) {
    const auto stub = write(everything());
    assert_ok(stub);
    const auto again = read<Everything>(*stub);
    assert_ok(again);
    assert_true(*again == everything());
    const auto rewritten = write(*again);
    assert_ok(rewritten);
    assert_bytes_equal(*rewritten, *stub);
}

void an_out_array_has_the_size_that_was_asked_for(void**) {
    RawRead::Out out;
    out.asked.count = 8;
    out.data = {1, 2, 3};
    out.data_read = 3;
    out.latency = 9;
    assert_written(out, "08000000 00000000 03000000 010203 00 03000000 09000000 00000000");
    out.data.clear();
    out.data_read = 0;
    out.result = static_cast<std::int32_t>(0x8007000d);
    assert_written(out, "08000000 00000000 00000000 00000000 09000000 0d000780");
}

void more_than_was_asked_for_is_not_written(void**) {
    RawRead::Out out;
    out.asked.count = 2;
    out.data = {1, 2, 3};
    out.data_read = 3;
    assert_not_written(out, "pbData", "length_is is 3, size_is only 2");
}

void an_out_array_of_another_size_than_asked_for_is_refused(void**) {
    const auto stub = bytes_of("09000000 00000000 00000000 00000000 00000000 00000000");
    RawRead::Out expected;
    expected.asked.count = 8;
    const auto strict = read<RawRead::Out>(stub, {}, 0, expected);
    assert_false(strict.has_value());
    assert_text_equal(strict.error().message(),
                      "read NDR pbData: the maximum count is 9, 8 was asked for");
    const auto any = read<RawRead::Out>(stub);
    assert_ok(any);
    assert_int_equal(any->asked.count.value(), 9);
}

void an_actual_count_must_be_what_length_is_says(void**) {
    assert_refused<RawRead::Out>("08000000 00000000 02000000 0102 0000 03000000 00000000 00000000",
                                 "pbData", "length_is is 3, the array has 2");
}

void an_actual_count_beyond_the_maximum_is_refused(void**) {
    assert_refused<RawRead::Out>("01000000 00000000 02000000 0102 0000 02000000 00000000 00000000",
                                 "pbData", "the actual count is 2, the maximum 1");
}

void an_array_that_does_not_begin_at_its_front_is_refused(void**) {
    assert_refused<RawRead::Out>("08000000 01000000 00000000 00000000 00000000 00000000", "pbData",
                                 "offset is 1, not 0");
}

const char* const file_stub = "02000000 00000000 02000000 6100 0000 03000000 03000000 010203";

void a_string_is_counted_with_its_terminator(void**) {
    const WriteFile file = {u"a", 3, {1, 2, 3}};
    assert_written(file, file_stub);
    const auto again = read<WriteFile>(bytes_of(file_stub));
    assert_ok(again);
    assert_true(*again == file);
}

void a_string_without_terminator_is_refused(void**) {
    assert_refused<WriteFile>("02000000 00000000 02000000 6100 6200 00000000 00000000", "FileName",
                              "without terminator");
    assert_refused<WriteFile>("00000000 00000000 00000000 00000000 00000000", "FileName",
                              "without terminator");
}

void a_string_with_a_terminator_inside_is_refused_and_not_written(void**) {
    assert_refused<WriteFile>("02000000 00000000 02000000 0000 0000 00000000 00000000", "FileName",
                              "terminator inside");
    assert_not_written(WriteFile{std::u16string(u"a\0b", 3), 0, {}}, "FileName",
                       "terminator inside");
}

void a_size_that_disagrees_with_its_array_is_refused_and_not_written(void**) {
    assert_refused<WriteFile>("02000000 00000000 02000000 6100 0000 04000000 03000000 010203",
                              "DataIn", "size_is is 4, the array has 3");
    assert_not_written(WriteFile{u"a", 4, {1, 2, 3}}, "DataIn", "size_is is 4, the array has 3");
}

void a_count_beyond_the_bytes_allocates_nothing(void**) {
    assert_refused<WriteFile>("02000000 00000000 02000000 6100 0000 ffffffff ffffffff 010203",
                              "DataIn", "4294967295 elements in 3 bytes");
    assert_refused<WriteFile>("ffffff7f 00000000 ffffff7f 6100 0000", "FileName",
                              "2147483647 elements in 4 bytes");
}

struct Names {
    std::uint8_t before = 0;
    std::optional<Bindings> bindings;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("before", self.before);
        v("bindings", self.bindings);
    }
};

void a_conformance_stands_in_front_of_the_outermost_structure(void**) {
    Names names;
    names.before = 5;
    names.bindings = Bindings{7, {3, 1, {10, 11, 12}}};
    assert_written(names, "05 000000 04000200 03000000 00000000 0700000000000000"
                          " 0300 0100 0a00 0b00 0c00");
    const auto again = read<Names>(*write(names));
    assert_ok(again);
    assert_true(again->bindings == names.bindings);
}

void a_structure_inside_whose_count_lies_is_refused_by_its_path(void**) {
    assert_refused<Names>("05 000000 04000200 03000000 00000000 0700000000000000"
                          " 0200 0100 0a00 0b00 0c00",
                          "bindings.psa.aStringArray", "size_is is 2, the array has 3");
}

void a_null_pointer_has_size_zero(void**) {
    const char* const null_with_two = "02000000 00000000 00000000 00000000";
    assert_refused<Properties>(null_with_two, "piid", "a null pointer with size_is 2");
    Properties properties;
    properties.count = 1;
    assert_not_written(properties, "piid", "a null pointer with size_is 1");
    properties.count = 0;
    assert_written(properties, "00000000 00000000 00000000 00000000");
}

struct Tree {
    Node root;
    std::uint8_t after = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("root", self.root);
        v("after", self.after);
    }
};

std::unique_ptr<Node> node(std::uint8_t value, std::unique_ptr<Node> left = nullptr,
                           std::unique_ptr<Node> right = nullptr) {
    auto made = std::make_unique<Node>();
    made->value = value;
    made->left = std::move(left);
    made->right = std::move(right);
    return made;
}

void what_pointers_point_at_is_deferred_depth_first(void**) {
    Tree tree;
    tree.root.value = 1;
    tree.root.left = node(2, node(3));
    tree.root.right = node(4);
    tree.after = 5;
    assert_written(tree, "01 000000 04000200 08000200"
                         "02 000000 0c000200 00000000"
                         "03 000000 00000000 00000000"
                         "04 000000 00000000 00000000 05");
    const auto again = read<Tree>(*write(tree));
    assert_ok(again);
    assert_int_equal(again->root.left->left->value, 3);
    assert_int_equal(again->root.right->value, 4);
}

void pointers_are_followed_to_a_bound(void**) {
    std::string dump = "01 000000 00000000 01000000";
    for (int i = 0; i < 100; ++i)
        dump += "01 000000 00000000 01000000";
    const auto list = read<Tree>(bytes_of(dump));
    assert_false(list.has_value());
    assert_contains(list.error().reason, "nested too deep");
    assert_contains(list.error().object, "root.right.right");

    Tree tree;
    for (int i = 0; i < 100; ++i)
        tree.root.right = node(1, nullptr, std::move(tree.root.right));
    assert_false(write(tree).has_value());
}

struct Ranged {
    Colour colour = Colour::Red;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v.range("colour", self.colour, Colour::Red, Colour::Blue);
    }
};

void a_number_outside_its_range_is_refused_and_not_written(void**) {
    assert_true(read<Ranged>(bytes_of("0200")).has_value());
    assert_refused<Ranged>("0300", "colour", "3 is not in the range 1 to 2");
    assert_refused<Ranged>("0000", "colour", "0 is not in the range 1 to 2");
    assert_not_written(Ranged{static_cast<Colour>(3)}, "colour", "3 is not in the range 1 to 2");
}

void an_element_of_an_array_is_named_by_its_number(void**) {
    Everything all = everything();
    all.disks[2]->type = static_cast<IdType>(9);
    assert_not_written(all, "disks[2].Id", "no arm has the tag 9");
}

struct This {
    std::uint16_t version = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("version", self.version);
    }
};

struct Number {
    std::uint32_t number = 0;
    template <typename Visitor, typename Self>
    static void ndr(Visitor& v, Self& self) {
        v("number", self.number);
    }
};

void a_front_is_read_and_a_rest_is_aligned_with_it(void**) {
    const auto stub = bytes_of("0500 0000 07000000");
    const auto front = read_front<This>(stub);
    assert_ok(front);
    assert_int_equal(front->value.version, 5);
    assert_int_equal(front->end, 2);
    const auto rest = read<Number>(stub, {}, front->end);
    assert_ok(rest);
    assert_int_equal(rest->number, 7);
    std::vector<std::uint8_t> again = bytes_of("0500");
    assert_ok(append(again, *rest));
    assert_bytes_equal(again, stub);
}

void a_value_prints_as_one_line(void**) {
    RawRead::In in;
    in.disk = {IdType::Number, 3, {}};
    in.size = 512;
    assert_text_equal(text(in), "{DiskId: {DiskIdType: 4000, Id: DeviceNumber 3}, ulSector: 0, "
                                "cbData: 512}");
    assert_text_equal(text(WriteFile{u"a\"\n", 3, {1, 2, 3}}),
                      "{FileName: \"a\\u0022\\u000a\", cbDataIn: 3, DataIn: 010203 (3 bytes)}");
    assert_contains(text(everything()), "text: \"text\", bytes: {SAFEARRAY: {");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_enum_has_16_bits_and_a_union_repeats_it),
        cmocka_unit_test(a_tag_that_disagrees_with_its_discriminant_is_refused),
        cmocka_unit_test(a_tag_that_no_arm_has_is_refused_and_not_written),
        cmocka_unit_test(a_stub_cut_anywhere_is_refused),
        cmocka_unit_test(bytes_left_over_are_refused),
        cmocka_unit_test(everything_is_read_as_it_was_written),
        cmocka_unit_test(an_out_array_has_the_size_that_was_asked_for),
        cmocka_unit_test(more_than_was_asked_for_is_not_written),
        cmocka_unit_test(an_out_array_of_another_size_than_asked_for_is_refused),
        cmocka_unit_test(an_actual_count_must_be_what_length_is_says),
        cmocka_unit_test(an_actual_count_beyond_the_maximum_is_refused),
        cmocka_unit_test(an_array_that_does_not_begin_at_its_front_is_refused),
        cmocka_unit_test(a_string_is_counted_with_its_terminator),
        cmocka_unit_test(a_string_without_terminator_is_refused),
        cmocka_unit_test(a_string_with_a_terminator_inside_is_refused_and_not_written),
        cmocka_unit_test(a_size_that_disagrees_with_its_array_is_refused_and_not_written),
        cmocka_unit_test(a_count_beyond_the_bytes_allocates_nothing),
        cmocka_unit_test(a_conformance_stands_in_front_of_the_outermost_structure),
        cmocka_unit_test(a_structure_inside_whose_count_lies_is_refused_by_its_path),
        cmocka_unit_test(a_null_pointer_has_size_zero),
        cmocka_unit_test(what_pointers_point_at_is_deferred_depth_first),
        cmocka_unit_test(pointers_are_followed_to_a_bound),
        cmocka_unit_test(a_number_outside_its_range_is_refused_and_not_written),
        cmocka_unit_test(an_element_of_an_array_is_named_by_its_number),
        cmocka_unit_test(a_front_is_read_and_a_rest_is_aligned_with_it),
        cmocka_unit_test(a_value_prints_as_one_line),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
