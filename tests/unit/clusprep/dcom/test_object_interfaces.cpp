// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Calls of objects, and what IRemUnknown does to them.
#include "clusprep/dcom/object_interface.hpp"
#include "clusprep/dcom/remote_unknown_interface.hpp"
#include "clusprep/dcom/remote_unknown_messages.hpp"
#include "played_exporter.hpp"

using namespace mpapi;
using namespace mpapi::dcom;
using namespace played;

namespace {

const rpc::PeerAddress address = "192.0.2.77";

struct Objects : World {
    RemoteUnknownInterface unknown{exporter, RemoteUnknownInterface::Version::RemUnknown};
    RemoteUnknownInterface unknown2{exporter, RemoteUnknownInterface::Version::RemUnknown2};
    ObjectInterface storage{exporter, storage_iid, "IStorage"};
    ObjectInterface setup{exporter, setup_iid, "ISetup"};
    rpc::Principal bert{"DOMAIN\\bert", {}, {}};
    ndr::Guid ipid;

    Objects() {
        const rpc::Principal anna{"DOMAIN\\anna", {}, {}};
        const std::vector<ndr::Guid> iids{storage_iid};
        const auto made =
            exporter.activate(storage_class, iids, {}, {anna, rpc::AuthLevel::Privacy, address});
        ipid = made.interfaces.at(0).object->reference.ipid;
        observer.told.clear();
        factory.story.clear();
    }

