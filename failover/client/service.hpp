// SPDX-License-Identifier: LGPL-2.1-or-later
//
// ipfailoverd as a program sees it: its methods as calls that wait for the answer, its objects as
// JSON. Not thread-safe.
#pragma once

#include "common/system/handle.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace mpapi::failover::client {

// What sysexits, scripts and agents tell apart. Documented in ipfailover(8).
enum Exit {
    exit_done = 0,
    exit_failed = 1,
    exit_usage = 2,        // also an address, a prefix or an option that is none
    exit_conflict = 3,     // somebody else has the address
    exit_no_interface = 4, // none, or one that is down or cannot carry it
    exit_no_permission = 5,
    exit_not_managed = 6,     // here
    exit_already_managed = 7, // or the host's own
    exit_no_daemon = 8,
    exit_not_let_in = 9, // by the firewall
};

struct Failure {
    std::string name; // of the error on the bus
    std::string text;

    Exit exit() const;
};

template <typename T>
using Reply = std::variant<T, Failure>;

struct Peer {
    std::uint16_t local_port = 0;
    std::string address;
    std::uint16_t port = 0;
};

// An option of Online: s, u, b or au.
struct Option {
    std::string name;
    std::variant<std::string, std::uint32_t, bool, std::vector<std::uint32_t>> value;
};

// What the firewall is asked about, as org.mpapi.Network1.Firewall.Judge has it.
struct Packet {
    std::string adapter, source, destination, protocol;
    std::uint16_t port = 0;
};

struct Judgement {
    bool allowed = false;
    std::string reason;
};

class Service {
  public:
    static Reply<Service> connect();

    Reply<std::string> online(const std::string& address, const std::string& interface,
                              const std::vector<Option>& options); // the object's path
    Reply<std::vector<Peer>> offline(const std::string& path, bool reset);
    Reply<std::monostate> announce(const std::string& path);
    Reply<std::monostate> set_policy(const std::string& path, const std::string& policy);
    Reply<std::uint32_t> tickle(const std::string& path, const std::vector<Peer>& peers);
    // {"/org/mpapi/Network1/address/…": {"Address": …, …}, …}
    Reply<nlohmann::json> addresses();
    // [{"name": "eth0", …}, …], each as List() of org.mpapi.Network1.Adapters tells it.
    Reply<nlohmann::json> adapters();
    Reply<std::vector<Judgement>> judge(const std::vector<Packet>& packets);
    // Calls back for each signal of an address, with "path", "signal" and what it carries, until it
    // says false or the bus is lost. `begun`: when nothing is missed any more.
    Reply<std::monostate> watch(const std::function<bool()>& begun,
                                const std::function<bool(const nlohmann::json&)>& event);

  private:
    explicit Service(Bus bus)
      : bus_(std::move(bus)) {}
    Reply<BusMessage> call(sd_bus_message* message);
    BusMessage method(const std::string& path, const char* interface, const char* name);

    Bus bus_;
};

} // namespace mpapi::failover::client
