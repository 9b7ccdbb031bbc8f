// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/remote_unknown_interface.hpp"

#include "clusprep/dcom/answering.hpp"
#include "clusprep/dcom/remote_unknown_messages.hpp"

#include <utility>

namespace mpapi::dcom {

namespace {

void tell_refused(Exporter& exporter, const Caller& caller, std::span<const ndr::Guid> iids,
                  const ObjectTable::Interfaces& found) {
    for (std::size_t i = 0; i < found.each.size(); ++i)
        if (found.each[i].result != kOk) exporter.observer().interface_refused(caller, iids[i]);
}

RemQueryInterface::Out query(Exporter& exporter, const Caller& caller,
                             const RemQueryInterface::In& in) {
    RemQueryInterface::Out out;
    out.count.count = 0;
    if (in.iids.empty() || in.iids.size() > kMostInterfaces) {
        out.result = kInvalidArgument;
        return out;
    }
    const auto found =
        exporter.objects().query(in.ipid, in.iids, in.references, caller, exporter.now());
    tell_refused(exporter, caller, in.iids, found);
    out.result = found.result;
    out.count.count = in.count;
    out.found.emplace();
    // No object, no results: but decoders exist that look for the array without looking at the
    // pointer, so it is there.
    if (found.result == kInvalidObject) out.found->assign(in.count, {kInvalidObject, {}});
    for (const auto& interface : found.each) {
        RemQueryInterface::Found one{interface.result, {}};
        if (interface.result == kOk)
            one.reference = exporter.reference(found.oid, interface.ipid, in.references);
        out.found->push_back(one);
    }
    return out;
}

RemAddRef::Out add_references(Exporter& exporter, const Caller& caller, const ReferencesIn& in) {
    RemAddRef::Out out;
    out.count.count = in.count;
    for (const auto& interface : in.interfaces) {
        const HResult result = exporter.objects().add_references(
            interface.ipid, interface.open, interface.secure, caller, exporter.now());
        out.results.push_back(result);
        if (failed(result)) out.result = result;
    }
    return out;
}

RemRelease::Out release(Exporter& exporter, const Caller& caller, const ReferencesIn& in) {
    RemRelease::Out out;
    for (const auto& interface : in.interfaces) {
        const HResult result = exporter.objects().release(interface.ipid, interface.open,
                                                          interface.secure, caller, exporter.now());
        if (failed(result)) out.result = result;
    }
    return out;
}

RemQueryInterface2::Out query2(Exporter& exporter, const Caller& caller,
                               const RemQueryInterface2::In& in) {
    RemQueryInterface2::Out out;
    out.count.count = in.count;
    out.interfaces.resize(in.count);
    const auto all_failed = [&](HResult result) {
        out.results.assign(in.count, result);
        out.result = result;
        return out;
    };
    if (in.iids.empty() || in.iids.size() > kMostInterfaces) return all_failed(kInvalidArgument);
    const auto found =
        exporter.objects().query(in.ipid, in.iids, kFirstReferences, caller, exporter.now());
    tell_refused(exporter, caller, in.iids, found);
    if (found.result == kInvalidObject) return all_failed(kInvalidObject);
    out.result = found.result;
    for (std::size_t i = 0; i < found.each.size(); ++i) {
        out.results.push_back(found.each[i].result);
        if (found.each[i].result != kOk) continue;
        out.interfaces[i] = interface_pointer(build_object_reference(
            {in.iids[i],
             StandardObject{exporter.reference(found.oid, found.each[i].ipid, kFirstReferences),
                            exporter.resolver_bindings()}}));
    }
    return out;
}

} // namespace

rpc::SyntaxId RemoteUnknownInterface::id() const {
    return {version_ == Version::RemUnknown ? kRemUnknownId : kRemUnknown2Id, 0, 0};
}

void RemoteUnknownInterface::call(rpc::Call call, rpc::Reply reply) {
    if (!call.principal) return reply.fault(rpc::fault::access_denied);
    const Caller caller{*call.principal, call.level, call.peer};
    if (!exporter_.allows(caller, "IRemUnknown")) return reply.fault(rpc::fault::access_denied);
    if (call.object != exporter_.remote_unknown()) return reply.fault(kInvalidObject);
    switch (call.opnum) {
    case RemQueryInterface::opnum:
        return answer_object<RemQueryInterface>(
            call, std::move(reply), [&](const auto& in) { return query(exporter_, caller, in); });
    case RemAddRef::opnum:
        return answer_object<RemAddRef>(call, std::move(reply), [&](const auto& in) {
            return add_references(exporter_, caller, in);
        });
    case RemRelease::opnum:
        return answer_object<RemRelease>(
            call, std::move(reply), [&](const auto& in) { return release(exporter_, caller, in); });
    case RemQueryInterface2::opnum:
        if (version_ == Version::RemUnknown2)
            return answer_object<RemQueryInterface2>(call, std::move(reply), [&](const auto& in) {
                return query2(exporter_, caller, in);
            });
        break;
    default:
        break;
    }
    reply.fault(rpc::fault::operation_range);
}

} // namespace mpapi::dcom
