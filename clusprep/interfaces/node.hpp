// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The seam to the machine: what the six interfaces of MS-CSVP ask of a Linux node, and nothing of
// how it is done. Implemented over the bus (clusprep/node/) and by a played node in the tests.
//
// Everything is called on the loop's thread and may not block it. An operation takes a completion,
// called exactly once on that thread: at once or later. Sessions may be gone by then; their
// completions know that, so an implementation need not. Arguments live as long as the call. An
// operation that was begun runs to its end, whatever becomes of the client. Calls may overlap;
// those on one LUN are put in order by the implementation.
#pragma once

#include "clusprep/interfaces/disks.hpp"
#include "clusprep/interfaces/network.hpp"
#include "clusprep/interfaces/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mpapi::csvp {

// Of the operating system, as CprepPrepareNode and InitializeNode tell it.
struct Versions {
    std::uint32_t major = 0, minor = 0;
    bool operator==(const Versions&) const = default;
};

class Host {
  public:
    virtual ~Host() = default;

    virtual Versions versions() const = 0;
    // The fully qualified name where there is one, else the host name; UTF-8, no trailing dot.
    virtual void full_name(Completion<std::string> done) = 0;
};

// The cluster secret (MS-CSVP 3.8.1): any bytes. One value on a machine, kept over reboots.
class SecretStore {
  public:
    virtual ~SecretStore() = default;

    // Replaces what there was; on the medium at success.
    virtual void store(std::span<const std::uint8_t> secret, Completion<Done> done) = 0;
    // nullopt: none was ever stored, or it was removed. An empty one is a secret.
    virtual void retrieve(Completion<std::optional<std::vector<std::uint8_t>>> done) = 0;
};

class Logs {
  public:
    virtual ~Logs() = default;

    // Gathers a file into the directory of a share; its place as "share\file", UTF-8 (MS-CSVP
    // 3.10.4.1). `span`: nothing older than that, and no older than the journal; nullopt: what the
    // configuration holds to be enough.
    virtual void gather(std::optional<std::chrono::minutes> span, Completion<std::string> done) = 0;
};

// CleanUpEvictedNode (MS-CSVP 3.6.4.1).
struct CleanupOrder {
    std::chrono::milliseconds delay{};
    std::chrono::milliseconds timeout{}; // runs during the delay too
    bool stop_service = true;
    bool wait_for_service = true; // only with stop_service

    bool operator==(const CleanupOrder&) const = default;
};

class Cleanup {
  public:
    virtual ~Cleanup() = default;

    // Idempotent. WaitTimeout when it did not end in time: it goes on all the same, after a restart
    // of the daemon too.
    virtual void clean_up(const CleanupOrder& order, Completion<Done> done) = 0;
};

class Node {
  public:
    virtual ~Node() = default;

    virtual Disks& disks() = 0;
    virtual Network& network() = 0;
    virtual Host& host() = 0;
    virtual SecretStore& secret() = 0;
    virtual Logs& logs() = 0;
    virtual Cleanup& cleanup() = 0;
};

} // namespace mpapi::csvp
