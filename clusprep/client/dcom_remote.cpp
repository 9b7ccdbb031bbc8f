// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/dcom_remote.hpp"

#include "clusprep/dcom/activation_messages.hpp"
#include "clusprep/dcom/activation_properties.hpp"
#include "clusprep/dcom/remote_unknown_messages.hpp"

#include <strings.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace mpapi::client {
namespace {

constexpr rpc::SyntaxId activator = {dcom::kScmActivatorId, 0, 0};
constexpr rpc::SyntaxId remote_unknown = {dcom::kRemUnknownId, 0, 0};

Failure garbled(Error error) {
    return {Failure::Kind::Garbled, "", "", 0, std::move(error)};
}

// Who does not answer has not refused anybody.
Failure not_bound(Error error) {
    const bool gone =
        error.errnum == ETIMEDOUT || error.errnum == ECONNRESET || error.errnum == EPIPE;
    return {gone ? Failure::Kind::Unreachable : Failure::Kind::Denied, "", "", 0, std::move(error)};
}

} // namespace

std::uint16_t exporter_port(const dcom::DualStringArray& bindings, const std::string& host) {
    std::uint16_t port = 0;
    for (const dcom::StringBinding& binding : bindings.strings) {
        if (binding.tower != dcom::kTcpTower) continue;
        const auto endpoint = dcom::endpoint_of(binding.address);
        if (!endpoint || endpoint->port == 0) continue;
        if (::strcasecmp(endpoint->host.c_str(), host.c_str()) == 0) return endpoint->port;
        if (port == 0) port = endpoint->port;
    }
    return port;
}

class DcomRemote::Object final : public RemoteObject {
  public:
    Object(DcomRemote& remote, Connection connection, const ndr::Guid& iid,
           const dcom::StandardReference& reference, const ndr::Guid& unknown)
      : remote_(remote)
      , connection_(std::move(connection))
      , iid_(iid)
      , reference_(reference)
      , unknown_(unknown) {
        remote_.pinger_.add(reference_.oid);
    }

    // Should it fail, the node lets go what is not pinged any more.
    ~Object() override {
        remote_.pinger_.remove(reference_.oid);
        if (!connection_->connected()) return;
        if (auto bound = connection_->alter_context_and_wait(remote_unknown); !bound) return;
        dcom::RemRelease::In in;
        in.count = 1;
        in.interfaces = {{reference_.ipid, reference_.public_references, 0}};
        if (const auto stub = ndr::write(in))
            (void)remote_.call(*connection_, dcom::kRemUnknownId, unknown_, dcom::RemRelease::opnum,
                               *stub);
    }

    Outcome<std::vector<std::uint8_t>> call(std::uint16_t opnum,
                                            std::vector<std::uint8_t> stub) override {
        return remote_.call(*connection_, iid_, reference_.ipid, opnum, stub);
    }

  private:
    DcomRemote& remote_;
    Connection connection_;
    ndr::Guid iid_;
    dcom::StandardReference reference_;
    ndr::Guid unknown_; // the IPID of the exporter's IRemUnknown
};

DcomRemote::DcomRemote(sd_event* loop, rpc::Initiators& initiators, DcomSettings settings)
  : loop_(loop)
  , initiators_(initiators)
  , settings_(std::move(settings))
  , pinger_(loop, settings_.host, settings_.port, settings_.ping_period) {
    std::array<std::uint8_t, 16> random{};
    // Only told apart by it, nothing is protected by it.
    if (::getrandom(random.data(), random.size(), 0) > 0) causality_ = ndr::guid_from_bytes(random);
}

Outcome<DcomRemote::Connection> DcomRemote::connect(std::uint16_t port,
                                                    const rpc::SyntaxId& first) {
    rpc::ClientOptions options;
    options.call = settings_.call;
    options.connect = std::min(options.connect, settings_.call);
    options.bind = std::min(options.bind, settings_.call);
    auto connection = std::make_shared<rpc::Client>(loop_, options);
    if (auto connected = connection->connect_and_wait(settings_.host, port); !connected)
        return Failure{Failure::Kind::Unreachable, "", "", 0, std::move(connected).error()};
    auto context = initiators_.initiate(settings_.auth, settings_.host);
    if (!context) return Failure{Failure::Kind::Denied, "", "", 0, std::move(context).error()};
    if (auto bound = connection->bind_and_wait(first, settings_.auth, rpc::AuthLevel::Privacy,
                                               std::move(*context));
        !bound)
        return not_bound(std::move(bound).error());
    return connection;
}

