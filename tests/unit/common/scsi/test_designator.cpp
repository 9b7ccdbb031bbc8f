// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/scsi/designator.hpp"

#include "bytes_of.hpp"
#include "common/scsi/vpd.hpp"

#include <random>

using namespace mpapi::scsi;

namespace {

// A page around descriptors written as dumps.
std::vector<std::uint8_t> page_of(std::initializer_list<const char*> designators) {
    std::vector<std::uint8_t> page = bytes_of("00 83 0000");
    for (const char* dump : designators)
        page = concatenated(page, bytes_of(dump));
    store_u16(page, 2, static_cast<std::uint16_t>(page.size() - 4));
    return page;
}

const char* const naa6 = "01 03 00 10 60014051234567890abcdef012345678";
const char* const naa5 = "01 03 00 08 5000c5001234abcd";
const char* const naa2 = "01 03 00 08 2000000000000001";
const char* const naa3 = "01 03 00 08 3333333000002710";
const char* const eui8 = "01 02 00 08 0123456789abcdef";
const char* const eui16 = "01 02 00 10 00112233445566778899aabbccddeeff";
const char* const t10 = "02 01 00 0f 4c494f2d4f52472064697330317800";    // "LIO-ORG dis01x"
const char* const name = "03 08 00 10 6575692e303132333435363738390000"; // "eui.0123456789"
const char* const uuid = "01 0a 00 12 1000 0123456789abcdef0123456789abcdef";
const char* const relative_port_2 = "51 94 00 04 00000002";
const char* const port_group_16 = "51 95 00 04 00000010";
const char* const iscsi_port = "53 98 00 18 69716e2e323032362d30312e612c742c3078303030310000";

std::string lu_name_text(std::initializer_list<const char*> designators) {
    const auto reply = page_of(designators);
    const auto page = parse_device_identification(reply);
    assert_ok(page);
    const auto found = lu_name(*page);
    return found ? found->text : found.error().message();
}

// Linux's own target over iSCSI, every kind of descriptor that it sends.
void a_page_is_read_descriptor_by_descriptor(void**) {
    const auto reply =
        page_of({naa6, t10, relative_port_2, port_group_16, "01 06 00 04 00000000", iscsi_port});
    const auto page = parse_device_identification(reply);
    assert_ok(page);
    assert_int_equal(page->designators.size(), 6);
    assert_int_equal(page->designators[0].type, DesignatorType::Naa);
    assert_int_equal(page->designators[0].code_set, CodeSet::Binary);
    assert_int_equal(page->designators[0].association, Association::LogicalUnit);
    assert_false(page->designators[0].protocol.has_value());
    assert_int_equal(page->designators[1].code_set, CodeSet::Ascii);
    assert_int_equal(page->designators[2].association, Association::TargetPort);
    assert_true(page->designators[2].protocol == Protocol::Iscsi);
    assert_true(relative_target_port(*page) == 2);
    assert_true(target_port_group(*page) == 16);
    assert_true(logical_unit_group(*page) == 0);
    const auto port = target_port_name(*page);
    assert_true(port.has_value());
    assert_text_equal(port->text, "iqn.2026-01.a,t,0x0001");
    assert_int_equal(port->type, DesignatorType::ScsiNameString);
    const auto unit = lu_name(*page);
    assert_ok(unit);
    assert_text_equal(unit->text, "60014051234567890abcdef012345678");
    assert_int_equal(unit->type, DesignatorType::Naa);
}

void the_name_is_chosen_by_rank_and_not_by_place(void**) {
    assert_text_equal(lu_name_text({name, t10, eui8, naa3, naa2, naa5, naa6}),
                      "60014051234567890abcdef012345678");
    assert_text_equal(lu_name_text({name, t10, eui8, naa3, naa2, naa5}), "5000c5001234abcd");
    assert_text_equal(lu_name_text({name, t10, eui8, naa3, naa2}), "2000000000000001");
    assert_text_equal(lu_name_text({name, t10, eui8, naa3}), "3333333000002710");
    assert_text_equal(lu_name_text({name, t10, eui8, eui16}), "00112233445566778899aabbccddeeff");
    assert_text_equal(lu_name_text({name, t10, eui8}), "0123456789abcdef");
    assert_text_equal(lu_name_text({uuid, name, t10}), "LIO-ORG dis01x");
    assert_text_equal(lu_name_text({uuid, name}), "eui.0123456789");
    assert_text_equal(lu_name_text({uuid}), "01234567-89ab-cdef-0123-456789abcdef");
}

void the_first_of_two_equals_is_the_name(void**) {
    assert_text_equal(lu_name_text({"01 03 00 08 5000000000000001", naa5}), "5000000000000001");
}

void names_of_ports_and_devices_are_not_the_units(void**) {
    assert_text_equal(lu_name_text({"61 93 00 08 5000c5001234abce", // target port
                                    "61 a3 00 08 5000c5001234abcf", // target device
                                    t10}),
                      "LIO-ORG dis01x");
}

void an_unusable_designator_gives_way_to_a_lesser_one(void**) {
    assert_text_equal(lu_name_text({"01 03 00 05 6001405123", eui8}), "0123456789abcdef");
    assert_text_equal(lu_name_text({"01 03 00 08 6001405123456789", eui8}), "0123456789abcdef");
    assert_text_equal(lu_name_text({"01 03 00 00", eui8}), "0123456789abcdef");
    assert_text_equal(lu_name_text({"02 03 00 08 5000c5001234abcd", eui8}), "0123456789abcdef");
    assert_text_equal(lu_name_text({"01 02 00 08 0000000000000000", t10}), "LIO-ORG dis01x");
    assert_text_equal(lu_name_text({"02 01 00 09 4c494f2d4f5247209c", name}), "eui.0123456789");
}

void without_a_usable_one_the_best_unusable_one_is_explained(void**) {
    assert_text_equal(lu_name_text({"02 01 00 09 4c494f2d4f5247209c", "01 03 00 05 6001405123"}),
                      "parse VPD page 83h: NAA designator has 5 bytes");
    assert_text_equal(lu_name_text({"02 01 00 09 4c494f2d4f5247209c"}),
                      "parse VPD page 83h: T10 vendor id designator: byte 8 is 9Ch, no printable "
                      "ASCII");
    assert_text_equal(lu_name_text({"01 03 00 00"}), "parse VPD page 83h: NAA designator is empty");
    assert_text_equal(lu_name_text({"01 03 00 08 4000c5001234abcd"}),
                      "parse VPD page 83h: NAA designator has NAA 4, which is no format");
    assert_text_equal(lu_name_text({}), "parse VPD page 83h: no designator names the logical unit");
    assert_text_equal(lu_name_text({relative_port_2, "01 00 00 02 1234", "01 0f 00 01 00"}),
                      "parse VPD page 83h: no designator names the logical unit");
}

void text_with_control_characters_is_no_name(void**) {
    assert_contains(lu_name_text({"03 08 00 04 69711b00"}), "no printable UTF-8");
    assert_contains(lu_name_text({"03 08 00 04 00000000"}), "is blank");
    assert_contains(lu_name_text({"01 08 00 04 69716e00"}), "code set 1");
}

void a_binary_t10_designator_is_shown_in_hexadecimal(void**) {
    assert_text_equal(lu_name_text({"01 01 00 0a 4c494f2d4f524720ff01"}), "4c494f2d4f524720ff01");
}

void a_port_number_must_have_four_bytes(void**) {
    const auto reply =
        page_of({"51 94 00 02 0002", "51 95 00 08 0000000000000010", "01 06 00 02 0003"});
    const auto page = parse_device_identification(reply);
    assert_ok(page);
    assert_false(relative_target_port(*page).has_value());
    assert_false(target_port_group(*page).has_value());
    assert_false(logical_unit_group(*page).has_value());
}

void relative_port_zero_is_none_and_group_zero_is_one(void**) {
    const auto reply = page_of({"51 94 00 04 00000000", "51 95 00 04 00000000"});
    const auto page = parse_device_identification(reply);
    assert_ok(page);
    assert_false(relative_target_port(*page).has_value());
    assert_true(target_port_group(*page) == 0);
}

void port_numbers_of_something_else_are_not_ours(void**) {
    const auto reply =
        page_of({"01 04 00 04 00000007", "01 05 00 04 00000008", "51 96 00 04 00000009"});
    const auto page = parse_device_identification(reply);
    assert_ok(page);
    assert_false(relative_target_port(*page).has_value());
    assert_false(target_port_group(*page).has_value());
    assert_false(logical_unit_group(*page).has_value());
}

void a_designator_that_ends_beyond_the_page_is_refused_with_its_place(void**) {
    auto reply = page_of({t10, naa5});
    reply[4 + 19 + 3] = 9;
    const auto page = parse_device_identification(reply);
    assert_false(page.has_value());
    assert_text_equal(page.error().message(),
                      "parse VPD page 83h: designator 2 at offset 23 ends beyond the page: 9 bytes "
                      "announced, 8 left");
}

void a_descriptor_cut_in_its_header_is_refused(void**) {
    const auto reply = page_of({naa5, "01 03 00"});
    const auto page = parse_device_identification(reply);
    assert_false(page.has_value());
    assert_contains(page.error().message(), "3 bytes left at offset 16");
}

void a_page_without_descriptors_parses(void**) {
    const auto page = parse_device_identification(bytes_of("00 83 0000"));
    assert_ok(page);
    assert_int_equal(page->designators.size(), 0);
}

void another_page_is_refused(void**) {
    const auto page = parse_device_identification(bytes_of("00 80 0000"));
    assert_false(page.has_value());
    assert_contains(page.error().message(), "the reply is page 80h");
}

void what_is_built_parses_to_the_same(void**) {
    std::mt19937 random(83);
    for (int round = 0; round < 500; ++round) {
        std::vector<std::vector<std::uint8_t>> values(random() % 12);
        DeviceIdentification original;
        original.peripheral = Peripheral::from(static_cast<std::uint8_t>(random()));
        for (auto& value : values) {
            value.resize(random() % 256);
            for (auto& byte : value)
                byte = static_cast<std::uint8_t>(random());
            Designator designator;
            designator.type = static_cast<DesignatorType>(random() % 16);
            designator.code_set = static_cast<CodeSet>(random() % 16);
            designator.association = static_cast<Association>(random() % 4);
            if (random() % 2) designator.protocol = static_cast<Protocol>(random() % 16);
            designator.value = value;
            original.designators.push_back(designator);
        }
        const auto built = build_device_identification(original);
        assert_ok(built);
        assert_int_equal(vpd_length(*built), built->size());
        const auto parsed = parse_device_identification(*built);
        assert_ok(parsed);
        assert_true(parsed->peripheral == original.peripheral);
        assert_true(parsed->designators == original.designators);
    }
}

void what_does_not_fit_is_not_built(void**) {
    const std::vector<std::uint8_t> value(256);
    DeviceIdentification page;
    page.designators.push_back({DesignatorType::VendorSpecific, CodeSet::Binary,
                                Association::LogicalUnit, std::nullopt, value});
    assert_false(build_device_identification(page).has_value());
    page.designators[0].value = Bytes(value).first(255);
    assert_true(build_device_identification(page).has_value());
    page.designators.resize(254, page.designators[0]); // 254 * 259 = 65786
    assert_false(build_device_identification(page).has_value());
}

void numbers_are_laid_out_behind_two_reserved_bytes(void**) {
    assert_bytes_equal(numbered_designator(0x0102), bytes_of("00 00 01 02"));
}

void no_prefix_is_read_past_its_end(void**) {
    auto reply = page_of({naa6, t10, relative_port_2, port_group_16, iscsi_port, uuid});
    parse_every_prefix(reply, [&](Bytes bytes) {
        assert_int_equal(parse_device_identification(bytes).has_value(),
                         bytes.size() == reply.size());
    });
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_read_descriptor_by_descriptor),
        cmocka_unit_test(the_name_is_chosen_by_rank_and_not_by_place),
        cmocka_unit_test(the_first_of_two_equals_is_the_name),
        cmocka_unit_test(names_of_ports_and_devices_are_not_the_units),
        cmocka_unit_test(an_unusable_designator_gives_way_to_a_lesser_one),
        cmocka_unit_test(without_a_usable_one_the_best_unusable_one_is_explained),
        cmocka_unit_test(text_with_control_characters_is_no_name),
        cmocka_unit_test(a_binary_t10_designator_is_shown_in_hexadecimal),
        cmocka_unit_test(a_port_number_must_have_four_bytes),
        cmocka_unit_test(relative_port_zero_is_none_and_group_zero_is_one),
        cmocka_unit_test(port_numbers_of_something_else_are_not_ours),
        cmocka_unit_test(a_designator_that_ends_beyond_the_page_is_refused_with_its_place),
        cmocka_unit_test(a_descriptor_cut_in_its_header_is_refused),
        cmocka_unit_test(a_page_without_descriptors_parses),
        cmocka_unit_test(another_page_is_refused),
        cmocka_unit_test(what_is_built_parses_to_the_same),
        cmocka_unit_test(what_does_not_fit_is_not_built),
        cmocka_unit_test(numbers_are_laid_out_behind_two_reserved_bytes),
        cmocka_unit_test(no_prefix_is_read_past_its_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
