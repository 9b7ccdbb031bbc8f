// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/adapters.hpp"
#include "common/system/handle.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <functional>
#include <set>

using namespace mpapi;
using namespace mpapi::node;

namespace {

void ids_stay_and_are_no_two_the_same(void**) {
    std::set<ndr::Guid> seen;
    for (const char* name : {"eth0", "eth1", "a", "abcdefghijklmno", "abcdefghijklmnop"})
        for (const unsigned number : {0u, 1u}) {
            const auto id = adapter_id(name, number);
            if (!id && id.error().errnum == ENOENT) return; // no machine id here
            assert_ok(id);
            assert_true(*id == *adapter_id(name, number));
            assert_false(id->is_nil());
            assert_true(seen.insert(*id).second);
        }
    assert_false(adapter_id("", 0).has_value());
}

Result<ndr::Guid> numbered(const std::string& name, unsigned number) {
    return ndr::Guid{static_cast<std::uint32_t>(std::hash<std::string>()(name)),
                     1,
                     static_cast<std::uint16_t>(number + 1),
                     {}};
}

// A message as it comes, of what `write` appends.
BusMessage message(const std::function<int(sd_bus_message*)>& write) {
    // A bus to nobody: without one there is no message.
    static const Bus bus = [] {
        sd_bus* raw = nullptr;
        int ends[2];
        assert_int_equal(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        assert_true(sd_bus_new(&raw) >= 0);
        assert_true(sd_bus_set_fd(raw, ends[0], ends[0]) >= 0);
        assert_true(sd_bus_start(raw) >= 0);
        return Bus(raw);
    }();
    sd_bus_message* raw = nullptr;
    assert_true(sd_bus_message_new_signal(bus.get(), &raw, "/a", "a.b", "C") >= 0);
    BusMessage made(raw);
    assert_true(write(raw) >= 0);
    assert_true(sd_bus_message_seal(raw, 1, 0) >= 0);
    assert_true(sd_bus_message_rewind(raw, 1) >= 0);
    return made;
}

struct Told {
    const char* name = "eth0";
    const char* alias = "";
    const char* kind = "";
    const char* driver = "virtio_net";
    const char* bus = "0000:00:03.0";
    unsigned type = 6;
    const char* hardware_address = "02:00:00:00:00:07";
    const char* status = "up";
    const char* address = "192.0.2.1/24";
    const char* gateway = nullptr;
    bool dhcp = false;
};

Result<std::vector<csvp::Adapter>> read(const Told& told, const AdapterId& id = numbered) {
    const BusMessage list = message([&](sd_bus_message* to) {
        int r = sd_bus_message_open_container(to, 'a', "a{sv}");
        if (r >= 0) r = sd_bus_message_open_container(to, 'a', "{sv}");
        const auto add = [&](auto... values) {
            if (r >= 0) r = sd_bus_message_append(to, "{sv}", values...);
        };
        add("index", "u", 2u);
        for (const auto& [key, value] : {std::pair("name", told.name),
                                         {"alias", told.alias},
                                         {"kind", told.kind},
                                         {"driver", told.driver},
                                         {"bus", told.bus},
                                         {"hardware-address", told.hardware_address},
                                         {"status", told.status}})
            add(key, "s", value);
        add("type", "u", told.type);
        add("addresses", "as", 1, told.address);
        if (told.gateway) add("gateways", "as", 1, told.gateway);
        add("dhcp", "b", told.dhcp ? 1 : 0);
        add("of-tomorrow", "(us)", 7u, "x");
        add("speed", "t", std::uint64_t{7});
        if (r >= 0) r = sd_bus_message_close_container(to);
        return r >= 0 ? sd_bus_message_close_container(to) : r;
    });
    return read_adapters(list.get(), id);
}

csvp::Adapter only(const Told& told) {
    const auto found = read(told);
    assert_ok(found);
    assert_int_equal(found->size(), 1);
    return found->front();
}

void an_adapter_has_what_is_told(void**) {
    Told told;
    told.dhcp = true;
    told.gateway = "192.0.2.254";
    const csvp::Adapter adapter = only(told);
    assert_true(adapter.ids[1] == *numbered("eth0", 1));
    assert_text_equal(adapter.name, "eth0");
    assert_text_equal(adapter.friendly_name, "eth0");
    assert_text_equal(adapter.description, "virtio_net at 0000:00:03.0");
    assert_int_equal(adapter.type, 6);
    assert_int_equal(adapter.oper_status, 1);
    assert_int_equal(adapter.addresses.size(), 1);
    assert_int_equal(adapter.addresses[0].address.bytes[3], 1);
    assert_int_equal(adapter.addresses[0].prefix_length, 24);
    assert_int_equal(adapter.gateways.at(0).bytes[3], 254);
    assert_true((adapter.hardware_address == std::vector<std::uint8_t>{2, 0, 0, 0, 0, 7}));
    assert_true(adapter.dhcp);
    assert_false(adapter.cluster);
    assert_false(adapter.internal);
}

void people_see_the_alias(void**) {
    Told told;
    told.alias = "Storage network";
    assert_text_equal(only(told).friendly_name, "Storage network");
}

void what_no_driver_describes_is_called_by_its_kind(void**) {
    Told told;
    told.driver = told.bus = "";
    assert_text_equal(only(told).description, "eth0");
    told.kind = "veth";
    assert_text_equal(only(told).description, "veth");
    told.kind = "";
    told.type = kLoopback;
    told.hardware_address = "";
    assert_text_equal(only(told).description, "loopback");
    assert_true(only(told).hardware_address.empty());
}

void a_link_local_address_has_its_adapter_as_scope(void**) {
    Told told;
    told.address = "fe80::7/64";
    told.gateway = "fe80::fe";
    const csvp::Adapter adapter = only(told);
    assert_true(adapter.addresses.at(0).address.family == csvp::AddressFamily::V6);
    assert_int_equal(adapter.addresses.at(0).address.scope, 2);
    assert_int_equal(adapter.gateways.at(0).scope, 2);
    told.address = "2001:db8::7/64";
    assert_int_equal(only(told).addresses.at(0).address.scope, 0);
}

void words_are_the_numbers_of_rfc_2863(void**) {
    std::uint32_t number = 1;
    for (const char* word :
         {"up", "down", "testing", "unknown", "dormant", "not-present", "lower-layer-down"}) {
        Told told;
        told.status = word;
        assert_int_equal(only(told).oper_status, number++);
    }
    Told told;
    told.status = "of tomorrow";
    assert_int_equal(only(told).oper_status, 4);
}

void one_without_a_default_route_suits_as_a_private_network(void**) {
    Told told;
    assert_true(only(told).internal);
    told.gateway = "192.0.2.254";
    assert_false(only(told).internal);
    told.gateway = nullptr;
    told.status = "down";
    assert_false(only(told).internal);
    told.status = "up";
    told.type = kTunnel;
    assert_false(only(told).internal);
}

void what_is_no_answer_is_an_error(void**) {
    for (const char* address : {"", "192.0.2.1", "192.0.2.1/33", "192.0.2.1/", "192.0.2.1/x",
                                "2001:db8::1/129", "192.0.2/24", "/24"}) {
        Told told;
        told.address = address;
        if (read(told)) fail_msg("\"%s\" was taken for an address", address);
    }
    for (const char* address : {"0", "02:", "02:0", "02-00", "02:00:0x", "zz:00"}) {
        Told told;
        told.hardware_address = address;
        if (read(told)) fail_msg("\"%s\" was taken for a hardware address", address);
    }
    Told told;
    told.gateway = "router";
    assert_false(read(told).has_value());
    const BusMessage other =
        message([](sd_bus_message* to) { return sd_bus_message_append(to, "s", "x"); });
    assert_false(read_adapters(other.get(), numbered).has_value());
    const auto none = read({}, [](const std::string&, unsigned) {
        return Result<ndr::Guid>(Error{"make", "id", "", EIO});
    });
    assert_int_equal(none.error().errnum, EIO);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(ids_stay_and_are_no_two_the_same),
        cmocka_unit_test(an_adapter_has_what_is_told),
        cmocka_unit_test(people_see_the_alias),
        cmocka_unit_test(what_no_driver_describes_is_called_by_its_kind),
        cmocka_unit_test(a_link_local_address_has_its_adapter_as_scope),
        cmocka_unit_test(words_are_the_numbers_of_rfc_2863),
        cmocka_unit_test(one_without_a_default_route_suits_as_a_private_network),
        cmocka_unit_test(what_is_no_answer_is_an_error),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
