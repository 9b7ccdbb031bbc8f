// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The network under the seam: adapters from the kernel, echoes by ipfailoverd, the firewall from
// the kernel's rules (mpapi-rule-set), its zones from firewalld where it runs. Loop thread only.
#pragma once

#include "clusprep/node/firewall/firewalld.hpp"
#include "clusprep/node/firewall/traffic.hpp"
#include "clusprep/node/network/adapters.hpp"
#include "clusprep/node/service/service_socket.hpp"
#include "clusprep/node/turnstile.hpp"
#include "common/system/handle.hpp"

#include <functional>
#include <list>
#include <string>
#include <vector>

namespace mpapi::node {

class HostNetwork final : public csvp::Network {
  public:
    struct Means {
        sd_event* loop = nullptr;
        sd_bus* bus = nullptr; // the system's
        std::string rule_set_socket = "/run/mpapi-rule-set.socket";
        std::vector<std::uint16_t> ports; // where our objects are served
        std::function<void(const std::string& reason)> note;
        AdapterId id = adapter_id;
    };

    explicit HostNetwork(Means means);
    ~HostNetwork() override;
    HostNetwork(const HostNetwork&) = delete;
    HostNetwork& operator=(const HostNetwork&) = delete;

    void adapters(csvp::Completion<std::vector<csvp::Adapter>> done) override;
    void echo(const csvp::IpAddress& source, const csvp::IpAddress& destination,
              std::chrono::milliseconds timeout,
              csvp::Completion<std::chrono::milliseconds> done) override;
    void adapter_firewalls(csvp::Completion<std::vector<csvp::AdapterFirewall>> done) override;
    void host_firewall(csvp::Completion<csvp::HostFirewall> done) override;

  private:
    struct Echo;
    using Judged = std::function<void(const std::vector<csvp::Adapter>&,
                                      const std::vector<csvp::AdapterFirewall>&)>;

    // ipfailoverd takes 32 calls of one program.
    static constexpr unsigned kEchoesAtOnce = 32;

    csvp::Outcome<std::vector<csvp::Adapter>> read() const;
    void send(const csvp::IpAddress& source, const csvp::IpAddress& destination,
              std::chrono::milliseconds timeout, csvp::Completion<std::chrono::milliseconds> done);
    void judge(const std::vector<csvp::Adapter>& adapters, Judged then);
    void judge_by_rules(const std::vector<csvp::Adapter>& adapters,
                        const firewall::ZoneNames& zones, const Judged& then);
    static int echoed(sd_bus_message* reply, void* userdata, sd_bus_error*);

    Means means_;
    firewall::Firewalld firewalld_;
    service::Socket rule_set_;
    Turnstile room_{kEchoesAtOnce};
    std::list<Echo> echoes_;
};

// As RFC 4291 and RFC 4007 write it, the zone as the number of the interface.
std::string text(const csvp::IpAddress& address);

} // namespace mpapi::node
