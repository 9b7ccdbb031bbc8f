// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/adapter_list.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"
#include "tests/unit/common/scsi/bytes_of.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

std::string utf16_dump(std::string_view ascii) {
    std::string dump;
    for (const char c : ascii) {
        char digits[8];
        std::snprintf(digits, sizeof digits, "%02x00", static_cast<unsigned>(c));
        dump += digits;
    }
    return dump;
}

std::string zeros(std::size_t bytes) {
    return std::string(2 * bytes, '0');
}

// One adapter, every field written out.
std::string one_adapter() {
    const std::string v4 = "0200 0000 c000020a" + zeros(120);
    const std::string v6 =
        "1700 0000 00000000 fe800000000000000000000000000001 02000000" + zeros(128 - 28);
    const std::string gateway = "0200 0000 c0000201" + zeros(120);
    return "2e00" + utf16_dump("class mscs::AdapterList") +              //
           "0600" + utf16_dump("n.x") +                                  //
           "0100" +                                                      //
           "2600" + utf16_dump("class mscs::Adapter") +                  //
           "0600" + utf16_dump("NIC") +                                  // Description
           "0600" + utf16_dump("LAN") +                                  // FriendlyName
           "0800" + utf16_dump("eth0") +                                 // Name
           "0200" + v4 + "18000000" + v6 + "40000000" +                  // Prefix
           "2e00" + utf16_dump("52-54-00-AB-CD-EF") + zeros(12) +        // PhysicalAddress
           "0200" + v4 + v6 +                                            // Address
           "0100" + gateway +                                            //
           "06000000 00000000 01000000 01000000 01000000 00000000" +     // AdapterType and on
           "0200" +                                                      //
           "4800" + utf16_dump("10000000-0000-4000-8000-000000000001") + //
           "4800" + utf16_dump("10000000-0000-4000-8000-000000000002");
}

Adapter the_adapter() {
    Adapter adapter = PlayedNode().adapter_table[0];
    adapter.description = "NIC";
    adapter.name = "eth0";
    adapter.internal = true;
    return adapter;
}

void an_adapter_list_is_these_bytes(void**) {
    const auto bytes = encode_adapter_list(describe_adapters("n.x", {the_adapter()}, false));
    assert_ok(bytes);
    assert_bytes_equal(*bytes, bytes_of(one_adapter()));
}

void it_is_read_back(void**) {
    const auto list = decode_adapter_list(bytes_of(one_adapter()));
    assert_ok(list);
    assert_text_equal(list->server_name, "n.x");
    assert_int_equal(list->adapters.size(), 1);
    const AdapterRecord& adapter = list->adapters[0];
    assert_text_equal(adapter.friendly_name, "LAN");
    assert_text_equal(adapter.physical_address, "52-54-00-AB-CD-EF");
    assert_int_equal(adapter.prefixes.size(), 2);
    assert_int_equal(adapter.prefixes[1].prefix_length, 64);
    assert_int_equal(adapter.prefixes[1].address.scope, 2);
    assert_int_equal(adapter.addresses.size(), 2);
    assert_int_equal(adapter.gateways.size(), 1);
    assert_int_equal(adapter.type, 6);
    assert_int_equal(adapter.dhcp_enabled, 1);
    assert_int_equal(list->guids.size(), 2);
    assert_true(*list == describe_adapters("n.x", {the_adapter()}, false));
}

void every_adapter_has_two_guids_and_its_own_first(void**) {
    const auto adapters = PlayedNode().adapter_table;
    const auto list = describe_adapters("n", adapters, false);
    assert_int_equal(list.guids.size(), 2 * adapters.size());
    for (std::size_t i = 0; i < adapters.size(); ++i)
        assert_text_equal(list.guids[2 * i], adapters[i].ids[0].text());
}

