// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/network/network.hpp"

#include "clusprep/interfaces/ip_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace mpapi::node {

namespace {

using csvp::Hresult;

constexpr std::chrono::milliseconds kLongestEcho{1000}; // MS-CSVP 3.4.4.2
constexpr std::uint32_t kEchoSize = 32;                 // bytes; MessageSize is unused there
// Of one call of Judge().
constexpr std::size_t kMostPackets = 4096;

constexpr char kPath[] = "/org/mpapi/Network1";
constexpr char kEchoes[] = "org.mpapi.Network1";
constexpr char kAdapters[] = "org.mpapi.Network1.Adapters";
constexpr char kFirewall[] = "org.mpapi.Network1.Firewall";

csvp::Failure failure_of(std::string_view, std::string_view, std::string_view name,
                         std::string_view text) {
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
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const Known& each) { return each.name == name; });
    return {found == known.end() ? Hresult::Failed : found->code,
            {"ask", "ipfailoverd", std::string(text.empty() ? name : text)}};
}

csvp::Failure not_understood() {
    return {Hresult::Failed, {"ask", "ipfailoverd", "its answer is not understood"}};
}

// It may have to be started, and judges for 10 s at most.
constexpr BusCalls::Service kIpfailoverd{"org.mpapi.Network1", std::chrono::seconds(30),
                                         failure_of};

const char* text_of(firewall::Protocol protocol) {
    switch (protocol) {
    case firewall::Protocol::Tcp:
        return "tcp";
    case firewall::Protocol::Udp:
        return "udp";
    case firewall::Protocol::Echo:
        break;
    }
    return "echo";
}

// An address of the adapter needs no zone there.
std::string bare(csvp::IpAddress address) {
    address.scope = 0;
    return csvp::text(address);
}

int append(sd_bus_message* to, const firewall::Packet& packet) {
    const std::string source =
        bare(packet.source.address) + "/" + std::to_string(packet.source.prefix_length);
    return sd_bus_message_append(to, "(ssssq)", packet.adapter.c_str(), source.c_str(),
                                 bare(packet.destination).c_str(), text_of(packet.protocol),
                                 packet.port);
}

int read(sd_bus_message* from, std::vector<firewall::Judgement>& into) {
    int r = sd_bus_message_enter_container(from, 'a', "(bs)");
    int allowed = 0;
    const char* reason = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(from, "(bs)", &allowed, &reason)) > 0)
        into.push_back({allowed != 0, reason});
    return r;
}

int read(sd_bus_message* from, std::string& usual, std::map<std::string, std::string>& others) {
    const char* zone = nullptr;
    int r = sd_bus_message_read(from, "s", &zone);
    if (r > 0) usual = zone;
    if (r >= 0) r = sd_bus_message_enter_container(from, 'a', "{ss}");
    const char* adapter = nullptr;
    while (r >= 0 && (r = sd_bus_message_read(from, "{ss}", &adapter, &zone)) > 0)
        others[adapter] = zone;
    return r;
}

} // namespace

// About the firewall, for all adapters of one moment.
struct HostNetwork::Question {
    std::vector<csvp::Adapter> adapters;
    std::vector<firewall::Need> needs;
    std::string usual_zone;
    std::map<std::string, std::string> zones;
    std::vector<firewall::Packet> packets;
    std::vector<firewall::Judgement> judgements; // of the first ones
    std::function<void()> answered;

    std::vector<csvp::AdapterFirewall>
    sum_up(const std::function<void(const std::string&)>& note) const {
        std::vector<csvp::AdapterFirewall> all;
        std::span<const firewall::Judgement> rest = judgements;
        for (const csvp::Adapter& adapter : adapters) {
            const std::size_t of_it =
                needs.size() * std::max<std::size_t>(adapter.addresses.size(), 1);
            const auto zone = zones.find(adapter.name);
            all.push_back(firewall::sum_up(adapter, zone == zones.end() ? usual_zone : zone->second,
                                           needs, rest.first(of_it), note));
            rest = rest.subspan(of_it);
        }
        return all;
    }
};

HostNetwork::HostNetwork(Means means)
  : means_(std::move(means))
  , calls_(means_.bus, kIpfailoverd) {}

void HostNetwork::adapters(csvp::Completion<std::vector<csvp::Adapter>> done) {
    lists_.enter([this, done = std::move(done)](const Turnstile::Leave& leave) {
        calls_.call(kPath, kAdapters, "List", nullptr,
                    [this, leave, done](const csvp::Outcome<sd_bus_message*>& list) {
                        leave();
                        if (!list) return done(list.failure());
                        auto found = read_adapters(*list, means_.id);
                        if (!found) return done(csvp::Failure{Hresult::Failed, found.error()});
                        done(*std::move(found));
                    });
    });
}

