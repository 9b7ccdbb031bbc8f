// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/endpoint_map_interface.hpp"

#include "clusprep/dcom/endpoint_map_messages.hpp"
#include "played_exporter.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace played;

namespace {

struct Map {
    EndpointMapInterface interface { counting() };

    Map() {
        interface.set({{{storage_iid, 0, 0}, 49152}, {{setup_iid, 2, 3}, 49153}},
                      {"192.0.2.1", "node1", "2001:db8::1", "192.0.2.2"});
    }
    EptMap::Out map(const Tower& tower, std::uint32_t most = 4) {
        EptMap::In in;
        in.tower.emplace();
        in.tower->octets = build_tower(tower);
        in.tower->length = static_cast<std::uint32_t>(in.tower->octets.size());
        in.most = most;
        return call_plain<EptMap>(interface, in);
    }
};

Tower tower_of(const TowerOctets& octets) {
    const auto tower = parse_tower(octets.octets);
    assert_ok(tower);
    return *tower;
}

void an_interface_is_mapped_to_its_port_on_each_ipv4_address(void**) {
    Map m;
    const auto out = m.map({{storage_iid, 0, 0}, rpc::ndr_syntax, 0, {}});
    assert_int_equal(out.status, 0);
    assert_int_equal(out.count, 2);
    const auto first = tower_of(*out.towers.at(0));
    assert_int_equal(first.port, 49152);
    assert_true(first.address == (std::array<std::uint8_t, 4>{192, 0, 2, 1}));
    assert_true(tower_of(*out.towers.at(1)).address == (std::array<std::uint8_t, 4>{192, 0, 2, 2}));
    assert_true(out.handle == LookupHandle{});
}

void without_an_ipv4_address_the_tower_names_none(void**) {
    Map m;
    m.interface.set({{{storage_iid, 0, 0}, 49152}}, {"2001:db8::1"});
    const auto out = m.map({{storage_iid, 0, 0}, rpc::ndr_syntax, 0, {}});
    assert_int_equal(out.count, 1);
    assert_true(tower_of(*out.towers.at(0)).address == (std::array<std::uint8_t, 4>{}));
}

void what_is_not_registered_is_not_mapped(void**) {
    Map m;
    const auto status = [&](const Tower& tower) {
        const auto out = m.map(tower);
        assert_int_equal(out.count, 0);
        return out.status;
    };
    assert_int_equal(status({{newer_iid, 0, 0}, rpc::ndr_syntax, 0, {}}), kEndpointNotRegistered);
    assert_int_equal(status({{storage_iid, 0, 0}, rpc::ndr64_syntax, 0, {}}),
                     kEndpointNotRegistered);
    assert_int_equal(status({{setup_iid, 1, 0}, rpc::ndr_syntax, 0, {}}), kEndpointNotRegistered);
    assert_int_equal(status({{setup_iid, 2, 4}, rpc::ndr_syntax, 0, {}}), kEndpointNotRegistered);
    EptMap::In nothing;
    nothing.most = 1;
    assert_int_equal(call_plain<EptMap>(m.interface, nothing).status, kEndpointNotRegistered);
    nothing.tower = TowerOctets{2, {1, 2}};
    assert_int_equal(call_plain<EptMap>(m.interface, nothing).status, kEndpointNotRegistered);
}

void an_older_minor_version_is_served(void**) {
    Map m;
    const auto out = m.map({{setup_iid, 2, 1}, rpc::ndr_syntax, 0, {}});
    assert_int_equal(out.count, 2);
    assert_int_equal(tower_of(*out.towers.at(0)).interface.minor, 3);
}

void a_lookup_goes_on_where_it_stopped(void**) {
    Map m;
    EptLookup::In in;
    in.most = 3;
    const auto first = call_plain<EptLookup>(m.interface, in);
    assert_int_equal(first.status, 0);
    assert_int_equal(first.count, 3);
    assert_true(first.handle != LookupHandle{});
    in.handle = first.handle;
    const auto second = call_plain<EptLookup>(m.interface, in);
    assert_int_equal(second.status, 0);
    assert_int_equal(second.count, 1);
    assert_true(second.handle == LookupHandle{});
    const auto last = tower_of(*second.entries.at(0).tower);
    assert_true(last.interface.uuid == setup_iid);
    assert_true(last.address == (std::array<std::uint8_t, 4>{192, 0, 2, 2}));
}

void a_handle_of_somebody_else_is_refused(void**) {
    Map m;
    EptLookup::In in;
    in.most = 3;
    in.handle.uuid = setup_iid;
    const auto out = call_plain<EptLookup>(m.interface, in);
    assert_int_equal(out.status, kInvalidContext);
    assert_int_equal(out.count, 0);
    const auto freed = call_plain<EptLookupHandleFree>(m.interface, {in.handle});
    assert_int_equal(freed.status, 0);
    assert_true(freed.handle == LookupHandle{});
}

void a_lookup_asks_by_interface_and_version(void**) {
    Map m;
    const auto found = [&](std::uint32_t option, std::uint16_t major, std::uint16_t minor) {
        EptLookup::In in;
        in.inquiry = 1;
        in.interface = InterfaceId{setup_iid, major, minor};
        in.version_option = option;
        in.most = 10;
        const auto out = call_plain<EptLookup>(m.interface, in);
        assert_int_equal(out.status, out.count > 0 ? 0 : kEndpointNotRegistered);
        return out.count > 0;
    };
    assert_true(found(1, 9, 9));
    assert_true(found(2, 2, 3) && found(2, 2, 0) && !found(2, 2, 4) && !found(2, 1, 0));
    assert_true(found(3, 2, 3) && !found(3, 2, 2));
    assert_true(found(4, 2, 9) && !found(4, 3, 3));
    assert_true(found(5, 2, 3) && found(5, 3, 0) && !found(5, 2, 2));
    assert_false(found(0, 2, 3));
    EptLookup::In by_object;
    by_object.inquiry = 2;
    by_object.object = setup_iid;
    by_object.most = 10;
    assert_int_equal(call_plain<EptLookup>(m.interface, by_object).count, 0);
}

void room_for_a_million_makes_a_short_answer(void**) {
    Map m;
    EptLookup::In in;
    in.most = 0xffffffff;
    assert_int_equal(call_plain<EptLookup>(m.interface, in).count, 4);
    in.most = 0;
    assert_int_equal(call_plain<EptLookup>(m.interface, in).count, 0);
}

void nobody_registers_here(void**) {
    Map m;
    for (const std::uint16_t opnum : std::initializer_list<std::uint16_t>{0, 1, 6})
        assert_int_equal(answer_of(m.interface, a_call(opnum, {})).fault, 5);
    assert_int_equal(answer_of(m.interface, a_call(7, {})).fault, rpc::fault::operation_range);
    assert_int_equal(answer_of(m.interface, a_call(2, {1})).fault, rpc::fault::bad_stub_data);
    assert_int_equal(m.interface.least_level(), rpc::AuthLevel::None);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_interface_is_mapped_to_its_port_on_each_ipv4_address),
        cmocka_unit_test(without_an_ipv4_address_the_tower_names_none),
        cmocka_unit_test(what_is_not_registered_is_not_mapped),
        cmocka_unit_test(an_older_minor_version_is_served),
        cmocka_unit_test(a_lookup_goes_on_where_it_stopped),
        cmocka_unit_test(a_handle_of_somebody_else_is_refused),
        cmocka_unit_test(a_lookup_asks_by_interface_and_version),
        cmocka_unit_test(room_for_a_million_makes_a_short_answer),
        cmocka_unit_test(nobody_registers_here),
    };
    return cmocka_run_group_tests_name("endpoint map", tests, nullptr, nullptr);
}
