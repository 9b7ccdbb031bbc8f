// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/network.hpp"

#include "clusprep/node/network/netlink.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace mpapi::node {

namespace {

using csvp::Hresult;

constexpr std::chrono::milliseconds kLongestEcho{1000}; // MS-CSVP 3.4.4.2
constexpr std::uint32_t kEchoSize = 32;                 // bytes; MessageSize is unused there
// ipfailoverd may have to be started; what it measures is the echo alone.
constexpr std::uint64_t kEchoPatience = 10'000'000; // µs

Hresult result_of(std::string_view error) {
    struct Known {
        std::string_view name;
        Hresult code;
    };
    constexpr std::array known{
        Known{"org.mpapi.Network1.Error.TimedOut", Hresult::Timeout},
        Known{"org.mpapi.Network1.Error.HostUnreachable", Hresult::HostUnreachable},
        Known{"org.mpapi.Network1.Error.NetworkUnreachable", Hresult::NetworkUnreachable},
        Known{"org.mpapi.Network1.Error.AddressNotAvailable", Hresult::InvalidParameter},
        Known{"org.mpapi.Network1.Error.InvalidParameter", Hresult::InvalidParameter},
        Known{"org.mpapi.Network1.Error.LimitsExceeded", Hresult::Busy},
        Known{SD_BUS_ERROR_ACCESS_DENIED, Hresult::AccessDenied},
        Known{SD_BUS_ERROR_NO_REPLY, Hresult::Timeout},
    };
    for (const Known& each : known)
        if (each.name == error) return each.code;
    return Hresult::Failed;
}

} // namespace

std::string text(const csvp::IpAddress& address) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const bool v4 = address.family == csvp::AddressFamily::V4;
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data(), buffer.data(), buffer.size());
    std::string made(buffer.data());
    if (!v4 && address.scope != 0) made += "%" + std::to_string(address.scope);
    return made;
}

struct HostNetwork::Echo {
    HostNetwork& owner;
    csvp::Completion<std::chrono::milliseconds> done;
    BusSlot slot;
};

HostNetwork::HostNetwork(Means means)
  : means_(std::move(means))
  , firewalld_(means_.bus)
  , rule_set_(means_.loop, means_.rule_set_socket,
              {firewall::RuleSet::kMostBytes, std::chrono::seconds(10), 4}) {}

HostNetwork::~HostNetwork() = default;

csvp::Outcome<std::vector<csvp::Adapter>> HostNetwork::read() const {
    const auto facts = read_network();
    if (!facts) return csvp::Failure{Hresult::Failed, facts.error()};
    auto found = node::adapters(*facts, means_.id);
    if (!found) return csvp::Failure{Hresult::Failed, found.error()};
    return *std::move(found);
}

void HostNetwork::adapters(csvp::Completion<std::vector<csvp::Adapter>> done) {
    done(read());
}

void HostNetwork::echo(const csvp::IpAddress& source, const csvp::IpAddress& destination,
                       std::chrono::milliseconds timeout,
                       csvp::Completion<std::chrono::milliseconds> done) {
    room_.enter([this, source, destination, timeout,
                 done = std::move(done)](const Turnstile::Leave& leave) {
        send(source, destination, timeout,
             [leave, done](csvp::Outcome<std::chrono::milliseconds> took) {
                 leave();
                 done(std::move(took));
             });
    });
}

void HostNetwork::send(const csvp::IpAddress& source, const csvp::IpAddress& destination,
                       std::chrono::milliseconds timeout,
                       csvp::Completion<std::chrono::milliseconds> done) {
    Echo& echo = echoes_.emplace_back(Echo{*this, std::move(done), {}});
    const bool v4 = source.family == csvp::AddressFamily::V4;
    const auto within = std::clamp(timeout, std::chrono::milliseconds(1), kLongestEcho);
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_call(means_.bus, &raw, "org.mpapi.Network1",
                                           "/org/mpapi/Network1", "org.mpapi.Network1", "Echo");
    const BusMessage message(raw);
    if (r >= 0)
        r = sd_bus_message_append(raw, "sssuu", text(source).c_str(), text(destination).c_str(),
                                  v4 ? "ipv4" : "ipv6", kEchoSize,
                                  static_cast<std::uint32_t>(within.count()));
    sd_bus_slot* slot = nullptr;
    if (r >= 0) r = sd_bus_call_async(means_.bus, &slot, raw, echoed, &echo, kEchoPatience);
    if (r >= 0) {
        echo.slot.reset(slot);
        return;
    }
    const auto told = std::move(echo.done);
    echoes_.pop_back();
    told(csvp::Failure{Hresult::Failed, {"ask", "ipfailoverd", "", -r}});
}

int HostNetwork::echoed(sd_bus_message* reply, void* userdata, sd_bus_error*) {
    Echo& echo = *static_cast<Echo*>(userdata);
    const auto done = std::move(echo.done);
    echo.owner.echoes_.remove_if([&](const Echo& each) { return &each == &echo; });
    std::uint32_t elapsed = 0;
    if (sd_bus_message_is_method_error(reply, nullptr)) {
        const sd_bus_error* said = sd_bus_message_get_error(reply);
        done(csvp::Failure{result_of(said->name),
                           {"ask", "ipfailoverd", said->message ? said->message : said->name}});
    } else if (sd_bus_message_read(reply, "u", &elapsed) <= 0) {
        done(csvp::Failure{Hresult::Failed, {"ask", "ipfailoverd", "the answer is none"}});
    } else {
        done(std::chrono::milliseconds(elapsed));
    }
    return 0;
}

void HostNetwork::adapter_firewalls(csvp::Completion<std::vector<csvp::AdapterFirewall>> done) {
    auto found = read();
    if (!found) return done(found.failure());
    judge(*found,
          [done = std::move(done)](const auto&, const auto& firewalls) { done(firewalls); });
}

void HostNetwork::host_firewall(csvp::Completion<csvp::HostFirewall> done) {
    auto found = read();
    if (!found) return done(found.failure());
    judge(*found, [done = std::move(done)](const auto& adapters, const auto& firewalls) {
        done(firewall::whole_host(adapters, firewalls));
    });
}

void HostNetwork::judge(const std::vector<csvp::Adapter>& adapters, Judged then) {
    std::vector<std::string> names;
    names.reserve(adapters.size());
    for (const csvp::Adapter& each : adapters)
        names.push_back(each.name);
    firewalld_.ask(std::move(names), [this, adapters, then = std::move(then)](
                                         const Result<firewall::ZoneNames>& zones) {
        if (!zones) means_.note(zones.error().message());
        judge_by_rules(adapters, zones ? *zones : firewall::ZoneNames(), then);
    });
}

void HostNetwork::judge_by_rules(const std::vector<csvp::Adapter>& adapters,
                                 const firewall::ZoneNames& zones, const Judged& then) {
    rule_set_.ask("", [this, adapters, zones, then](const Result<std::string>& json) {
        const auto rules =
            json ? firewall::RuleSet::parse(*json) : Result<firewall::RuleSet>(json.error());
        const auto needs = firewall::needs(means_.ports);
        std::vector<csvp::AdapterFirewall> all;
        all.reserve(adapters.size());
        for (const csvp::Adapter& adapter : adapters) {
            const auto zone = zones.find(adapter.name);
            all.push_back(firewall::judge(
                adapter, zone == zones.end() ? "" : zone->second, needs,
                [&](const firewall::Packet& packet) -> firewall::Judgement {
                    if (!rules) return {false, rules.error().message()};
                    return rules->judge(packet);
                },
                means_.note));
        }
        then(adapters, all);
    });
}

} // namespace mpapi::node
