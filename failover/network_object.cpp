// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/network_object.hpp"

#include <cerrno>
#include <string_view>

namespace mpapi::failover {

namespace {

const char* name_for(int errnum) {
    switch (errnum) {
    case EINVAL:
    case EMSGSIZE:
    case EACCES: // a broadcast address of one of our networks
        return MPAPI_NETWORK_ERROR("InvalidParameter");
    case EADDRNOTAVAIL:
        return MPAPI_NETWORK_ERROR("AddressNotAvailable");
    case ETIMEDOUT:
        return MPAPI_NETWORK_ERROR("TimedOut");
    case ENETUNREACH:
    case ENETDOWN:
        return MPAPI_NETWORK_ERROR("NetworkUnreachable");
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ECONNREFUSED:
    case EPROTO:
        return MPAPI_NETWORK_ERROR("HostUnreachable");
    case EAGAIN:
        return MPAPI_NETWORK_ERROR("LimitsExceeded");
    default:
        return MPAPI_NETWORK_ERROR("Failed");
    }
}

} // namespace

const sd_bus_vtable NetworkObject::kVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS(
        "Echo", SD_BUS_ARGS("s", source, "s", destination, "s", family, "u", size, "u", timeout_ms),
        SD_BUS_RESULT("u", elapsed_ms), NetworkObject::echo, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

NetworkObject::NetworkObject(sd_bus* bus, bus::Gatekeeper& gatekeeper, Echoes& echoes,
                             const Limits& limits)
  : gatekeeper_(gatekeeper)
  , echoes_(echoes)
  , limits_(limits)
  , senders_(bus, limits.calls_per_sender) {}

Result<std::unique_ptr<NetworkObject>> NetworkObject::publish(sd_bus* bus,
                                                              bus::Gatekeeper& gatekeeper,
                                                              Echoes& echoes,
                                                              const Limits& limits) {
    std::unique_ptr<NetworkObject> object(new NetworkObject(bus, gatekeeper, echoes, limits));
    sd_bus_slot* slot = nullptr;
    const int r =
        sd_bus_add_object_vtable(bus, &slot, kNetworkPath, kNetworkName, kVtable, object.get());
    if (r < 0) return Error{"publish", kNetworkPath, "", -r};
    object->slot_.reset(slot);
    return object;
}

Result<Echoes::Request> NetworkObject::read(sd_bus_message* call) const {
    const char* source = nullptr;
    const char* destination = nullptr;
    const char* family_text = nullptr;
    std::uint32_t size = 0;
    std::uint32_t timeout = 0;
    const int r =
        sd_bus_message_read(call, "sssuu", &source, &destination, &family_text, &size, &timeout);
    if (r < 0) return Error{"read", "call", "", -r};
    const std::string_view family = family_text;
    const auto wrong = [](const char* what, const std::string& why) {
        return Error{"use", what, why, EINVAL};
    };
    if (family != "ipv4" && family != "ipv6")
        return wrong("family", "expected \"ipv4\" or \"ipv6\"");
    const auto from = Address::parse(source);
    if (!from) return from.error();
    const auto to = Address::parse(destination);
    if (!to) return to.error();
    const int expected = family == "ipv4" ? AF_INET : AF_INET6;
    if (from->family() != expected || to->family() != expected)
        return wrong("addresses", "expected both to be of the family " + std::string(family));
    if (size > limits_.size)
        return wrong("size", "expected " + std::to_string(limits_.size) + " bytes at most");
    if (timeout == 0 || std::chrono::milliseconds(timeout) > limits_.timeout)
        return wrong("timeout",
                     "expected 1 ms to " + std::to_string(limits_.timeout.count()) + " ms");
    return Echoes::Request{*from, *to, size, std::chrono::milliseconds(timeout)};
}

int NetworkObject::echo(sd_bus_message* message, void* userdata, sd_bus_error*) {
    NetworkObject& self = *static_cast<NetworkObject*>(userdata);
    const auto request = self.read(message);
    if (!request) {
        refuse(message, name_for(request.error().errnum), request.error().message() + ".");
        return 1;
    }
    const auto call = admit(self.senders_, message);
    if (!call) return 1;
    self.gatekeeper_.ask(
        message, call->admitted, kEchoAction,
        [&self, call, request = *request](const bus::Gatekeeper::Verdict& verdict) {
            if (!verdict.allowed()) return refuse(call->get(), verdict);
            self.echoes_.start(request, [call](const Result<std::chrono::microseconds>& took) {
                if (!took)
                    return refuse(call->get(), name_for(took.error().errnum),
                                  took.error().message() + ".");
                const auto elapsed =
                    std::chrono::duration_cast<std::chrono::milliseconds>(*took).count();
                sd_bus_reply_method_return(call->get(), "u", static_cast<std::uint32_t>(elapsed));
            });
        });
    return 1;
}

} // namespace mpapi::failover
