// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network under the seam, as ipfailoverd tells of it: adapters, echoes, the firewall. Loop
// thread only.
#pragma once

#include "clusprep/node/bus_calls.hpp"
#include "clusprep/node/network/adapters.hpp"
#include "clusprep/node/network/traffic.hpp"
#include "common/system/turnstile.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mpapi::node {

class HostNetwork final : public csvp::Network {
  public:
    struct Means {
        sd_bus* bus = nullptr;            // the system's
        std::vector<std::uint16_t> ports; // where our objects are served
        std::function<void(const std::string& reason)> note;
        AdapterId id = adapter_id;
    };

    explicit HostNetwork(Means means);
    HostNetwork(const HostNetwork&) = delete;
    HostNetwork& operator=(const HostNetwork&) = delete;

    void adapters(csvp::Completion<std::vector<csvp::Adapter>> done) override;
    void echo(const csvp::IpAddress& source, const csvp::IpAddress& destination,
              std::chrono::milliseconds timeout,
              csvp::Completion<std::chrono::milliseconds> done) override;
    void adapter_firewalls(csvp::Completion<std::vector<csvp::AdapterFirewall>> done) override;
    void host_firewall(csvp::Completion<csvp::HostFirewall> done) override;

  private:
    struct Question;

    // ipfailoverd takes 32 calls of one program for echoes, 8 for adapters, 8 about the firewall.
    static constexpr unsigned kEchoesAtOnce = 32, kListsAtOnce = 8, kQuestionsAtOnce = 4;

    // Calls back with all of the question answered.
    void judge(std::function<void(csvp::Outcome<std::shared_ptr<Question>>)> then);
    void find_zones(const std::shared_ptr<Question>& question);
    void judge_packets(const std::shared_ptr<Question>& question);

    Means means_;
    BusCalls calls_;
    Turnstile echoes_{kEchoesAtOnce};
    Turnstile lists_{kListsAtOnce};
    Turnstile questions_{kQuestionsAtOnce};
};

} // namespace mpapi::node
