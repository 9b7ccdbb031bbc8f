// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What this machine is called, by whom: its full name in messages, its NetBIOS name and its groups
// in datagrams. Read from files and from the kernel, never from a resolver, which may wait for a
// network. In a cluster it is the node's name and not a virtual one (MS-ISTD 2.2.2).
#pragma once

#include "discovery/service/mail.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace mpapi::discovery {

struct Names {
    std::string full; // a computer name: what of the host's name is none was left out
    Addressee mail;
};

// `configured` and `workgroups` go before what the files say.
Names names_of(const std::string& configured, const std::vector<std::string>& workgroups,
               std::string_view host_name, std::string_view hosts, std::string_view resolv,
               std::string_view smb_conf);

// What was read holds for ten seconds.
class HostNames {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds kHolds{10};

    struct Files {
        std::string smb_conf = "/etc/samba/smb.conf";
        std::string hosts = "/etc/hosts";
        std::string resolv = "/etc/resolv.conf";
    };

    HostNames(Files files, std::string configured, std::vector<std::string> workgroups,
              std::function<Time()> now);

    const Names& names();

  private:
    Files files_;
    std::string configured_;
    std::vector<std::string> workgroups_;
    std::function<Time()> now_;
    std::optional<Time> read_;
    Names names_;
};

} // namespace mpapi::discovery
