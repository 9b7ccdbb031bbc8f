// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an administrator can set, with the values in force when nothing is set. Each key is
// documented in istd.toml(5); the reader (config.cpp) refuses what it does not know.
#pragma once

#include "common/settings/document.hpp"
#include "discovery/network/transport.hpp"
#include "discovery/service/rate_limit.hpp"

#include <string>
#include <vector>

namespace mpapi::discovery {

struct Config {
    enum class Answer : std::uint8_t { Auto, Always, Never };

    Answer answer = Answer::Auto;        // auto: while an iSCSI target of LIO is enabled
    std::string name;                    // "": as the host's own files have it
    std::vector<std::string> workgroups; // none: that of Samba, else WORKGROUP
    std::vector<std::string> interfaces; // patterns; none: all
    bool beyond_network = false;         // take mail from hosts that are no neighbours
    Transport::Settings transport;       // way, and [nmbd]
    RateLimit::Limits limits;            // [limits]
    std::string targets = "/sys/kernel/config/target/iscsi";
    std::string smb_conf = "/etc/samba/smb.conf";
};

void read_keys(settings::Section root, Config& config);

} // namespace mpapi::discovery
