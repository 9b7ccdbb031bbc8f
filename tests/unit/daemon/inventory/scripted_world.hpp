// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The inventory over scripted devices, told in verbs.
#pragma once

#include "tests/unit/daemon/inventory/scripted.hpp"

#include <chrono>
#include <string>

namespace mpapi::daemon {

struct World {
    ScriptedDevices devices;
    ObjectIds ids;
    Scripted daemon;

    explicit World(std::chrono::milliseconds timeout = std::chrono::milliseconds(50))
      : daemon(devices, ids, timeout) {}

    void add(const std::string& name, std::uint32_t minor, std::uint32_t target = 1,
             ScriptedDisk disk = {}, std::uint32_t host = 1) {
        devices.put(sd(minor), disk);
        daemon.inventory().disk_present(disk_facts(name, sd(minor), host, target));
    }
    void remove(const std::string& name, std::uint32_t minor) {
        devices.remove(sd(minor));
        daemon.inventory().disk_gone(name);
    }
    void map(const MapFacts& facts) { daemon.inventory().map_present(facts); }
    void mood(std::uint32_t minor, Mood mood) {
        devices.change(sd(minor), [mood](ScriptedDisk& disk) { disk.mood = mood; });
    }
};

} // namespace mpapi::daemon
