// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/exporter.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace mpapi::dcom {

namespace {

constexpr HResult kProtocolNotSupported = 0x800706a7; // RPC_S_PROTSEQ_NOT_SUPPORTED as HRESULT

std::vector<SecurityBinding> security_bindings() {
    std::vector<SecurityBinding> bindings;
    for (const auto type : {rpc::AuthType::Spnego, rpc::AuthType::Ntlm, rpc::AuthType::Kerberos})
        bindings.push_back({static_cast<std::uint16_t>(type), {}});
    return bindings;
}

} // namespace

bool speaks_tcp(std::span<const std::uint16_t> protocols) {
    return protocols.empty() ||
           std::find(protocols.begin(), protocols.end(), kTcpTower) != protocols.end();
}

Exporter::Exporter(const ExporterSettings& settings, Random random, Clock clock, Later later,
                   Allowed allowed, Observer& observer)
  : random_(std::move(random))
  , clock_(std::move(clock))
  , allowed_(std::move(allowed))
  , observer_(observer)
  , resolver_port_(settings.resolver_port)
  , pings_(settings.pings, random_)
  , objects_(settings.objects, random_, std::move(later),
             {[this](const KnownObject& object, Ending why) {
                  pings_.forget(object.oid);
                  observer_.ended(object, why);
              },
              [this](const Caller& caller, const KnownObject& object) {
                  observer_.object_refused(caller, object);
              }}) {
    std::array<std::uint8_t, sizeof oxid_> number{};
    random_(number);
    std::memcpy(&oxid_, number.data(), sizeof oxid_);
    std::array<std::uint8_t, 16> ipid{};
    random_(ipid);
    remote_unknown_ = ndr::guid_from_bytes(ipid);
}

void Exporter::add_class(const ndr::Guid& clsid, ObjectFactory& factory) {
    classes_[clsid] = &factory;
}

std::map<ndr::Guid, std::string> Exporter::interfaces() const {
    std::map<ndr::Guid, std::string> all;
    for (const auto& [clsid, factory] : classes_)
        for (const auto& iid : factory->interfaces())
            all.emplace(iid, factory->name());
    return all;
}

void Exporter::set_addresses(const std::vector<std::string>& hosts, std::uint16_t exporter_port) {
    DualStringArray exporter{{}, security_bindings()};
    DualStringArray resolver{{}, security_bindings()};
    for (const auto& host : hosts) {
        const auto with = [&](std::uint16_t port) {
            return host + '[' + std::to_string(port) + ']';
        };
        exporter.strings.push_back({kTcpTower, with(exporter_port)});
        resolver.strings.push_back(
            {kTcpTower, resolver_port_ == 135 ? host : with(resolver_port_)});
    }
    exporter_bindings_ = std::move(exporter);
    resolver_bindings_ = std::move(resolver);
}

Exporter::Made Exporter::activate(const ndr::Guid& clsid, std::span<const ndr::Guid> iids,
                                  std::span<const std::uint16_t> protocols, const Caller& caller) {
    Made made;
    const auto found = classes_.find(clsid);
    if (found == classes_.end()) {
        made.result = refuse(caller, clsid, kClassNotRegistered);
        return made;
    }
    if (!speaks_tcp(protocols)) {
        made.result = refuse(caller, clsid, kProtocolNotSupported);
        return made;
    }
    auto object = objects_.activate(clsid, *found->second, caller, iids, kFirstReferences, now());
    made.result = object.result;
    for (std::size_t i = 0; i < object.each.size(); ++i) {
        if (object.each[i].result != kOk) observer_.interface_refused(caller, iids[i]);
    }
    if (failed(object.result)) {
        refuse(caller, clsid, object.result, object.error ? object.error->message() : "");
        return made;
    }
    for (std::size_t i = 0; i < object.each.size(); ++i) {
        ActivationReply::Interface interface { iids[i], object.each[i].result, std::nullopt };
        if (interface.result == kOk)
            interface.object = StandardObject{
                reference(object.oid, object.each[i].ipid, kFirstReferences), resolver_bindings_};
        made.interfaces.push_back(std::move(interface));
    }
    observer_.activated(caller, clsid, object.oid);
    return made;
}

HResult Exporter::refuse(const Caller& caller, const ndr::Guid& clsid, HResult result,
                         const std::string& reason) {
    observer_.activation_refused(caller, clsid, result, reason);
    return result;
}

StandardReference Exporter::reference(Oid oid, const ndr::Guid& ipid,
                                      std::uint32_t references) const {
    return {0, references, oxid_, oid, ipid};
}

bool Exporter::allows(const Caller& caller, const char* what) {
    if (allowed_(caller.principal)) return true;
    observer_.caller_refused(caller, what);
    return false;
}

void Exporter::expire() {
    pings_.expire(now());
    objects_.expire(now());
}

} // namespace mpapi::dcom
