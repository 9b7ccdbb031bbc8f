// SPDX-License-Identifier: LGPL-2.1-or-later
//
// hammer HOST USER OBJECTS CALLS ADDRESS: activates so many objects, one after the other, sealed
// with NTLM (the password comes on standard input), calls each so many times, and gives it back. Of
// ten one is of IClusterStorage2, whose calls go to mpapid and its disk 0, one of IClusterNetwork2,
// whose echoes go to ipfailoverd from ADDRESS to itself; the others tell the host label.
#include "clusprep/dcom/remote_object.hpp"
#include "clusprep/interfaces/cluster_network2.hpp"
#include "clusprep/interfaces/cluster_setup.hpp"
#include "clusprep/interfaces/cluster_storage2.hpp"
#include "clusprep/rpc/auth/initiators.hpp"
#include "clusprep/rpc/ndr/ndr.hpp"
#include "common/system/handle.hpp"

#include <systemd/sd-event.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>

namespace {

using namespace mpapi;

[[noreturn]] void end(const std::string& what, const Error& error) {
    std::fprintf(stderr, "hammer: %s: %s\n", what.c_str(), error.message().c_str());
    std::exit(EXIT_FAILURE);
}

class Hammer {
  public:
    Hammer(sd_event* loop, dcom::RemoteSettings settings)
      : loop_(loop)
      , settings_(std::move(settings)) {}

    void disk(unsigned calls) {
        with<csvp::ClusterStorage2>([calls](dcom::RemoteObject& object) {
            const csvp::DiskOnly zero{csvp::DiskId::of_number(0)};
            call<csvp::CprepPrepareNode>(object, {});
            call<csvp::CprepPrepareNodePhase2>(object, {1});
            call<csvp::CprepDiskAttach>(object, zero);
            for (unsigned i = 3; i < calls;) {
                call<csvp::CprepDiskGetProps>(object, zero), ++i;
                call<csvp::CprepDiskIsReadable>(object, zero), ++i;
                call<csvp::CprepDiskIsPRPresent>(object, zero), ++i;
                call<csvp::CprepDiskRawRead>(object, {zero.disk, 0, 512}), ++i;
                call<csvp::CprepDiskGetUniqueIds>(object, {zero.disk, 4096}), ++i;
                // Its prepare state does not allow this again, which is an answer too.
                call<csvp::CprepPrepareNode>(object, {}, 0x80070548), ++i;
            }
        });
    }
    void network(unsigned calls, const std::u16string& address) {
        with<csvp::ClusterNetwork2>([calls, &address](dcom::RemoteObject& object) {
            call<csvp::InitializeNode>(object, {});
            const csvp::SendRTMessage::In echo{
                ndr::Bstr(address), ndr::Bstr(address), 3343, 2, 64, 500};
            for (unsigned i = 1; i < calls; ++i)
                call<csvp::SendRTMessage>(object, echo);
        });
    }
    void label(unsigned calls) {
        with<csvp::ClusterSetup>([calls](dcom::RemoteObject& object) {
            for (unsigned i = 0; i < calls; ++i)
                call<csvp::RetrieveHostLabel>(object, {});
        });
    }

  private:
    template <typename Interface, typename Act>
    void with(const Act& act) {
        auto made = dcom::RemoteObject::activate_and_wait(loop_, settings_, Interface::clsid,
                                                          {Interface::iid});
        if (!made.object) end("activate", made.object.error());
        iid = Interface::iid;
        act(**made.object);
        if (auto released = (*made.object)->release_and_wait(); !released)
            end("release", released.error());
    }

    template <typename Method>
    static void call(dcom::RemoteObject& object, const typename Method::In& in,
                     std::uint32_t wanted = 0) {
        auto stub = ndr::write(in);
        if (!stub) end(Method::name, stub.error());
        const auto answer = object.call_and_wait(iid, Method::opnum, *std::move(stub));
        if (!answer.parameters) end(Method::name, answer.parameters.error());
        const auto& out = *answer.parameters;
        std::uint32_t result = 1;
        if (out.size() >= 4) result = ndr::read<Hresult>({out.data() + out.size() - 4, 4})->value;
        if (result != wanted)
            end(Method::name,
                {"expect", std::to_string(wanted), "answered " + std::to_string(result)});
    }

    struct Hresult {
        std::uint32_t value = 0;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("Result", self.value);
        }
    };

    static inline ndr::Guid iid; // of the object that is called

    sd_event* loop_;
    dcom::RemoteSettings settings_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 6) return EXIT_FAILURE;
    std::string password;
    std::getline(std::cin, password);
    sd_event* raw = nullptr;
    if (sd_event_default(&raw) < 0) return EXIT_FAILURE;
    const EventLoop loop(raw);
    rpc::InitiatorSettings who;
    auto credentials = rpc::NtlmCredentials::of(argv[2], password);
    if (!credentials) end("credentials", credentials.error());
    who.ntlm = *credentials;
    who.kerberos = false;
    const auto initiators = rpc::make_initiators(who);
    dcom::RemoteSettings settings;
    settings.host = argv[1];
    settings.type = rpc::AuthType::Ntlm;
    settings.initiators = initiators.get();
    Hammer hammer(loop.get(), settings);
    const auto objects = std::strtoul(argv[3], nullptr, 10);
    const auto calls = static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10));
    const std::string_view address = argv[5];
    for (unsigned long i = 0; i < objects; ++i)
        if (i % 10 == 0)
            hammer.disk(calls);
        else if (i % 10 == 1)
            hammer.network(calls, std::u16string(address.begin(), address.end()));
        else
            hammer.label(calls);
    std::puts("done");
}
