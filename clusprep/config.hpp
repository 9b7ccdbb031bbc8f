// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What an administrator can set, with the values in force when nothing is set. Each key is
// documented in clusprepd.toml(5); the reader (config.cpp) refuses what it does not know.
#pragma once

#include "clusprep/rpc/auth/allow_list.hpp"
#include "common/result.hpp"
#include "common/settings/document.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mpapi::clusprep {

struct Config {
    std::vector<std::string> listen{"::"}; // IPv4 and IPv6 addresses; "::" is both of all
    std::uint16_t port = 0;                // of the object exporter; 0: any free one
    std::vector<std::string> names;        // by which clients know us, beside the host name
    std::string full_name;                 // "": as the host's own files have it
    std::string state_directory = "/var/lib/clusprep/node";
    std::string cluster_service = "pacemaker.service";
    std::uint32_t partition_base = 0; // the number of a disk's first partition: 0 or 1
    bool write_anywhere = false;      // raw writes to other sectors than the scratch sectors

    rpc::AllowList allow; // [allow]: by default nobody

    // [authentication]
    struct Authentication {
        bool ntlm = true;
        std::string accounts; // "": the service's credential "accounts", or its copy
        bool winbind = false;
        std::string domain; // NetBIOS name
        bool kerberos = true;
        std::string keytab; // "": the service's credential "keytab", or the library's default
    } authentication;

    // [limits]
    struct Limits {
        std::size_t connections = 2048;
        std::size_t connections_per_address = 512;
        std::size_t objects = 4096;
        std::size_t objects_per_client = 2048;
        std::size_t objects_per_address = 512;
    } limits;

    // [logs]
    struct Logs {
        std::string share = "ClusterLogs";
        std::string directory = "/var/log/clusprep";
        std::vector<std::string> units; // beside those of mpapi and the cluster service
        std::chrono::hours span{72};
    } logs;
};

void read_keys(settings::Section root, Config& config);

// Files and directories that it names, or that are its defaults, and that are not there. Some may
// come later; for whoever asks whether all is well.
std::vector<Error> missing_files(const Config& config);

} // namespace mpapi::clusprep