    // The whole answer of a call with these bytes as its parameters.
    rpc::Reply::Answer call(rpc::Interface& interface, std::uint16_t opnum,
                            std::optional<ndr::Guid> object, const Bytes& parameters = {}) {
        auto stub = begin_request({});
        stub.insert(stub.end(), parameters.begin(), parameters.end());
        auto made = a_call(opnum, std::move(stub));
        made.object = object;
        auto answer = answer_of(interface, std::move(made));
        loop.run();
        return answer;
    }
    template <typename Method>
    typename Method::Out remote(RemoteUnknownInterface& interface, const typename Method::In& in) {
        auto out = call_object<Method>(interface, in, exporter.remote_unknown());
        loop.run();
        return out;
    }
};

void a_call_reaches_its_object_without_its_front_and_so_does_the_answer(void**) {
    Objects o;
    const auto answer = o.call(o.storage, 17, o.ipid, {1, 2, 3, 4});
    assert_int_equal(answer.fault, 0);
    assert_bytes_equal(answer.stub, bytes_of("00000000 00000000 01020304"));
    assert_text_equal(o.factory.story.at(0), "called 17");
    assert_int_equal(o.storage.least_level(), rpc::AuthLevel::Privacy);
}

void extents_are_taken_off(void**) {
    Objects o;
    // One extent of 3 bytes in an array rounded up to 2.
    auto call = a_call(5, bytes_of("0500 0700 00000000 00000000 000102030405060708090a0b0c0d0e0f"
                                   "00000200 01000000 00000000 04000200 02000000 08000200 00000000"
                                   "08000000 000102030405060708090a0b0c0d0e0f 03000000"
                                   "aabbcc0000000000 11121314"));
    call.object = o.ipid;
    const auto answer = answer_of(o.storage, std::move(call));
    assert_int_equal(answer.fault, 0);
    assert_bytes_equal(answer.stub, bytes_of("0000000000000000 11121314"));
}

void padding_before_a_verification_trailer_is_no_parameter(void**) {
    Objects o;
    auto stub = object_stub(RemRelease::In{});
    stub.resize(stub.size() + 2);
    auto call = a_call(RemRelease::opnum, std::move(stub));
    call.object = o.exporter.remote_unknown();
    auto padded = call;
    padded.padding = 3;
    assert_int_equal(answer_of(o.unknown, std::move(call)).fault, rpc::fault::bad_stub_data);
    assert_int_equal(answer_of(o.unknown, std::move(padded)).fault, 0);
}

void a_wrong_or_missing_ipid_is_an_invalid_object(void**) {
    Objects o;
    assert_int_equal(o.call(o.storage, 5, std::nullopt).fault, kInvalidObject);
    assert_int_equal(o.call(o.storage, 5, ndr::Guid{}).fault, kInvalidObject);
    assert_int_equal(o.call(o.storage, 5, o.exporter.remote_unknown()).fault, kInvalidObject);
    // Of another interface than the one that is called.
    assert_int_equal(o.call(o.setup, 5, o.ipid).fault, kInvalidObject);
    assert_true(o.factory.story.empty());
}

void iunknown_s_methods_a_bad_front_and_strangers_are_refused(void**) {
    Objects o;
    for (const std::uint16_t opnum : std::initializer_list<std::uint16_t>{0, 1, 2})
        assert_int_equal(o.call(o.storage, opnum, o.ipid).fault, rpc::fault::operation_range);
    auto short_front = a_call(5, bytes_of("0500 0700"));
    short_front.object = o.ipid;
    assert_int_equal(answer_of(o.storage, std::move(short_front)).fault, rpc::fault::bad_stub_data);
    o.allowed = false;
    assert_int_equal(o.call(o.storage, 5, o.ipid).fault, rpc::fault::access_denied);
    assert_int_equal(o.call(o.unknown, 5, o.exporter.remote_unknown()).fault,
                     rpc::fault::access_denied);
    assert_true(o.factory.story.empty());
}

void query_interface_gives_another_interface_of_the_same_object(void**) {
    Objects o;
    const auto out = o.remote<RemQueryInterface>(o.unknown, {o.ipid, 2, 2, {setup_iid, newer_iid}});
    assert_int_equal(out.result, kFalse);
    assert_true(out.found.has_value());
    assert_int_equal(out.found->size(), 2);
    const auto& found = out.found->at(0);
    assert_int_equal(found.result, kOk);
    assert_int_equal(found.reference.public_references, 2);
    assert_true(found.reference.oxid == o.exporter.oxid());
    assert_int_equal(out.found->at(1).result, kNoInterface);
    assert_text_equal(o.observer.all(), "no interface " + newer_iid.text() + "\n");
    assert_int_equal(o.call(o.setup, 5, found.reference.ipid).fault, 0);
    assert_text_equal(o.factory.story.at(0), "called 5");
}

void query_interface_of_no_object_has_no_references(void**) {
    Objects o;
    const auto out = o.remote<RemQueryInterface>(o.unknown, {setup_iid, 1, 1, {setup_iid}});
    assert_int_equal(out.result, kInvalidObject);
    assert_int_equal(out.found.value().at(0).result, kInvalidObject);
    assert_true(out.found->at(0).reference == StandardReference{});
    assert_int_equal(o.remote<RemQueryInterface>(o.unknown, {o.ipid, 1, 1, {newer_iid}}).result,
                     kNoInterface);
    assert_int_equal(o.remote<RemQueryInterface>(
                          o.unknown, {o.ipid, 1, 129, std::vector<ndr::Guid>(129, setup_iid)})
                         .result,
                     kInvalidArgument);
}

void query_interface_2_gives_marshaled_references(void**) {
    Objects o;
    const auto out = o.remote<RemQueryInterface2>(o.unknown2, {o.ipid, 2, {newer_iid, setup_iid}});
    assert_int_equal(out.result, kFalse);
    assert_int_equal(out.results.at(0), kNoInterface);
    assert_false(out.interfaces.at(0).has_value());
    assert_int_equal(out.results.at(1), kOk);
    const auto reference = parse_object_reference(out.interfaces.at(1)->data);
    assert_ok(reference);
    assert_true(reference->iid == setup_iid);
    const auto gone = o.remote<RemQueryInterface2>(o.unknown2, {setup_iid, 1, {setup_iid}});
    assert_int_equal(gone.result, kInvalidObject);
    assert_int_equal(gone.results.at(0), kInvalidObject);
}

void query_interface_2_is_no_method_of_the_first_version(void**) {
    Objects o;
    assert_int_equal(o.call(o.unknown, 6, o.exporter.remote_unknown()).fault,
                     rpc::fault::operation_range);
    assert_int_equal(o.call(o.unknown2, 7, o.exporter.remote_unknown()).fault,
                     rpc::fault::operation_range);
}

void references_are_added_and_the_last_release_ends_the_object(void**) {
    Objects o;
    const auto added = o.remote<RemAddRef>(o.unknown, {2, {{o.ipid, 1, 1}, {setup_iid, 1, 0}}});
    assert_int_equal(added.results.at(0), kOk);
    assert_int_equal(added.results.at(1), kInvalidObject);
    assert_int_equal(added.result, kInvalidObject);
    assert_int_equal(o.remote<RemRelease>(o.unknown, {1, {{o.ipid, 6, 0}}}).result, kOk);
    assert_true(o.factory.story.empty());
    assert_int_equal(o.remote<RemRelease>(o.unknown2, {1, {{o.ipid, 0, 1}}}).result, kOk);
    assert_text_equal(o.factory.story.at(0), "run down");
    assert_text_equal(o.factory.story.at(1), "destroyed");
    assert_int_equal(o.call(o.storage, 5, o.ipid).fault, kInvalidObject);
    assert_int_equal(o.remote<RemRelease>(o.unknown, {1, {{o.ipid, 1, 0}}}).result, kInvalidObject);
}

void nobody_but_its_client_uses_an_object(void**) {
    Objects o;
    const auto as_bert = [&](rpc::Interface& interface, std::uint16_t opnum,
                             const ndr::Guid& object, std::vector<std::uint8_t> stub) {
        auto call = a_call(opnum, std::move(stub));
        call.object = object;
        call.principal = std::make_shared<const rpc::Principal>(o.bert);
        return answer_of(interface, std::move(call));
    };
    assert_int_equal(as_bert(o.storage, 5, o.ipid, begin_request({})).fault, kInvalidObject);
    const auto released = as_bert(o.unknown, RemRelease::opnum, o.exporter.remote_unknown(),
                                  object_stub(RemRelease::In{1, {{o.ipid, 1000000, 0}}}));
    assert_int_equal(out_of<RemRelease>(*split_answer(released.stub)).result, kInvalidObject);
    const auto asked = as_bert(o.unknown, RemQueryInterface::opnum, o.exporter.remote_unknown(),
                               object_stub(RemQueryInterface::In{o.ipid, 1, 1, {setup_iid}}));
    assert_int_equal(out_of<RemQueryInterface>(*split_answer(asked.stub)).result, kInvalidObject);
    o.loop.run();
    assert_true(o.factory.story.empty());
    const std::string line = "refused DOMAIN\\bert an object of DOMAIN\\anna\n";
    assert_text_equal(o.observer.all(), line + line + line);
    assert_int_equal(o.call(o.storage, 5, o.ipid).fault, 0);
}

void remote_unknown_lives_at_its_ipid_only(void**) {
    Objects o;
    assert_int_equal(o.call(o.unknown, 5, o.ipid).fault, kInvalidObject);
    assert_int_equal(o.call(o.unknown, 5, std::nullopt).fault, kInvalidObject);
    assert_int_equal(o.unknown.least_level(), rpc::AuthLevel::Integrity);
}

void an_answer_that_is_forgotten_is_a_fault(void**) {
    std::uint32_t fault = 0;
    {
        const dcom::Reply forgotten([&](Answer answer) { fault = answer.fault; });
    }
    assert_int_equal(fault, 0x80010105);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_call_reaches_its_object_without_its_front_and_so_does_the_answer),
        cmocka_unit_test(extents_are_taken_off),
        cmocka_unit_test(padding_before_a_verification_trailer_is_no_parameter),
        cmocka_unit_test(a_wrong_or_missing_ipid_is_an_invalid_object),
        cmocka_unit_test(iunknown_s_methods_a_bad_front_and_strangers_are_refused),
        cmocka_unit_test(query_interface_gives_another_interface_of_the_same_object),
        cmocka_unit_test(query_interface_of_no_object_has_no_references),
        cmocka_unit_test(query_interface_2_gives_marshaled_references),
        cmocka_unit_test(query_interface_2_is_no_method_of_the_first_version),
        cmocka_unit_test(references_are_added_and_the_last_release_ends_the_object),
        cmocka_unit_test(nobody_but_its_client_uses_an_object),
        cmocka_unit_test(remote_unknown_lives_at_its_ipid_only),
        cmocka_unit_test(an_answer_that_is_forgotten_is_a_fault),
    };
    return cmocka_run_group_tests_name("object interfaces", tests, nullptr, nullptr);
}