void HostNetwork::echo(const csvp::IpAddress& source, const csvp::IpAddress& destination,
                       std::chrono::milliseconds timeout,
                       csvp::Completion<std::chrono::milliseconds> done) {
    const auto within = std::clamp(timeout, std::chrono::milliseconds(1), kLongestEcho);
    const bool v4 = source.family == csvp::AddressFamily::V4;
    const auto write = [from = csvp::text(source), to = csvp::text(destination), v4,
                        within](sd_bus_message* call) {
        return sd_bus_message_append(call, "sssuu", from.c_str(), to.c_str(), v4 ? "ipv4" : "ipv6",
                                     kEchoSize, static_cast<std::uint32_t>(within.count()));
    };
    echoes_.enter([this, write, done = std::move(done)](const Turnstile::Leave& leave) {
        calls_.call(kPath, kEchoes, "Echo", write,
                    [leave, done](const csvp::Outcome<sd_bus_message*>& answer) {
                        leave();
                        if (!answer) return done(answer.failure());
                        std::uint32_t elapsed = 0;
                        if (sd_bus_message_read(*answer, "u", &elapsed) <= 0)
                            return done(not_understood());
                        done(std::chrono::milliseconds(elapsed));
                    });
    });
}

void HostNetwork::adapter_firewalls(csvp::Completion<std::vector<csvp::AdapterFirewall>> done) {
    judge([this, done = std::move(done)](const csvp::Outcome<std::shared_ptr<Question>>& found) {
        if (!found) return done(found.failure());
        done((*found)->sum_up(means_.note));
    });
}

void HostNetwork::host_firewall(csvp::Completion<csvp::HostFirewall> done) {
    judge([this, done = std::move(done)](const csvp::Outcome<std::shared_ptr<Question>>& found) {
        if (!found) return done(found.failure());
        done(firewall::whole_host((*found)->adapters, (*found)->sum_up(means_.note)));
    });
}

void HostNetwork::judge(std::function<void(csvp::Outcome<std::shared_ptr<Question>>)> then) {
    questions_.enter([this, then = std::move(then)](const Turnstile::Leave& leave) {
        adapters([this, then, leave](csvp::Outcome<std::vector<csvp::Adapter>> found) {
            if (!found) {
                leave();
                return then(found.failure());
            }
            const auto question = std::make_shared<Question>();
            question->adapters = std::move(*found);
            question->needs = firewall::needs(means_.ports);
            for (const csvp::Adapter& each : question->adapters)
                for (firewall::Packet& packet : firewall::packets(each, question->needs))
                    question->packets.push_back(std::move(packet));
            question->answered = [then, leave, weak = std::weak_ptr(question)] {
                leave();
                then(weak.lock());
            };
            find_zones(question);
        });
    });
}

void HostNetwork::find_zones(const std::shared_ptr<Question>& question) {
    calls_.call(kPath, kFirewall, "Zones", nullptr,
                [this, question](const csvp::Outcome<sd_bus_message*>& answer) {
                    if (!answer)
                        means_.note(answer.failure().error.message());
                    else if (read(*answer, question->usual_zone, question->zones) < 0)
                        means_.note(not_understood().error.message());
                    judge_packets(question);
                });
}

// Those that are not judged are not let in.
void HostNetwork::judge_packets(const std::shared_ptr<Question>& question) {
    const std::size_t first = question->judgements.size();
    const std::size_t end = std::min(first + kMostPackets, question->packets.size());
    if (first == end) return question->answered();
    const auto write = [&question, first, end](sd_bus_message* call) {
        int r = sd_bus_message_open_container(call, 'a', "(ssssq)");
        for (std::size_t i = first; i < end && r >= 0; ++i)
            r = append(call, question->packets[i]);
        return r >= 0 ? sd_bus_message_close_container(call) : r;
    };
    calls_.call(kPath, kFirewall, "Judge", write,
                [this, question, end](const csvp::Outcome<sd_bus_message*>& answer) {
                    auto& judgements = question->judgements;
                    std::string why;
                    if (!answer)
                        why = answer.failure().error.message();
                    else if (read(*answer, judgements) < 0 || judgements.size() != end)
                        why = not_understood().error.message();
                    if (!why.empty()) judgements.resize(question->packets.size(), {false, why});
                    judge_packets(question);
                });
}

} // namespace mpapi::node
