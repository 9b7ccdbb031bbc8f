// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A caller who was let in sends any stub to any method of the server's own interfaces: each is
// answered once and at once, and no object is left that nobody activated. The input's first byte
// says which interface, the second which method, the third which object.
#include "clusprep/dcom/activation_interfaces.hpp"
#include "clusprep/dcom/endpoint_map_interface.hpp"
#include "clusprep/dcom/object_exporter_interface.hpp"
#include "clusprep/dcom/object_interface.hpp"
#include "clusprep/dcom/remote_unknown_interface.hpp"

#include <cstdlib>
#include <memory>
#include <vector>

using namespace mpapi;
using namespace mpapi::dcom;
using namespace mpapi::ndr::literals;

namespace {

constexpr auto storage_class = "c72b09db-4d53-4f41-8dcc-2d752ab56f7c"_guid;

class Factory final : public ObjectFactory {
  public:
    struct Echo final : Object {
        void call(const ndr::Guid&, std::uint16_t, std::span<const std::uint8_t> stub,
                  const Caller&, dcom::Reply reply) override {
            reply.stub({stub.begin(), stub.end()});
        }
        void rundown(std::function<void()> done) override { done(); }
    };
    std::string name() const override { return "IClusterStorage2"; }
    std::span<const ndr::Guid> interfaces() const override { return iids_; }
    Result<std::unique_ptr<Object>> create(const Caller&) override {
        return std::unique_ptr<Object>(std::make_unique<Echo>());
    }

  private:
    std::vector<ndr::Guid> iids_{"12108a88-6858-4467-b92f-e6cf4568dfb6"_guid};
};

class Silent final : public Observer {
  public:
    void activated(const Caller&, const ndr::Guid&, Oid) override {}
    void activation_refused(const Caller&, const ndr::Guid&, HResult, const std::string&) override {
    }
    void interface_refused(const Caller&, const ndr::Guid&) override {}
    void caller_refused(const Caller&, const std::string&) override {}
    void object_refused(const Caller&, const KnownObject&) override {}
    void ended(const KnownObject&, Ending) override {}
};

Random counting() {
    return [next = std::make_shared<std::uint64_t>(1)](std::span<std::uint8_t> bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(*next >> (8 * (i % 8)));
        ++*next;
    };
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    Factory factory;
    Silent observer;
    std::vector<std::function<void()>> tasks;
    Exporter exporter(
        {}, counting(), [] { return Time{}; },
        [&](std::function<void()> task) { tasks.push_back(std::move(task)); },
        [](const rpc::Principal&) { return true; }, observer);
    exporter.add_class(storage_class, factory);
    exporter.set_addresses({"192.0.2.1", "node1"}, 49152);

    const auto somebody =
        std::make_shared<const rpc::Principal>(rpc::Principal{"DOMAIN\\somebody", {}, {}});
    const rpc::PeerAddress address = "192.0.2.77";
    const auto made = exporter.activate(storage_class, factory.interfaces(), {},
                                        {*somebody, rpc::AuthLevel::Privacy, address});
    const ndr::Guid ipid = made.interfaces.at(0).object->reference.ipid;

    EndpointMapInterface map(counting());
    map.set({{{kUnknownIid, 0, 0}, 49152}}, {"192.0.2.1"});
    ObjectExporterInterface resolver(exporter);
    ScmActivatorInterface scm(exporter);
    ActivationInterface activation(exporter);
    RemoteUnknownInterface unknown(exporter, RemoteUnknownInterface::Version::RemUnknown);
    RemoteUnknownInterface unknown2(exporter, RemoteUnknownInterface::Version::RemUnknown2);
    ObjectInterface object(exporter, factory.interfaces()[0], factory.name());
    rpc::Interface* const interfaces[] = {&map,     &resolver, &scm,   &activation,
                                          &unknown, &unknown2, &object};

    rpc::Call call;
    call.opnum = data[1] % 16;
    const ndr::Guid objects[] = {ipid, exporter.remote_unknown(), {}};
    call.object = objects[data[2] % 3];
    call.stub.assign(data + 3, data + size);
    call.level = rpc::AuthLevel::Privacy;
    call.principal = somebody;
    call.peer = address;
    int answers = 0;
    interfaces[data[0] % std::size(interfaces)]->call(
        std::move(call), rpc::Reply([&](rpc::Reply::Answer) { ++answers; }));
    if (answers != 1) std::abort();
    if (exporter.objects().size() > 2) std::abort();
    for (const auto& task : tasks)
        task();
    return 0;
}