Outcome<DcomRemote::Connection> DcomRemote::exporter(std::uint16_t port,
                                                     const rpc::SyntaxId& interface) {
    if (auto known = exporters_[port].lock(); known && known->connected()) {
        if (auto bound = known->alter_context_and_wait(interface); !bound)
            return Failure{Failure::Kind::Unreachable, "", "", 0, std::move(bound).error()};
        return known;
    }
    auto made = connect(port, interface);
    if (made) exporters_[port] = *made;
    return made;
}

Outcome<std::vector<std::uint8_t>>
DcomRemote::call(rpc::Client& connection, const ndr::Guid& iid,
                 const std::optional<ndr::Guid>& ipid, std::uint16_t opnum,
                 const std::vector<std::uint8_t>& parameters) const {
    std::vector<std::uint8_t> stub = dcom::begin_request(causality_);
    stub.insert(stub.end(), parameters.begin(), parameters.end());
    auto answer = connection.call_and_wait({iid, 0, 0}, ipid, opnum, std::move(stub));
    if (!answer.stub) {
        if (answer.fault != 0) return Failure{Failure::Kind::Fault, "", "", answer.fault, {}};
        return Failure{Failure::Kind::Unreachable, "", "", 0, std::move(answer.stub).error()};
    }
    const auto out = dcom::split_answer(*answer.stub);
    if (!out) return garbled(out.error());
    return std::vector<std::uint8_t>(out->begin(), out->end());
}

Outcome<std::unique_ptr<RemoteObject>> DcomRemote::activate(const ndr::Guid& clsid,
                                                            const ndr::Guid& iid) {
    auto connection = connect(settings_.port, activator);
    if (!connection) return connection.failure();
    auto properties =
        dcom::build_activation_request({clsid, dcom::ComVersion{}, {iid}, {dcom::kTcpTower}});
    if (!properties) return garbled(properties.error());
    dcom::RemoteCreateInstance::In in;
    in.properties = dcom::interface_pointer(std::move(*properties));
    const auto stub = ndr::write(in);
    if (!stub) return garbled(stub.error());
    const auto answer = call(**connection, dcom::kScmActivatorId, std::nullopt,
                             dcom::RemoteCreateInstance::opnum, *stub);
    if (!answer) {
        // The last leg of NTLM has no answer: that we are not let in shows here
        // (MS-RPCE 3.3.1.5.2).
        Failure failure = answer.failure();
        if (failure.kind == Failure::Kind::Fault && failure.code == rpc::fault::access_denied)
            failure = {Failure::Kind::Denied, "", "", 0, {"authenticate", "", "access denied"}};
        return failure;
    }
    const auto out = ndr::read<dcom::RemoteCreateInstance::Out>(*answer);
    if (!out) return garbled(out.error());
    if (dcom::failed(out->result)) return Failure{Failure::Kind::Refused, "", "", out->result, {}};
    if (!out->properties) return garbled({"activate", "", "no properties in the answer"});
    const auto reply = dcom::parse_activation_reply(out->properties->data);
    if (!reply) return garbled(reply.error());
    for (const auto& found : reply->interfaces) {
        if (found.iid != iid) continue;
        if (!found.object) return Failure{Failure::Kind::Refused, "", "", found.result, {}};
        const std::uint16_t port = exporter_port(reply->bindings, settings_.host);
        if (port == 0) return garbled({"activate", "", "the exporter is not on TCP"});
        auto at = exporter(port, {iid, 0, 0});
        if (!at) return at.failure();
        return std::unique_ptr<RemoteObject>(std::make_unique<Object>(
            *this, *at, iid, found.object->reference, reply->remote_unknown));
    }
    return garbled({"activate", "", "the interface asked for is not in the answer"});
}

} // namespace mpapi::client
