// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall_object.hpp"

#include "failover/firewall/packet.hpp"
#include "failover/network_object.hpp"

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

namespace mpapi::failover {

namespace {

constexpr char kInterface[] = "org.mpapi.Network1.Firewall";
constexpr unsigned kCallsPerSender = 8;
constexpr std::size_t kLongestAnswer = std::size_t{2} << 20; // of so many packets as one call has

Result<std::vector<firewall::Packet>> read_packets(sd_bus_message* message) {
    const auto wrong = [](const char* why, int errnum) {
        return Error{"read", "packets", why, errnum};
    };
    std::vector<firewall::Packet> packets;
    const char* adapter = nullptr;
    const char* source = nullptr;
    const char* destination = nullptr;
    const char* protocol = nullptr;
    std::uint16_t port = 0;
    int r = sd_bus_message_enter_container(message, 'a', "(ssssq)");
    while (r >= 0 && (r = sd_bus_message_read(message, "(ssssq)", &adapter, &source, &destination,
                                              &protocol, &port)) > 0) {
        if (packets.size() == firewall::kMostPackets) return wrong("there are too many", E2BIG);
        auto packet = firewall::Packet::read(adapter, source, destination, protocol, port);
        if (!packet) return packet.error();
        packets.push_back(*std::move(packet));
    }
    if (r < 0 || sd_bus_message_exit_container(message) < 0)
        return wrong("expected a(ssssq)", EINVAL);
    return packets;
}

void send(sd_bus_message* call, const std::vector<firewall::Judgement>& judgements) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_return(call, &raw);
    const BusMessage reply(raw);
    if (r >= 0) r = sd_bus_message_open_container(raw, 'a', "(bs)");
    for (const firewall::Judgement& each : judgements)
        if (r >= 0)
            r = sd_bus_message_append(raw, "(bs)", each.allowed ? 1 : 0, each.reason.c_str());
    if (r >= 0) r = sd_bus_message_close_container(raw);
    if (r >= 0) sd_bus_send(nullptr, raw, nullptr);
}

void send(sd_bus_message* call, const firewall::Zones& zones) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_return(call, &raw);
    const BusMessage reply(raw);
    if (r >= 0) r = sd_bus_message_append(raw, "s", zones.usual.c_str());
    if (r >= 0) r = sd_bus_message_open_container(raw, 'a', "{ss}");
    for (const auto& [adapter, zone] : zones.others)
        if (r >= 0) r = sd_bus_message_append(raw, "{ss}", adapter.c_str(), zone.c_str());
    if (r >= 0) r = sd_bus_message_close_container(raw);
    if (r >= 0) sd_bus_send(nullptr, raw, nullptr);
}

void refuse_for(sd_bus_message* call, const Error& error) {
    const char* const name = error.errnum == EINVAL  ? MPAPI_NETWORK_ERROR("InvalidParameter")
                             : error.errnum == E2BIG ? MPAPI_NETWORK_ERROR("LimitsExceeded")
                                                     : MPAPI_NETWORK_ERROR("Failed");
    refuse(call, name, error.message() + ".");
}

} // namespace

const sd_bus_vtable FirewallObject::kVtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD_WITH_ARGS("Judge", SD_BUS_ARGS("a(ssssq)", packets),
                            SD_BUS_RESULT("a(bs)", judgements), FirewallObject::judge,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Zones", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", default, "a{ss}", zones),
                            FirewallObject::zones, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

FirewallObject::FirewallObject(sd_event* loop, sd_bus* bus, bus::Gatekeeper& gatekeeper,
                               const std::string& socket)
  : gatekeeper_(gatekeeper)
  , senders_(bus, kCallsPerSender)
  , judges_(loop, socket, {.answer = kLongestAnswer, .patience = std::chrono::seconds(10)})
  , firewalld_(bus) {}

Result<std::unique_ptr<FirewallObject>> FirewallObject::publish(sd_event* loop, sd_bus* bus,
                                                                bus::Gatekeeper& gatekeeper,
                                                                const std::string& socket) {
    std::unique_ptr<FirewallObject> object(new FirewallObject(loop, bus, gatekeeper, socket));
    sd_bus_slot* slot = nullptr;
    const int r =
        sd_bus_add_object_vtable(bus, &slot, kNetworkPath, kInterface, kVtable, object.get());
    if (r < 0) return Error{"publish", kInterface, "", -r};
    object->slot_.reset(slot);
    return object;
}

int FirewallObject::judge(sd_bus_message* message, void* userdata, sd_bus_error*) {
    FirewallObject& self = *static_cast<FirewallObject*>(userdata);
    const auto packets = read_packets(message);
    if (!packets) {
        refuse_for(message, packets.error());
        return 1;
    }
    const auto call = admit(self.senders_, message);
    if (!call) return 1;
    self.gatekeeper_.ask(message, call->admitted, kFirewallAction,
                         [&self, call, question = firewall::question(*packets),
                          size = packets->size()](const bus::Gatekeeper::Verdict& verdict) {
                             if (!verdict.allowed()) return refuse(call->get(), verdict);
                             self.judges_.ask(
                                 question, [call, size](const Result<std::string>& answer) {
                                     if (!answer) return refuse_for(call->get(), answer.error());
                                     const auto judgements = firewall::read_answer(*answer, size);
                                     if (!judgements)
                                         return refuse_for(call->get(), judgements.error());
                                     send(call->get(), *judgements);
                                 });
                         });
    return 1;
}

int FirewallObject::zones(sd_bus_message* message, void* userdata, sd_bus_error*) {
    FirewallObject& self = *static_cast<FirewallObject*>(userdata);
    const auto call = admit(self.senders_, message);
    if (!call) return 1;
    self.gatekeeper_.ask(message, call->admitted, kFirewallAction,
                         [&self, call](const bus::Gatekeeper::Verdict& verdict) {
                             if (!verdict.allowed()) return refuse(call->get(), verdict);
                             self.firewalld_.ask([call](const Result<firewall::Zones>& zones) {
                                 if (!zones) return refuse_for(call->get(), zones.error());
                                 send(call->get(), *zones);
                             });
                         });
    return 1;
}

} // namespace mpapi::failover
