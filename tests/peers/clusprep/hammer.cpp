// SPDX-License-Identifier: LGPL-2.1-or-later
//
// hammer HOST USER OBJECTS CALLS: activates so many objects, one after the other, sealed with NTLM
// (the password comes on standard input), calls each so many times, and gives it back. Every tenth
// is of IClusterStorage2 and asks the bus for the disks, the others tell the host label.
#include "clusprep/dcom/remote_object.hpp"
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

    void one_object(bool storage, unsigned calls) {
        const auto& clsid = storage ? csvp::ClusterStorage2::clsid : csvp::ClusterSetup::clsid;
        const auto& iid = storage ? csvp::ClusterStorage2::iid : csvp::ClusterSetup::iid;
        auto made = dcom::RemoteObject::activate_and_wait(loop_, settings_, clsid, {iid});
        if (!made.object) end("activate", made.object.error());
        dcom::RemoteObject& object = **made.object;
        if (storage) {
            call(object, iid, csvp::CprepPrepareNode::opnum, {});
            call(object, iid, csvp::CprepPrepareNodePhase2::opnum, {1, 0, 0, 0});
        }
        for (unsigned i = storage ? 2 : 0; i < calls; ++i) {
            if (!storage)
                call(object, iid, csvp::RetrieveHostLabel::opnum, {});
            else // its prepare state does not allow this again, which is an answer too
                call(object, iid, csvp::CprepPrepareNode::opnum, {}, 0x80070548);
        }
        if (auto released = object.release_and_wait(); !released) end("release", released.error());
    }

  private:
    static void call(dcom::RemoteObject& object, const ndr::Guid& iid, std::uint16_t opnum,
                     std::vector<std::uint8_t> parameters, std::uint32_t wanted = 0) {
        const auto answer = object.call_and_wait(iid, opnum, std::move(parameters));
        if (!answer.parameters) end("call " + std::to_string(opnum), answer.parameters.error());
        const auto& stub = *answer.parameters;
        std::uint32_t result = 1;
        if (stub.size() >= 4)
            result = ndr::read<Hresult>({stub.data() + stub.size() - 4, 4})->value;
        if (result != wanted)
            end("call " + std::to_string(opnum),
                {"expect", std::to_string(wanted), "answered " + std::to_string(result)});
    }

    struct Hresult {
        std::uint32_t value = 0;
        template <typename Visitor, typename Self>
        static void ndr(Visitor& v, Self& self) {
            v("Result", self.value);
        }
    };

    sd_event* loop_;
    dcom::RemoteSettings settings_;
};

} // namespace

int main(int argc, char** argv) {
    if (argc != 5) return EXIT_FAILURE;
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
    for (unsigned long i = 0; i < objects; ++i)
        hammer.one_object(i % 10 == 0, calls);
    std::puts("done");
}
