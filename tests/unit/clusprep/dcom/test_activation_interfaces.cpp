// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/activation_interfaces.hpp"

#include "clusprep/dcom/activation_messages.hpp"
#include "clusprep/dcom/activation_properties.hpp"
#include "played_exporter.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace played;

namespace {

struct Activators : World {
    ScmActivatorInterface scm{exporter};
    ActivationInterface old{exporter};

    explicit Activators(const ExporterSettings& settings = {})
      : World(settings) {}
};

InterfacePointer properties(const ndr::Guid& clsid, std::vector<ndr::Guid> iids,
                            std::vector<std::uint16_t> protocols = {7}) {
    auto bytes = build_activation_request({clsid, {5, 7}, std::move(iids), std::move(protocols)});
    assert_ok(bytes);
    return interface_pointer(*std::move(bytes));
}

RemoteActivation::In old_request(std::vector<ndr::Guid> iids) {
    RemoteActivation::In in;
    in.clsid = storage_class;
    in.count = static_cast<std::uint32_t>(iids.size());
    in.iids = std::move(iids);
    in.protocol_count = 1;
    in.protocols = {7};
    return in;
}

void both_need_integrity(void**) {
    Activators a;
    assert_int_equal(a.scm.least_level(), rpc::AuthLevel::Integrity);
    assert_int_equal(a.old.least_level(), rpc::AuthLevel::Integrity);
}

void create_instance_makes_an_object_and_says_where_it_is(void**) {
    Activators a;
    const auto out = call_object<RemoteCreateInstance>(
        a.scm, {std::nullopt, properties(storage_class, {storage_iid, newer_iid})});
    assert_int_equal(out.result, kNotAllInterfaces);
    assert_true(out.properties.has_value());
    const auto reply = parse_activation_reply(out.properties->data);
    assert_ok(reply);
    assert_int_equal(reply->interfaces.size(), 2);
    assert_int_equal(reply->interfaces[0].result, kOk);
    assert_int_equal(reply->interfaces[1].result, kNoInterface);
    assert_false(reply->interfaces[1].object.has_value());
    const auto& reference = reply->interfaces[0].object->reference;
    assert_int_equal(reference.public_references, 5);
    assert_true(reference.oxid == a.exporter.oxid());
    assert_true(reply->oxid == a.exporter.oxid());
    assert_true(reply->remote_unknown == a.exporter.remote_unknown());
    assert_int_equal(reply->authentication_hint, 6);
    assert_text_equal(reply->bindings.strings.at(0).address, "192.0.2.1[49152]");
    assert_text_equal(reply->interfaces[0].object->resolver.strings.at(0).address, "192.0.2.1");
    assert_true(a.exporter.objects().contains(reference.oid));
    assert_text_equal(a.observer.all(),
                      "no interface " + newer_iid.text() + "\nactivated DOMAIN\\anna\n");
}

void remote_activation_does_the_same(void**) {
    Activators a;
    const auto out = call_object<RemoteActivation>(a.old, old_request({storage_iid, newer_iid}));
    assert_int_equal(out.error, 0);
    assert_int_equal(out.result, kNotAllInterfaces);
    assert_true(out.oxid == a.exporter.oxid());
    assert_true(out.remote_unknown == a.exporter.remote_unknown());
    assert_int_equal(out.results.at(0), kOk);
    assert_int_equal(out.results.at(1), kNoInterface);
    assert_false(out.interfaces.at(1).has_value());
    const auto reference = parse_object_reference(out.interfaces.at(0)->data);
    assert_ok(reference);
    assert_true(reference->iid == storage_iid);
    const auto& object = std::get<StandardObject>(reference->object);
    assert_true(a.exporter.objects().contains(object.reference.oid));
}

void a_class_that_is_not_ours_is_not_registered(void**) {
    Activators a;
    const auto out = call_object<RemoteCreateInstance>(
        a.scm, {std::nullopt, properties(setup_iid, {storage_iid})});
    assert_int_equal(out.result, kClassNotRegistered);
    assert_false(out.properties.has_value());
    auto request = old_request({storage_iid});
    request.clsid = setup_iid;
    const auto old = call_object<RemoteActivation>(a.old, request);
    assert_int_equal(old.result, kClassNotRegistered);
    assert_int_equal(old.results.at(0), kClassNotRegistered);
    assert_false(old.bindings.has_value());
    assert_contains(a.observer.all(), "refused DOMAIN\\anna 80040154");
    assert_true(a.factory.story.empty());
}

void an_object_without_an_interface_asked_for_is_not_made(void**) {
    Activators a;
    const auto out = call_object<RemoteCreateInstance>(
        a.scm, {std::nullopt, properties(storage_class, {newer_iid})});
    assert_int_equal(out.result, kNoInterface);
    assert_contains(a.observer.all(), "no interface " + newer_iid.text());
    assert_true(a.factory.story.empty());
}

void class_objects_aggregates_and_persistent_objects_are_refused(void**) {
    Activators a;
    assert_int_equal(
        call_object<RemoteGetClassObject>(a.scm, {properties(storage_class, {storage_iid})}).result,
        kClassNotAvailable);
    assert_int_equal(call_object<RemoteGetClassObject>(a.scm, {std::nullopt}).result,
                     kInvalidArgument);
    assert_int_equal(call_object<RemoteCreateInstance>(
                         a.scm, {interface_pointer({1}), properties(storage_class, {storage_iid})})
                         .result,
                     kNoAggregation);
    auto request = old_request({storage_iid});
    request.mode = RemoteActivation::kGetClassObject;
    assert_int_equal(call_object<RemoteActivation>(a.old, request).result, kClassNotAvailable);
    request.mode = 0;
    request.object_name = u"a file";
    assert_int_equal(call_object<RemoteActivation>(a.old, request).result, kNotImplemented);
    assert_true(a.factory.story.empty());
}

void a_client_without_our_protocol_gets_nothing(void**) {
    Activators a;
    assert_int_equal(call_object<RemoteCreateInstance>(
                         a.scm, {std::nullopt, properties(storage_class, {storage_iid}, {15})})
                         .result,
                     0x800706a7);
}

void nonsense_is_an_invalid_argument(void**) {
    Activators a;
    assert_int_equal(
        call_object<RemoteCreateInstance>(a.scm, {std::nullopt, interface_pointer({1, 2, 3})})
            .result,
        kInvalidArgument);
    assert_int_equal(call_object<RemoteCreateInstance>(a.scm, {std::nullopt, std::nullopt}).result,
                     kInvalidArgument);
    RemoteActivation::In none = old_request({});
    none.iids.reset();
    assert_int_equal(call_object<RemoteActivation>(a.old, none).result, kInvalidArgument);
    assert_int_equal(
        call_object<RemoteActivation>(a.old, old_request(std::vector<ndr::Guid>(129, storage_iid)))
            .result,
        kInvalidArgument);
    assert_true(a.factory.story.empty());
}

void who_is_not_allowed_gets_fault_5_before_the_stub_is_looked_at(void**) {
    Activators a;
    a.allowed = false;
    assert_int_equal(answer_of(a.scm, a_call(4, bytes_of("ff"))).fault, 5);
    assert_int_equal(answer_of(a.old, a_call(0, bytes_of("ff"))).fault, 5);
    assert_text_equal(a.observer.all(), "not allowed DOMAIN\\anna IRemoteSCMActivator\n"
                                        "not allowed DOMAIN\\anna IActivation\n");
    auto nobody = a_call(4, {});
    nobody.principal = nullptr;
    a.allowed = true;
    assert_int_equal(answer_of(a.scm, std::move(nobody)).fault, 5);
}

void another_version_of_com_is_refused(void**) {
    Activators a;
    auto stub = object_stub(RemoteCreateInstance::In{});
    stub[0] = 6;
    assert_int_equal(answer_of(a.scm, a_call(4, stub)).fault, kVersionMismatch);
    stub[0] = 5;
    stub[2] = 9; // a newer minor version adds nothing that we need to know
    assert_int_equal(answer_of(a.scm, a_call(4, stub)).fault, 0);
}

void methods_that_are_none_and_stubs_that_are_none_are_faults(void**) {
    Activators a;
    for (const std::uint16_t opnum : std::initializer_list<std::uint16_t>{0, 1, 2, 5})
        assert_int_equal(answer_of(a.scm, a_call(opnum, {})).fault, rpc::fault::operation_range);
    assert_int_equal(answer_of(a.old, a_call(1, {})).fault, rpc::fault::operation_range);
    const auto whole =
        object_stub(RemoteCreateInstance::In{std::nullopt, properties(storage_class, {setup_iid})});
    parse_every_prefix(whole, [&](const Bytes& cut) {
        assert_int_equal(answer_of(a.scm, a_call(4, cut)).fault, rpc::fault::bad_stub_data);
    });
}

void limits_are_told_as_out_of_memory(void**) {
    Activators a({{10, 1, 10}, {}, 135});
    const RemoteCreateInstance::In in{std::nullopt, properties(storage_class, {storage_iid})};
    assert_int_equal(call_object<RemoteCreateInstance>(a.scm, in).result, kOk);
    assert_int_equal(call_object<RemoteCreateInstance>(a.scm, in).result, kOutOfMemory);
    assert_contains(a.observer.all(), "limit of 1 objects");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(both_need_integrity),
        cmocka_unit_test(create_instance_makes_an_object_and_says_where_it_is),
        cmocka_unit_test(remote_activation_does_the_same),
        cmocka_unit_test(a_class_that_is_not_ours_is_not_registered),
        cmocka_unit_test(an_object_without_an_interface_asked_for_is_not_made),
        cmocka_unit_test(class_objects_aggregates_and_persistent_objects_are_refused),
        cmocka_unit_test(a_client_without_our_protocol_gets_nothing),
        cmocka_unit_test(nonsense_is_an_invalid_argument),
        cmocka_unit_test(who_is_not_allowed_gets_fault_5_before_the_stub_is_looked_at),
        cmocka_unit_test(another_version_of_com_is_refused),
        cmocka_unit_test(methods_that_are_none_and_stubs_that_are_none_are_faults),
        cmocka_unit_test(limits_are_told_as_out_of_memory),
    };
    return cmocka_run_group_tests_name("activation", tests, nullptr, nullptr);
}
