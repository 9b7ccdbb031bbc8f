// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/activation_interfaces.hpp"

#include "clusprep/dcom/activation_messages.hpp"
#include "clusprep/dcom/activation_properties.hpp"
#include "clusprep/dcom/answering.hpp"

#include <utility>

namespace mpapi::dcom {

namespace {

// What both have in common before they look at the parameters. False: the fault was sent.
bool admit(Exporter& exporter, const rpc::Call& call, const char* what, rpc::Reply& reply) {
    if (call.principal && exporter.allows({*call.principal, call.level, call.peer}, what))
        return true;
    reply.fault(rpc::fault::access_denied);
    return false;
}

ActivatorOut get_class_object(Exporter& exporter, const Caller& caller,
                              const RemoteGetClassObject::In& in) {
    if (!in.properties) return {std::nullopt, kInvalidArgument};
    const auto request = parse_activation_request(in.properties->data);
    if (!request) return {std::nullopt, kInvalidArgument};
    return {std::nullopt, exporter.refuse(caller, request->clsid, kClassNotAvailable,
                                          "class objects are not handed out")};
}

ActivatorOut create_instance(Exporter& exporter, const Caller& caller,
                             const RemoteCreateInstance::In& in) {
    if (!in.properties) return {std::nullopt, kInvalidArgument};
    const auto request = parse_activation_request(in.properties->data);
    if (!request)
        return {std::nullopt,
                exporter.refuse(caller, {}, kInvalidArgument, request.error().message())};
    if (in.outer) return {std::nullopt, exporter.refuse(caller, request->clsid, kNoAggregation)};
    auto made = exporter.activate(request->clsid, request->iids, request->protocols, caller);
    if (failed(made.result)) return {std::nullopt, made.result};
    ActivationReply answer;
    answer.interfaces = std::move(made.interfaces);
    answer.oxid = exporter.oxid();
    answer.bindings = exporter.exporter_bindings();
    answer.remote_unknown = exporter.remote_unknown();
    answer.authentication_hint = kAuthenticationHint;
    auto properties = build_activation_reply(answer);
    if (!properties)
        return {std::nullopt, exporter.refuse(caller, request->clsid, kOutOfMemory,
                                              properties.error().message())};
    return {interface_pointer(*std::move(properties)), made.result};
}

RemoteActivation::Out remote_activation(Exporter& exporter, const Caller& caller,
                                        const RemoteActivation::In& in) {
    RemoteActivation::Out out;
    const std::span<const ndr::Guid> iids =
        in.iids ? std::span<const ndr::Guid>(*in.iids) : std::span<const ndr::Guid>();
    const auto refused = [&](HResult result) {
        out.result = result;
        out.count.count = static_cast<std::uint32_t>(iids.size());
        out.interfaces.resize(iids.size());
        out.results.assign(iids.size(), result);
        return out;
    };
    if (iids.empty() || iids.size() > kMostInterfaces)
        return refused(exporter.refuse(caller, in.clsid, kInvalidArgument,
                                       std::to_string(iids.size()) + " interfaces"));
    if (in.mode == RemoteActivation::kGetClassObject)
        return refused(exporter.refuse(caller, in.clsid, kClassNotAvailable,
                                       "class objects are not handed out"));
    if (in.object_name || in.object_storage)
        return refused(
            exporter.refuse(caller, in.clsid, kNotImplemented, "there are no persistent objects"));
    auto made = exporter.activate(in.clsid, iids, in.protocols, caller);
    if (failed(made.result)) return refused(made.result);
    out.result = made.result;
    out.count.count = static_cast<std::uint32_t>(iids.size());
    for (const auto& interface : made.interfaces) {
        out.results.push_back(interface.result);
        out.interfaces.emplace_back();
        if (interface.object)
            out.interfaces.back() =
                interface_pointer(build_object_reference({interface.iid, *interface.object}));
    }
    out.oxid = exporter.oxid();
    out.bindings = to_structure(exporter.exporter_bindings());
    out.remote_unknown = exporter.remote_unknown();
    out.authentication_hint = kAuthenticationHint;
    return out;
}

} // namespace

rpc::SyntaxId ScmActivatorInterface::id() const {
    return {kScmActivatorId, 0, 0};
}

void ScmActivatorInterface::call(rpc::Call call, rpc::Reply reply) {
    if (!admit(exporter_, call, "IRemoteSCMActivator", reply)) return;
    const Caller caller{*call.principal, call.level, call.peer};
    switch (call.opnum) {
    case RemoteGetClassObject::opnum:
        return answer_object<RemoteGetClassObject>(call, std::move(reply), [&](const auto& in) {
            return get_class_object(exporter_, caller, in);
        });
    case RemoteCreateInstance::opnum:
        return answer_object<RemoteCreateInstance>(call, std::move(reply), [&](const auto& in) {
            return create_instance(exporter_, caller, in);
        });
    default:
        reply.fault(rpc::fault::operation_range);
    }
}

rpc::SyntaxId ActivationInterface::id() const {
    return {kActivationId, 0, 0};
}

void ActivationInterface::call(rpc::Call call, rpc::Reply reply) {
    if (!admit(exporter_, call, "IActivation", reply)) return;
    const Caller caller{*call.principal, call.level, call.peer};
    if (call.opnum != RemoteActivation::opnum) return reply.fault(rpc::fault::operation_range);
    answer_object<RemoteActivation>(call, std::move(reply), [&](const auto& in) {
        return remote_activation(exporter_, caller, in);
    });
}

} // namespace mpapi::dcom