void the_filter_leaves_out_cluster_loopback_and_tunnel_adapters(void**) {
    auto adapters = PlayedNode().adapter_table; // LAN, Private, lo
    for (int i = 0; i < 3; ++i)
        adapters.push_back(adapters[0]);
    adapters[3].cluster = true;
    adapters[4].type = 131;
    adapters[5].tunnel_type = 3;
    assert_int_equal(describe_adapters("n", adapters, false).adapters.size(), 6);
    const auto filtered = describe_adapters("n", adapters, true);
    assert_int_equal(filtered.adapters.size(), 2);
    assert_int_equal(filtered.guids.size(), 4);
    assert_text_equal(filtered.adapters[1].friendly_name, "Private");
}

void texts_are_unique_within_a_list(void**) {
    auto adapters = PlayedNode().adapter_table;
    for (Adapter& adapter : adapters) {
        adapter.name = adapter.friendly_name = "net";
        adapter.description = "card";
    }
    adapters[1].friendly_name = "net #2";
    const auto list = describe_adapters("n", adapters, false).adapters;
    assert_text_equal(list[0].friendly_name, "net");
    assert_text_equal(list[1].friendly_name, "net #2");
    assert_text_equal(list[2].friendly_name, "net #3");
    assert_text_equal(list[2].name, "net #3");
    assert_text_equal(list[1].description, "card #2");
}

void a_hardware_address_is_padded_to_what_8_bytes_take(void**) {
    const auto length_of = [](std::vector<std::uint8_t> address) {
        Adapter adapter = the_adapter();
        adapter.hardware_address = std::move(address);
        const auto with = encode_adapter_list(describe_adapters("n.x", {adapter}, false));
        assert_ok(with);
        return with->size() - bytes_of(one_adapter()).size() + 46;
    };
    assert_int_equal(length_of({}), 46);
    assert_int_equal(length_of(std::vector<std::uint8_t>(8)), 46);
    assert_int_equal(length_of(std::vector<std::uint8_t>(20)), 2 * 59); // InfiniBand
}

void a_list_that_does_not_fit_its_counts_is_refused(void**) {
    AdapterList list = describe_adapters("n", {the_adapter()}, false);
    list.adapters[0].description = std::string(0x8000, 'x');
    assert_false(encode_adapter_list(list).has_value());
}

void a_list_that_lies_is_refused(void**) {
    const auto good = bytes_of(one_adapter());
    parse_every_prefix(good, [&](scsi::Bytes cut) {
        assert_int_equal(decode_adapter_list(cut).has_value(), cut.size() == good.size());
    });
    assert_false(decode_adapter_list(concatenated(good, bytes_of("00"))).has_value());
    const auto with = [&](std::size_t offset, std::uint8_t byte) {
        auto bytes = good;
        bytes[offset] = byte;
        return decode_adapter_list(bytes).has_value();
    };
    assert_true(with(50, 'N'));   // the server's name
    assert_false(with(2, 'C'));   // not "class mscs::AdapterList"
    assert_false(with(0, 0x2d));  // an odd length
    assert_false(with(56, 2));    // one adapter more than there is
    assert_false(with(57, 0xff)); // and very many
    assert_false(with(48, 0xff)); // a name that goes on into the adapters
    const std::size_t guids = good.size() - 2 - 2 * 74;
    assert_false(with(guids, 1));      // fewer than two for an adapter
    assert_false(with(guids + 2, 70)); // no GUID's length
    const std::size_t first_prefix = 58 + 40 + 3 * 2 + 6 + 6 + 8 + 2;
    assert_false(with(first_prefix, 10)); // AF_INET6 of Linux
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_adapter_list_is_these_bytes),
        cmocka_unit_test(it_is_read_back),
        cmocka_unit_test(every_adapter_has_two_guids_and_its_own_first),
        cmocka_unit_test(the_filter_leaves_out_cluster_loopback_and_tunnel_adapters),
        cmocka_unit_test(texts_are_unique_within_a_list),
        cmocka_unit_test(a_hardware_address_is_padded_to_what_8_bytes_take),
        cmocka_unit_test(a_list_that_does_not_fit_its_counts_is_refused),
        cmocka_unit_test(a_list_that_lies_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
