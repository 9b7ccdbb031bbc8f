// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_exporter_interface.hpp"

#include "clusprep/dcom/object_exporter_messages.hpp"
#include "played_exporter.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace played;
using namespace std::chrono_literals;

namespace {

const rpc::PeerAddress address = "192.0.2.77";

struct Resolver : World {
    ObjectExporterInterface interface { exporter };

    Oid activate() {
        const rpc::Principal anna{"DOMAIN\\anna", {}, {}};
        const std::vector<ndr::Guid> iids{storage_iid};
        const auto made =
            exporter.activate(storage_class, iids, {}, {anna, rpc::AuthLevel::Privacy, address});
        assert_int_equal(made.result, kOk);
        return made.interfaces.at(0).object->reference.oid;
    }
};

void anybody_may_ask(void**) {
    Resolver r;
    assert_int_equal(r.interface.least_level(), rpc::AuthLevel::None);
    r.allowed = false;
    auto call = a_call(ServerAlive::opnum, {});
    call.principal = nullptr;
    call.level = rpc::AuthLevel::None;
    const auto answer = answer_of(r.interface, std::move(call));
    assert_bytes_equal(answer.stub, bytes_of("00000000"));
}

void server_alive_2_tells_the_version_and_every_address_and_name(void**) {
    Resolver r;
    const auto out = call_plain<ServerAlive2>(r.interface, {});
    assert_int_equal(out.version.major, 5);
    assert_int_equal(out.version.minor, 7);
    assert_int_equal(out.error, 0);
    assert_true(out.bindings.has_value());
    const auto bindings = from_structure(*out.bindings);
    assert_ok(bindings);
    assert_int_equal(bindings->strings.size(), 3);
    assert_text_equal(bindings->strings[0].address, "192.0.2.1");
    assert_text_equal(bindings->strings[1].address, "2001:db8::1");
    assert_text_equal(bindings->strings[2].address, "node1");
    assert_int_equal(bindings->security.size(), 3);
}

void another_port_than_135_is_told(void**) {
    World world({{}, {}, 1135});
    ObjectExporterInterface interface(world.exporter);
    const auto out = call_plain<ServerAlive2>(interface, {});
    const auto bindings = from_structure(*out.bindings);
    assert_ok(bindings);
    assert_text_equal(bindings->strings.at(2).address, "node1[1135]");
}

void our_oxid_is_resolved_to_the_exporter_s_port(void**) {
    Resolver r;
    const auto out = call_plain<ResolveOxid2>(r.interface, {r.exporter.oxid(), 2, {15, 7}});
    assert_int_equal(out.error, 0);
    assert_true(out.remote_unknown == r.exporter.remote_unknown());
    assert_int_equal(out.authentication_hint, 6);
    const auto bindings = from_structure(*out.bindings);
    assert_ok(bindings);
    assert_text_equal(bindings->strings.at(0).address, "192.0.2.1[49152]");
    const auto old = call_plain<ResolveOxid>(r.interface, {r.exporter.oxid(), 1, {7}});
    assert_int_equal(old.error, 0);
    assert_true(old.remote_unknown == r.exporter.remote_unknown());
}

void another_oxid_and_other_protocols_are_not_resolved(void**) {
    Resolver r;
    const auto other = call_plain<ResolveOxid2>(r.interface, {r.exporter.oxid() + 1, 1, {7}});
    assert_int_equal(other.error, 1910);
    assert_false(other.bindings.has_value());
    assert_true(other.remote_unknown.is_nil());
    const auto pipes = call_plain<ResolveOxid>(r.interface, {r.exporter.oxid(), 1, {15}});
    assert_int_equal(pipes.error, 1703);
}

void a_pinged_object_outlives_one_that_is_not(void**) {
    Resolver r;
    const Oid pinged = r.activate();
    r.activate();
    const auto made = call_plain<ComplexPing>(r.interface, {0, 1, 1, 0, {{pinged}}, {}});
    assert_int_equal(made.error, 0);
    assert_int_equal(made.backoff, 0);
    assert_true(made.set != 0);
    for (int period = 0; period < 5; ++period) {
        r.now += 120s;
        r.exporter.expire();
        r.loop.run();
        assert_int_equal(call_plain<SimplePing>(r.interface, {made.set}).error, 0);
    }
    assert_int_equal(r.exporter.objects().size(), 1);
    assert_true(r.exporter.objects().contains(pinged));
    r.now += 360s;
    r.exporter.expire();
    r.loop.run();
    assert_int_equal(r.exporter.objects().size(), 0);
    assert_int_equal(call_plain<SimplePing>(r.interface, {made.set}).error, 1912);
    assert_text_equal(r.observer.all(), "activated DOMAIN\\anna\nactivated DOMAIN\\anna\n"
                                        "ended\nended\n");
}

void an_object_taken_out_of_its_set_lives_three_periods_more(void**) {
    Resolver r;
    const Oid oid = r.activate();
    const auto made = call_plain<ComplexPing>(r.interface, {0, 1, 1, 0, {{oid}}, {}});
    assert_int_equal(call_plain<ComplexPing>(r.interface, {made.set, 2, 0, 1, {}, {{oid}}}).error,
                     0);
    r.now += 300s;
    call_plain<SimplePing>(r.interface, {made.set});
    r.exporter.expire();
    assert_true(r.exporter.objects().contains(oid));
    r.now += 60s;
    r.exporter.expire();
    assert_false(r.exporter.objects().contains(oid));
}

void an_unknown_set_and_unknown_objects_are_said(void**) {
    Resolver r;
    assert_int_equal(call_plain<SimplePing>(r.interface, {12345}).error, 1912);
    const auto wrong = call_plain<ComplexPing>(r.interface, {12345, 1, 0, 0, {}, {}});
    assert_int_equal(wrong.error, 1912);
    assert_int_equal(wrong.set, 12345);
    assert_int_equal(call_plain<ComplexPing>(r.interface, {0, 1, 1, 0, {{4711}}, {}}).error, 1911);
}

void a_stub_that_contradicts_itself_is_a_fault(void**) {
    Resolver r;
    // cAddToSet 2 and one OID.
    const auto stub = bytes_of("0000000000000000 0100 0200 0000 0000 00000200 01000000"
                               "00000000 0100000000000000 00000000");
    assert_int_equal(answer_of(r.interface, a_call(ComplexPing::opnum, stub)).fault, 0x6f7);
    // cAddToSet 2 and a null pointer.
    const auto null = bytes_of("0000000000000000 0100 0200 0000 0000 00000000 00000000");
    assert_int_equal(answer_of(r.interface, a_call(ComplexPing::opnum, null)).fault, 0x6f7);
    assert_int_equal(answer_of(r.interface, a_call(SimplePing::opnum, bytes_of("00"))).fault,
                     0x6f7);
    assert_int_equal(answer_of(r.interface, a_call(ServerAlive::opnum, bytes_of("00"))).fault,
                     0x6f7);
    assert_int_equal(answer_of(r.interface, a_call(6, {})).fault, rpc::fault::operation_range);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(anybody_may_ask),
        cmocka_unit_test(server_alive_2_tells_the_version_and_every_address_and_name),
        cmocka_unit_test(another_port_than_135_is_told),
        cmocka_unit_test(our_oxid_is_resolved_to_the_exporter_s_port),
        cmocka_unit_test(another_oxid_and_other_protocols_are_not_resolved),
        cmocka_unit_test(a_pinged_object_outlives_one_that_is_not),
        cmocka_unit_test(an_object_taken_out_of_its_set_lives_three_periods_more),
        cmocka_unit_test(an_unknown_set_and_unknown_objects_are_said),
        cmocka_unit_test(a_stub_that_contradicts_itself_is_a_fault),
    };
    return cmocka_run_group_tests_name("IObjectExporter", tests, nullptr, nullptr);
}
