// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_interface.hpp"

#include "clusprep/dcom/answering.hpp"

#include <memory>
#include <utility>

namespace mpapi::dcom {

void ObjectInterface::call(rpc::Call call, rpc::Reply reply) {
    if (!call.principal) return reply.fault(rpc::fault::access_denied);
    const Caller caller{*call.principal, call.level, call.peer, call.padding};
    if (!exporter_.allows(caller, name_.c_str())) return reply.fault(rpc::fault::access_denied);
    if (!call.object) return reply.fault(kInvalidObject);
    Object* const object = exporter_.objects().find(*call.object, iid_, caller, exporter_.now());
    if (object == nullptr) return reply.fault(kInvalidObject);
    // IUnknown's three are not called over the wire (MS-DCOM 3.1.1.5.8).
    if (call.opnum < 3) return reply.fault(rpc::fault::operation_range);
    const auto parameters = object_parameters(call.stub, reply);
    if (!parameters) return;
    auto promise = std::make_shared<rpc::Reply>(std::move(reply));
    object->call(iid_, call.opnum, *parameters, caller, Reply([promise](Answer answer) {
                     if (answer.fault != 0) return promise->fault(answer.fault);
                     const auto front = begin_answer();
                     answer.stub.insert(answer.stub.begin(), front.begin(), front.end());
                     promise->send(std::move(answer.stub));
                 }));
}

} // namespace mpapi::dcom
